// The same puzzle on the processor and on the GPU.
import { HRM } from "./lib/index.js";

const runs = 3;
const patience = 3000; // milliseconds, after which no further run begins: a slow device is known by its first

/** Yields {device, text} for each: how long a segment takes, or why it cannot be had. */
export async function* compare(source, puzzle, options) {
  for (const [device, kind] of [["WebAssembly", "wasm"], ["WebGPU", "webgpu"]]) {
    yield { device, text: await measure(source, puzzle, options, kind).catch((error) => `cannot be had: ${error.message}`) };
  }
}

async function measure(source, puzzle, options, kind) {
  const model = await HRM.load(source, { device: kind, workers: 1 });
  try {
    let best = Infinity;
    let spent = 0;
    for (let i = 0; i <= runs && (best === Infinity || spent < patience); i++) { // the first warms up
      const { elapsed, totalSegments, device: name } = await model.solve(puzzle, { ...options, restarts: 0, maxSegments: 1 });
      spent += elapsed;
      if (name !== model.device.name) throw new Error(`it was lost, ${name} went on`);
      if (i > 0) best = Math.min(best, elapsed / totalSegments);
    }
    return `${best.toFixed(1)} ms a look on ${model.device.name}`;
  } finally {
    await model.dispose();
  }
}
