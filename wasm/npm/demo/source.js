// The model of the page: the built-in one, one from ?model=ADDRESS, or a file of the visitor's.
import { HRM } from "./lib/index.js";

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

/** Bytes to come, where the server does not say: it compresses. */
const usual = { module: 4.6e6, model: 0.56e6 };

/** Whether a GPU is here, and the module for it served. */
export async function hasGPU() {
  if (!await navigator.gpu?.requestAdapter().catch(() => null)) return false;
  const { ok } = await fetch("dist/hrm-js-webgpu.wasm", { method: "HEAD" }).catch(() => ({ ok: false }));
  return ok;
}

export class Source {
  model = null;
  device = "wasm"; // the module with WebGPU is larger, and this page's models are small
  at = null; // where the model is from
  #name = "";
  #loading = null; // AbortController

  /** on: {progress, loaded, failed} */
  constructor(on) { this.on = on; }

  /** Loads a model in place of the present one, which stays when that fails; the error is returned. */
  async load(source, name, device = this.device) {
    this.#loading?.abort();
    const loading = (this.#loading = new AbortController());
    const arrived = {};
    const progress = ({ part, loaded, total = usual[part] }) => {
      arrived[part] = { loaded, total: Math.max(loaded, total) };
      const sum = (key) => Object.entries(usual).reduce((n, [k, bytes]) => n + (arrived[k]?.[key] ?? (key === "total" ? bytes : 0)), 0);
      this.on.progress(sum("loaded") / sum("total"), name);
    };
    this.on.progress(0, name);
    try {
      const model = await HRM.load(source, { signal: loading.signal, device, progress, workers: 1 });
      if (loading !== this.#loading) return void model.dispose();
      if (!tasks.includes(model.task)) {
        await model.dispose();
        throw Object.assign(new Error(`${name} solves ${model.task} puzzles`), { code: "task" });
      }
      this.model?.dispose();
      Object.assign(this, { model, device, at: source });
      this.#name = name;
      await this.on.loaded(model, name, source === builtin, arrived.model?.loaded ?? 0);
    } catch (error) {
      if (loading !== this.#loading || error.code === "aborted") return null;
      this.on.failed(error, name);
      return error;
    }
    return null;
  }

  /** Loads the present model again, for another device; without that device it stays as it is. */
  choose(device) { return this.at ? this.load(this.at, this.#name, device) : null; }
}
