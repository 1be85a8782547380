// One instance of the Go program wasm/browser in this thread.
import "../dist/wasm_exec.js"; // sets globalThis.Go
import { HRMError, unpack } from "./errors.js";
import { useRelaxed } from "./relaxed.js";
import { openWebGPU } from "./webgpu.js";

globalThis.hrmWebGPU ??= openWebGPU; // where the module with WebGPU looks for it

let ports = 0;

// rest gives the event loop one turn, without the 4 ms of nested timers.
const rest = (() => {
  if (typeof setImmediate === "function") return setImmediate;
  const { port1, port2 } = new MessageChannel();
  const waiting = [];
  port1.onmessage = () => waiting.shift()();
  return (f) => {
    waiting.push(f);
    port2.postMessage(0);
  };
})();

export class Engine {
  #port;
  #fail = null; // rejects the call under way
  #dead = null; // why there is no program any more

  /** program: {module, kernel}, kernel null where there is no relaxed SIMD. */
  static async start(program) {
    const engine = new Engine();
    await engine.#start(program);
    return engine;
  }

  async #start({ module, kernel }) {
    const go = new Go();
    const name = `__hrm_port_${ports++}`;
    go.argv = ["hrm", name];
    go.exit = (code) => {
      for (const timer of go._scheduledTimeouts.values()) clearTimeout(timer); // they would wake it
      this.#end(new HRMError("internal", `the WebAssembly program ended with status ${code}; its last words are in the console`));
    };
    await new Promise((resolve, reject) => {
      this.#fail = reject;
      this.#port = globalThis[name] = { ready: resolve, rest: (resume) => rest(() => this.#guard(resume)) };
      WebAssembly.instantiate(module, go.importObject).then((instance) => {
        if (kernel) useRelaxed(instance, kernel);
        return go.run(instance);
      }).catch((e) => this.#end(e));
    }).finally(() => { delete globalThis[name]; });
    this.#fail = null;
  }

  /** What a trap of the program throws ends the call under way. */
  #guard(f) {
    try {
      return f();
    } catch (error) {
      this.#end(error);
    }
  }

  #end(error) {
    this.#dead ??= error instanceof HRMError ? error
      : new HRMError("internal", `the WebAssembly program stopped: ${error.message}`, { cause: error });
    this.#fail?.(this.#dead);
  }

  #call(method, ...args) {
    return new Promise((resolve, reject) => {
      if (this.#dead) throw this.#dead;
      this.#fail = reject;
      this.#guard(() => this.#port[method](...args, (error, value) => (error ? reject(unpack(error)) : resolve(value))));
    }).finally(() => { this.#fail = null; });
  }

  get dead() { return this.#dead !== null; }

  open(bytes, options) { return this.#call("open", bytes, options); }

  /** onStep may be null. One call at a time. */
  solve(puzzle, options, onStep) {
    const began = performance.now();
    const step = onStep && ((s) => onStep({ ...s, elapsed: performance.now() - began }));
    return this.#call("solve", puzzle, options, step);
  }

  stop() { this.#guard(() => this.#port.stop()); }

  close() {
    if (this.#dead) return;
    this.#dead = new HRMError("disposed", "the model was disposed");
    this.#fail?.(this.#dead);
    try {
      this.#port.exit();
    } catch { /* it is gone */ }
  }
}
