// Prints the compressed sizes of what go run ./wasm/build made, without the model
// files that some modules embed, and fails where one is above its limit:
//
//	node wasm/build/size.mjs
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

const MB = 1e6;
const limits = {
  "hrm-js": 0.96 * MB, // with the sudoku model and the page it is what a first visit waits for
  "hrm-js-webgpu": 1.37 * MB, // text/template, which writes the shaders, keeps much of Go alive
  "hrm-plugin": 1.06 * MB,
  "hrm-extism": 1.16 * MB, // these two read files of every kind, the others one puzzle
  "hrm-wasi": 1.16 * MB,
};

async function brotli(path) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  return (await promisify(brotliCompress)(readFileSync(new URL(path, import.meta.url)), { params })).length;
}

const names = Object.keys(limits);
const [sudoku, maze, others, ...sizes] = await Promise.all([
  ...["default", "maze", "sudoku-sizes"].map((name) => brotli(`../../native/embedded/${name}.hrm`)),
  ...names.map((name) => brotli(`../dist/${name}.wasm`)),
]);
names.forEach((name, i) => {
  const size = sizes[i] - (name.startsWith("hrm-js") ? 0 : sudoku + maze + others);
  const fits = size <= limits[name];
  console.log(`${name.padEnd(15)} ${(size / MB).toFixed(3)} MB brotli, at most ${(limits[name] / MB).toFixed(3)}${fits ? "" : ": too large"}`);
  if (!fits) process.exitCode = 1;
});
