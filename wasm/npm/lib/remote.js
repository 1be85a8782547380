// The methods of an Engine, in a worker.
import { HRMError, unpack } from "./errors.js";

const script = new URL("./worker.js", import.meta.url);

/** Starts a worker: a Web Worker, or a thread of node. */
async function spawn() {
  if (typeof Worker === "function") return spawnWeb();
  const { Worker: Thread } = await import("node:worker_threads");
  const thread = new Thread(script, { name: "hrm", execArgv: [] });
  return {
    post: (m, transfer) => thread.postMessage(m, transfer),
    listen(message, error) {
      thread.on("message", message).on("error", error);
      thread.on("exit", (code) => error(new Error(`it ended with status ${code}`)));
    },
    busy: (b) => (b ? thread.ref() : thread.unref()), // an idle model does not keep the process alive
    terminate: () => thread.terminate(),
  };
}

function spawnWeb() {
  const worker = startWeb();
  return {
    post: (m, transfer) => worker.postMessage(m, transfer ?? []),
    listen(message, error) {
      worker.onmessage = (e) => message(e.data);
      worker.onerror = (e) => {
        e.preventDefault?.();
        error(new Error(e.message || `${script} cannot be loaded`));
      };
      worker.onmessageerror = () => error(new Error("a message could not be read"));
    },
    busy() {},
    terminate: () => worker.terminate(),
  };
}

function startWeb() {
  if (script.origin === globalThis.location?.origin || script.origin === "null") {
    return new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "hrm" }); // bundlers look for this line
  }
  // A browser starts no worker of another origin, but this one may import it.
  const url = URL.createObjectURL(new Blob([`import ${JSON.stringify(script.href)};`], { type: "text/javascript" }));
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
  static async start() {
    const remote = new Remote();
    try {
      remote.#worker = await spawn();
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
