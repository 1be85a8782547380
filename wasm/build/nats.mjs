// Bundles the client of NATS for the page of wasm/npm/queue:
//
//	node wasm/build/nats.mjs
import { build } from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const version = (name) => `${name} ${JSON.parse(readFileSync(`${here}node_modules/${name}/package.json`, "utf8")).version}`;
const banner = `/*! ${["@nats-io/nats-core", "@nats-io/nkeys", "@nats-io/nuid"].map(version).join(", ")}, The NATS Authors, Apache-2.0; ${version("tweetnacl")}, Unlicense */`;

/** The bundle as text. */
export async function bundle() {
  const { outputFiles } = await build({
    stdin: { contents: 'export { wsconnect } from "@nats-io/nats-core";', resolveDir: here },
    bundle: true, format: "esm", platform: "browser", target: "es2022", minify: true, legalComments: "none", banner: { js: banner }, write: false,
  });
  return outputFiles[0].text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(`${here}../npm/queue/nats.js`, await bundle());
