// The same puzzle on the processor and on the GPU.
import { HRM } from "./lib/index.js";

const runs = 3;

/** Yields {device, text} for each: how long a segment takes, or why it cannot be had. */
export async function* compare(source, puzzle) {
  for (const [device, kind] of [["WebAssembly", "wasm"], ["WebGPU", "webgpu"]]) {
    yield { device, text: await measure(source, puzzle, kind).catch((error) => `cannot be had: ${error.message}`) };
  }
}

async function measure(source, puzzle, kind) {
  const model = await HRM.load(source, { device: kind, workers: 1 });
  try {
    let best = Infinity;
    for (let i = 0; i <= runs; i++) { // the first warms up
      const { elapsed, totalSegments, device: name } = await model.solve(puzzle, { restarts: 0 });
      if (name !== model.device.name) throw new Error(`it was lost, ${name} went on`);
      if (i > 0) best = Math.min(best, elapsed / totalSegments);
    }
    return `${best.toFixed(1)} ms a look on ${model.device.name}`;
  } finally {
    await model.dispose();
  }
}
