// The methods of an Engine, in a worker.
import { HRMError, copied, unpack } from "./errors.js";
import { platform } from "./platform.js";

/** Starts a Web Worker; files is the folder of worker.js, or undefined for the one beside this file. */
function spawn(files) {
  const worker = files === undefined ? spawnOwn() : spawnAt(new URL("worker.js", files));
  return {
    post: (m, transfer) => worker.postMessage(m, transfer ?? []),
    listen(message, error) {
      worker.onmessage = (e) => message(e.data);
      worker.onerror = (e) => {
        e.preventDefault?.();
        error(new Error(e.message || `its script cannot be loaded: ${copied}`));
      };
      worker.onmessageerror = () => error(new Error("a message could not be read"));
    },
    busy() {},
    terminate: () => worker.terminate(),
  };
}

// webpack puts a file: address here, which says nothing about where the page got it.
const here = import.meta.url;

function spawnOwn() {
  if (isForeign(here)) return spawnForeign(here.replace(/[^/]*$/, "worker.js"));
  return new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "hrm" }); // bundlers look for this line
}

const spawnAt = (url) => (isForeign(url.href) ? spawnForeign(url.href) : new Worker(url, { type: "module", name: "hrm" }));

const isForeign = (address) => /^https?:/.test(address) && new URL(address).origin !== globalThis.location?.origin;

/** A browser starts no worker of another origin, but one of ours may import it. */
function spawnForeign(address) {
  const url = URL.createObjectURL(new Blob([`import ${JSON.stringify(address)};`], { type: "text/javascript" }));
  try {
    return new Worker(url, { type: "module", name: "hrm" });
  } finally {
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}

export class Remote {
  #worker;
  #calls = new Map(); // id: {resolve, reject, onStep}
  #next = 0;
  #dead = null;

  /** A worker that has loaded its scripts. */
  static async start(files) {
    const remote = new Remote();
    try {
      remote.#worker = platform.thread ? platform.thread() : spawn(files);
    } catch (error) {
      throw new HRMError("worker", `the worker cannot be started: ${error.message}`, { cause: error });
    }
    await new Promise((resolve, reject) => {
      remote.#calls.set("start", { resolve, reject });
      remote.#worker.listen((m) => remote.#receive(m), (error) => remote.#end(error));
    });
    remote.#worker.busy(false);
    return remote;
  }

  #receive({ started, id, step, error, value }) {
    if (this.#dead) return; // "not busy" would let node end before the thread has
    const call = this.#calls.get(started ? "start" : id);
    if (step) return call?.onStep?.(step);
    this.#calls.delete(started ? "start" : id);
    if (this.#calls.size === 0) this.#worker.busy(false);
    if (error) call?.reject(unpack(error));
    else call?.resolve(value);
  }

  #end(error) {
    this.#dead ??= error instanceof HRMError ? error : new HRMError("worker", `the worker stopped: ${error.message}`, { cause: error });
    for (const call of this.#calls.values()) call.reject(this.#dead);
    this.#calls.clear();
  }

  get dead() { return this.#dead !== null; }

  #call(method, args, onStep) {
    return new Promise((resolve, reject) => {
      if (this.#dead) throw this.#dead;
      const id = this.#next++;
      this.#calls.set(id, { resolve, reject, onStep });
      this.#worker.busy(true);
      this.#worker.post({ id, method, args });
    });
  }

  open(program, bytes, options) { return this.#call("open", [program, bytes, options]); }

  solve(puzzle, options, onStep) { return this.#call("solve", [puzzle, options, Boolean(onStep)], onStep); }

  stop() { if (!this.#dead) this.#worker.post({ method: "stop" }); }

  async close() {
    this.#end(new HRMError("disposed", "the model was disposed"));
    await this.#worker?.terminate();
  }
}
