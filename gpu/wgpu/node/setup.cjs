// Gives node a navigator.gpu: Dawn, from the npm package webgpu.
const { create, globals } = require("webgpu");
Object.assign(globalThis, globals);
Object.defineProperty(globalThis, "navigator", { value: { gpu: create([]) }, configurable: true });
