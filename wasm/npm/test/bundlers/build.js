// How each bundler builds an app that lies in a folder, into its folder dist.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const config = (app) => [join(app, "vite.config.js")].find(existsSync) ?? false;

const vite = (name) => async (app) => {
  const { build } = await import(name);
  await build({ root: app, base: "./", logLevel: "error", configFile: config(app), build: { outDir: "dist" } });
};

async function webpack(app) {
  const { default: pack } = await import("webpack");
  const compiler = pack({ context: app, mode: "production", entry: "./main.js", output: { path: join(app, "dist"), filename: "main.js" } });
  const stats = await new Promise((resolve, reject) => compiler.run((error, s) => (error ? reject(error) : resolve(s))));
  await new Promise((resolve) => compiler.close(resolve));
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  const wrong = [...errors, ...warnings.filter((w) => !/size limit|performance/.test(w.message))];
  if (wrong.length > 0) throw new Error(wrong.map((w) => w.message).join("\n"));
  page(app);
}

async function esbuild(app) {
  const { build } = await import("esbuild");
  const { warnings } = await build({ absWorkingDir: app, entryPoints: ["main.js"], outdir: "dist", bundle: true, format: "esm", logLevel: "silent" });
  if (warnings.length > 0) throw new Error(JSON.stringify(warnings));
  copied(app);
}

async function rollup(app) {
  const [{ rollup: roll }, { default: resolve }] = await Promise.all([import("rollup"), import("@rollup/plugin-node-resolve")]);
  const onwarn = (w) => { throw new Error(w.message); };
  const bundle = await roll({ input: join(app, "main.js"), plugins: [resolve({ browser: true })], onwarn });
  await bundle.write({ dir: join(app, "dist"), format: "es" });
  await bundle.close();
  copied(app);
}

/** The page beside what was bundled. */
function page(app) {
  writeFileSync(join(app, "dist/index.html"), readFileSync(join(app, "index.html")));
}

/** As the README says for bundlers that leave new URL() alone. */
function copied(app) {
  page(app);
  mkdirSync(join(app, "dist/hrm"));
  cpSync(join(app, "node_modules/@hrmgo/hrm/dist"), join(app, "dist/hrm"), { recursive: true });
}

export const bundlers = {
  "Vite 8": { build: vite("vite") },
  "Vite 6": { build: vite("vite6") },
  "webpack 5": { build: webpack },
  esbuild: { build: esbuild, files: true },
  Rollup: { build: rollup, files: true },
};

/** A development server of Vite, as `npm run dev` starts it. */
export async function develop(app, name) {
  const { createServer } = await import(name);
  const server = await createServer({ root: app, logLevel: "error", configFile: config(app), server: { port: 0, host: "127.0.0.1" } });
  await server.listen();
  return { url: `http://127.0.0.1:${server.httpServer.address().port}/`, close: () => server.close() };
}

