import { remember } from "./choice.js";
import { HRMError, throwIfAborted, withSignal } from "./errors.js";
import { folder, readModel } from "./fetch.js";
import { programFor } from "./module.js";
import { loadOptions, only, solveOptions } from "./options.js";
import { Pool } from "./pool.js";
import { input } from "./puzzle.js";
import { Remote } from "./remote.js";

export { HRMError } from "./errors.js";
export { clearCache } from "./cache.js";

const cores = () => Math.max(1, Math.min(8, globalThis.navigator?.hardwareConcurrency ?? 4));

/** A model that is ready to solve. See index.d.ts for what everything means. */
export class HRM {
  #pool;
  #info;
  #defaults; // options of every solve that does not say otherwise

  constructor(pool, info, defaults) {
    this.#pool = pool;
    this.#info = info;
    this.#defaults = defaults;
  }

  static async load(source, options = {}) {
    only(loadOptions, options);
    const { signal, task, device = "auto", worker = true, wasm, progress } = options;
    throwIfAborted(signal);
    const files = options.files === undefined ? undefined : folder(options.files);
    const arriving = (part) => progress && ((p) => progress({ part, ...p }));
    const start = worker ? () => Remote.start(files) : async () => (await import("./local.js")).Local.start();
    const parts = [
      readModel(source, { ...options, progress: arriving("model") }),
      programFor(device, source, { wasm, files, progress: arriving("module") }),
      start(),
    ];
    try {
      const [bytes, { program, on, reason, adapter }, first] = await withSignal(Promise.all(parts), signal);
      const open = (runner, kind) => runner.open(program, bytes, { task, device: kind });
      let raced = adapter && !reason;
      const again = (error) => {
        if (device !== "auto" || on !== "webgpu" || error.code !== "device") throw error;
        raced = true; // the GPU that is remembered is gone
        return open(first, device);
      };
      const info = await withSignal(open(first, on).catch(again), signal);
      if (raced) remember(adapter, source, info.device);
      else if (reason) info.device.reason = reason;
      // Further workers run on what the first one chose. One keeps a GPU busy.
      const { kind } = info.device;
      const { workers = worker && kind === "wasm" ? cores() : 1 } = options;
      return new HRM(new Pool(first, () => opened(start, (runner) => open(runner, kind)), Math.max(1, workers)), info, options.votes === undefined ? {} : { votes: options.votes });
    } catch (error) {
      parts[2].then((runner) => runner.close(), () => {});
      parts.forEach((p) => p.catch(() => {}));
      throw error;
    }
  }

  get device() { return this.#info.device; }
  get task() { return this.#info.task; }
  get info() { return this.#info; }

  async solve(puzzle, options = {}) {
    only([...solveOptions, "onStep"], options);
    const { signal, onStep, ...rest } = { ...this.#defaults, ...options };
    return this.#pool.run(input(puzzle, this.task), rest, { signal, onStep });
  }

  async solveAll(puzzles, options = {}) {
    only([...solveOptions, "onResult"], options);
    const { onResult, ...rest } = options;
    return Promise.all(Array.from(puzzles, async (puzzle, i) => {
      const result = await this.solve(puzzle, rest).catch(puzzleError);
      onResult?.(i, result);
      return result;
    }));
  }

  async *steps(puzzle, options = {}) {
    only(solveOptions, options);
    const stop = new AbortController();
    const forward = () => stop.abort(options.signal.reason);
    options.signal?.addEventListener("abort", forward, { once: true });
    if (options.signal?.aborted) forward();
    const steps = [];
    let wake = () => {};
    let end = null;
    const solving = this.solve(puzzle, { ...options, signal: stop.signal, onStep: (s) => { steps.push(s); wake(); } });
    solving.then((solution) => { end = { solution }; wake(); }, (error) => { end = { error }; wake(); });
    try {
      for (;;) {
        // The last step of an attempt waits for what comes after it: another
        // attempt, or the solution, which it then carries.
        while (steps.length > 1 || (steps.length === 1 && (!steps[0].done || end?.solution))) {
          const step = steps.shift();
          yield steps.length === 0 && end?.solution ? { ...step, solution: end.solution } : step;
        }
        if (end?.error) throw end.error;
        if (end) return end.solution;
        await new Promise((resolve) => { wake = resolve; });
      }
    } finally {
      stop.abort("the caller left the loop");
      options.signal?.removeEventListener("abort", forward);
    }
  }

  dispose() { return this.#pool.close(); }
  [Symbol.asyncDispose ?? Symbol("asyncDispose")]() { return this.dispose(); }
}

async function opened(start, open) {
  const runner = await start();
  try {
    await open(runner);
    return runner;
  } catch (error) {
    await runner.close();
    throw error;
  }
}

/** solveAll gives a puzzle that is none, or has no one answer, its error and goes on with the others. */
function puzzleError(error) {
  if (error instanceof HRMError && (error.code === "puzzle" || error.code === "unsolvable")) return error;
  throw error;
}
