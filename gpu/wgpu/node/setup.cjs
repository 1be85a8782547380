// Gives node a navigator.gpu, Dawn from the npm package webgpu, and the program
// its driver.
const { create, globals } = require("webgpu");
Object.assign(globalThis, globals);
Object.defineProperty(globalThis, "navigator", { value: { gpu: create([]) }, configurable: true });
const driver = import("../../../wasm/npm/lib/webgpu.js");
globalThis.hrmWebGPU = async () => (await driver).openWebGPU();
