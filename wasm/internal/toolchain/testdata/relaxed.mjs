// Before a module of GOOS=js runs in node, gives it relaxed SIMD, or fails:
//
//	node --import ./relaxed.mjs wasm_exec_node.js module.wasm
import { readFileSync } from "node:fs";
import { useRelaxed } from "../../../npm/lib/relaxed.js";

const kernel = new WebAssembly.Module(readFileSync(new URL("../../../simd/relaxed-js.wasm", import.meta.url)));
const mem = new WebAssembly.Memory({ initial: 2 });
if (!new WebAssembly.Instance(kernel, { go: { mem } }).exports.relaxed()) throw new Error("relaxed SIMD is not exact here");

const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (...args) => {
  const result = await instantiate(...args);
  useRelaxed(result.instance, kernel);
  if (!result.instance.exports.relaxed()) throw new Error("the module does not use it");
  return result;
};
