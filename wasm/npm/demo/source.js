// The model of the page: the built-in one, one from ?model=ADDRESS, or a file of the visitor's.
import { HRM } from "../lib/index.js";

export const builtin = new URL("model.hrm", import.meta.url).href;
const tasks = ["sudoku", "maze"];

/** What to do about an error, by its code, where the message does not say. */
const advice = {
  integrity: "Ask whoever gave you the file for the right one.",
  model: "Is it a .hrm file? `hrm inspect FILE` says what is wrong with one; `hrm import` makes one from a published checkpoint.",
  task: "This page draws sudokus and mazes.",
  device: "Choose another device.",
  wasm: "When you serve this page yourself, run `go run ./wasm/build` first.",
  worker: "Reload the page.",
  internal: "Reload the page; a model this large may need more memory than a page gets.",
};

export function explain(error) {
  return [error.message, advice[error.code]].filter(Boolean).map((s) => s.replace(/\.$/, "") + ".").join(" ");
}

export class Source {
  model = null;
  device = "auto";
  at = null; // where the model is from
  #name = "";
  #loading = null; // AbortController

  /** on: {progress, loaded, failed} */
  constructor(on) { this.on = on; }

  /** Loads a model in place of the present one, which stays when that fails. */
  async load(source, name) {
    this.#loading?.abort();
    const loading = (this.#loading = new AbortController());
    this.on.progress({ loaded: 0 }, name);
    try {
      const { device } = this;
      const model = await HRM.load(source, { signal: loading.signal, device, progress: (p) => this.on.progress(p, name), workers: 1 });
      if (loading !== this.#loading) return void model.dispose();
      if (!tasks.includes(model.task)) {
        await model.dispose();
        throw Object.assign(new Error(`${name} solves ${model.task} puzzles`), { code: "task" });
      }
      this.model?.dispose();
      this.model = model;
      this.at = source;
      this.#name = name;
      this.on.loaded(model, name, source === builtin);
    } catch (error) {
      if (loading === this.#loading && error.code !== "aborted") this.on.failed(error, name);
    }
  }

  /** Loads the present model again, for another device. */
  async choose(device) {
    this.device = device;
    if (this.at) await this.load(this.at, this.#name);
  }
}
