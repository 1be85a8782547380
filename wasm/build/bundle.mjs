// Bundles the package's one-file entries:
//
//	dist/hrm.js      everything, for a CDN; the other files of dist lie beside it
//	dist/worker.js   its worker, for option files too
//
//	node wasm/build/bundle.mjs
import { build } from "esbuild";
import { fileURLToPath } from "node:url";

const npm = fileURLToPath(new URL("../npm/", import.meta.url));
const { errors, warnings } = await build({
  absWorkingDir: npm, entryPoints: { hrm: "lib/cdn.js", worker: "lib/worker.js" }, outdir: "dist",
  bundle: true, format: "esm", platform: "browser", target: "es2022", minify: true, legalComments: "inline",
  banner: { js: "/*! @hrmgo/hrm, Apache-2.0; contains wasm_exec.js of the Go authors, BSD-3-Clause */" },
});
process.exitCode = errors.length + warnings.length;
