// Bundles the package's one-file entries, and the demo page:
//
//	dist/hrm.js      everything, for a CDN; the other files of dist lie beside it
//	dist/worker.js   its worker, for option files too, and for the page
//	dist/page.*      the page of demo: its HTML, its program and its style
//
//	node wasm/build/bundle.mjs
import { build } from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const npm = fileURLToPath(new URL("../npm/", import.meta.url));
const common = { absWorkingDir: npm, outdir: "dist", bundle: true, format: "esm", platform: "browser", target: "es2022", minify: true };

/** The page is served with lib beside its own files. Thinking in the page's thread, which it never does, would bring the worker's program along. */
const beside = {
  name: "beside",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/lib\// }, ({ path }) => ({ path: join(npm, path) }));
    onResolve({ filter: /^\.\/local\.js$/ }, () => ({ path: "../lib/local.js", external: true }));
  },
};

const results = await Promise.all([
  build({
    ...common, entryPoints: { hrm: "lib/cdn.js", worker: "lib/worker.js" }, legalComments: "inline",
    banner: { js: "/*! @hrmgo/hrm, Apache-2.0; contains wasm_exec.js of the Go authors, BSD-3-Clause */" },
  }),
  build({ ...common, entryPoints: { page: "demo/app.js" }, plugins: [beside] }),
  build({ ...common, entryPoints: { page: "demo/style.css" } }),
]);

const html = readFileSync(join(npm, "demo/index.html"), "utf8")
  .replace(/( *<link rel="modulepreload"[^>]*>\n)+/, '  <link rel="modulepreload" href="dist/page.js">\n  <link rel="modulepreload" href="dist/worker.js">\n')
  .replace('href="style.css"', 'href="dist/page.css"').replace('src="app.js"', 'src="dist/page.js"')
  .replace(/^ +(?=<)/gm, "");
writeFileSync(join(npm, "dist/page.html"), html);
process.exitCode = results.reduce((n, { errors, warnings }) => n + errors.length + warnings.length, /app\.js|style\.css/.test(html) ? 1 : 0);
