// The methods of an Engine, in this thread.
import { Engine } from "./engine.js";

export class Local {
  #engine;
  static async start() { return new Local(); }
  get dead() { return this.#engine?.dead ?? false; }
  async open(program, bytes, options) {
    this.#engine = await Engine.start(program);
    return this.#engine.open(bytes, options);
  }
  solve(puzzle, options, onStep) { return this.#engine.solve(puzzle, options, onStep ?? null); }
  stop() { this.#engine.stop(); }
  async close() { this.#engine?.close(); }
}
