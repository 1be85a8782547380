// The models of the page, one for each task: built-in ones, one from ?model=ADDRESS, or files of the visitor's.
import { HRM } from "./lib/index.js";

const served = document.documentElement.dataset.models.split(" "); // the tasks there is a model for, the page's own first

/** Where the built-in models are. */
export const builtins = Object.fromEntries(served.map((task, i) => [task, new URL(i === 0 ? "model.hrm" : `${task}.hrm`, document.baseURI).href]));
const tasks = ["sudoku", "maze", "arc"];
const sizes = "sudoku-sizes"; // what the one for sudokus of other sizes than 9 x 9 is called

/** What to do about an error, by its code, where the message does not say. */
const advice = {
  integrity: "Ask whoever gave you the file for the right one.",
  model: "Is it a .hrm file? `hrm inspect FILE` says what is wrong with one; `hrm import` makes one from a published checkpoint.",
  task: "This page draws sudokus, mazes and grids of ARC.",
  device: "Choose another device.",
  wasm: "When you serve this page yourself, run `go run ./wasm/build` first.",
  worker: "Reload the page.",
  internal: "Reload the page; a model this large may need more memory than a page gets.",
};

export function explain(error) {
  return [error.message, advice[error.code]].filter(Boolean).map((s) => s.replace(/\.$/, "") + ".").join(" ");
}

/** Bytes to come, where the server does not say: it compresses. */
const usual = { module: 4.7e6, model: 0.56e6 };

/** Whether a GPU is here, and the module for it served. */
export async function hasGPU() {
  if (!await navigator.gpu?.requestAdapter().catch(() => null)) return false;
  const { ok } = await fetch("dist/hrm-js-webgpu.wasm", { method: "HEAD" }).catch(() => ({ ok: false }));
  return ok;
}

export class Source {
  task = served[0]; // the one whose model is used
  side = 9; // of the sudoku
  #slots = {}; // {model, at, name, bytes, device} of each task, and of sizes
  #loading = null; // {stopper, at} of a load under way

  /** on: {progress, loaded, failed} */
  constructor(on) { this.on = on; }

  /** What is loaded for the task: {model, at, name, bytes, device}, or null. */
  get slot() { return this.#slots[this.anySize ? this.task : this.#name] ?? null; }
  get model() { return this.slot?.model ?? null; }

  /** Where the built-in model of the task is, if there is one. */
  get builtin() { return builtins[this.#name]; }

  /** Whether the model for 9 x 9, a visitor's perhaps, is one for every size. */
  get anySize() { return Boolean(this.#slots.sudoku?.model.info.anyShape); }

  /** Whether there is a model for other sizes. */
  get sizes() { return this.anySize || sizes in builtins; }

  get #name() { return this.task === "sudoku" && this.side !== 9 ? sizes : this.task; }

  /** Loads the built-in model of the task, unless there is one or it comes already. */
  open() {
    const at = this.builtin;
    const coming = this.#loading?.at; // a visitor's own one comes first
    if (!at || this.slot || coming === at || (coming && !Object.values(builtins).includes(coming))) return null;
    return this.load(at, "the built-in model");
  }

  /** Loads a model in place of the one for its task, which stays when that fails; the error is returned. The module with WebGPU is larger, and this page's models are small. */
  async load(source, name, device = "wasm") {
    this.#loading?.stopper.abort();
    const loading = (this.#loading = { stopper: new AbortController(), at: source });
    const arrived = {};
    const progress = ({ part, loaded, total = usual[part] }) => {
      arrived[part] = { loaded, total: Math.max(loaded, total) };
      const sum = (key) => Object.entries(usual).reduce((n, [k, bytes]) => n + (arrived[k]?.[key] ?? (key === "total" ? bytes : 0)), 0);
      this.on.progress(sum("loaded") / sum("total"), name);
    };
    this.on.progress(0, name);
    try {
      const model = await HRM.load(source, { signal: loading.stopper.signal, device, progress, workers: 1 });
      if (loading !== this.#loading) return void model.dispose();
      if (!tasks.includes(model.task)) {
        await model.dispose();
        throw Object.assign(new Error(`${name} solves ${model.task} puzzles`), { code: "task" });
      }
      const slot = { model, at: source, name, bytes: arrived.model?.loaded ?? 0, device };
      this.#keep(source === builtins[sizes] ? sizes : model.task, slot);
      this.#loading = null;
      await this.on.loaded(model.task, slot);
    } catch (error) {
      if (loading !== this.#loading || error.code === "aborted") return null;
      this.#loading = null;
      this.on.failed(error, name);
      return error;
    }
    return null;
  }

  #keep(name, slot) {
    const drop = (other) => {
      this.#slots[other]?.model.dispose();
      delete this.#slots[other];
    };
    if (name === sizes && this.anySize) drop("sudoku"); // back from a visitor's, for all sizes
    drop(name);
    this.#slots[name] = slot;
  }

  /** Loads the present model again, for another device; without that device it stays as it is. */
  choose(device) { return this.slot ? this.load(this.slot.at, this.slot.name, device) : null; }
}
