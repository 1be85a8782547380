// Puzzles wait in one queue for the next free runner. A runner is a Remote or
// a Local with the model open; more are started when puzzles wait, up to size.
import { HRMError, aborted } from "./errors.js";

export class Pool {
  #start; // async () => runner with the model open
  #size;
  #runners = new Set();
  #idle = [];
  #starting = 0;
  #queue = [];
  #closed = null;

  constructor(first, start, size) {
    this.#start = start;
    this.#size = size;
    this.#runners.add(first);
    this.#idle.push(first);
  }

  /** Solves one puzzle; rejects at once when the signal aborts. */
  run(puzzle, options, { signal, onStep } = {}) {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw this.#closed;
      if (signal?.aborted) throw aborted(signal);
      const job = { puzzle, options, onStep, resolve, reject, runner: null, over: false };
      const abort = () => this.#abort(job, aborted(signal));
      signal?.addEventListener("abort", abort, { once: true });
      job.settle = () => {
        job.over = true;
        signal?.removeEventListener("abort", abort);
      };
      this.#queue.push(job);
      this.#next();
    });
  }

  #abort(job, error) {
    if (job.over) return;
    job.settle();
    job.reject(error);
    if (job.runner) job.runner.stop(); // it is free again after the segment under way
    else this.#queue.splice(this.#queue.indexOf(job), 1);
  }

  #next() {
    while (this.#queue.length > 0 && this.#idle.length > 0) this.#give(this.#idle.pop(), this.#queue.shift());
    const room = this.#size - this.#runners.size - this.#starting;
    for (let i = Math.min(room, this.#queue.length - this.#starting); i > 0; i--) this.#grow();
  }

  async #grow() {
    this.#starting++;
    try {
      const runner = await this.#start();
      if (this.#closed) return void runner.close();
      this.#runners.add(runner);
      this.#idle.push(runner);
    } catch (error) {
      this.#stuck(error);
    } finally {
      this.#starting--;
    }
    this.#next();
  }

  /** Without any runner the puzzles that wait would wait for ever. */
  #stuck(error) {
    if (this.#runners.size > 0) return;
    for (const job of this.#queue.splice(0)) {
      job.settle();
      job.reject(error);
    }
  }

  async #give(runner, job) {
    job.runner = runner;
    const onStep = job.onStep && ((step) => { if (!job.over) job.onStep(step); });
    try {
      const value = await runner.solve(job.puzzle, job.options, onStep);
      if (!job.over) job.resolve(value);
    } catch (error) {
      if (!job.over) job.reject(error);
    }
    if (!job.over) job.settle();
    if (runner.dead) this.#runners.delete(runner);
    else this.#idle.push(runner);
    this.#next();
  }

  async close() {
    if (this.#closed) return;
    this.#closed = new HRMError("disposed", "the model was disposed");
    for (const job of this.#queue.splice(0)) {
      job.settle();
      job.reject(this.#closed);
    }
    await Promise.all([...this.#runners].map((r) => r.close()));
  }
}
