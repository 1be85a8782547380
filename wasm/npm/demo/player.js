/**
 * Shows steps at a pace that eyes can follow, however fast they come, and
 * keeps them for looking back.
 */
export class Player {
  /** show(step, index) draws one step. */
  constructor(show) {
    this.show = show;
    this.pace = 0;
    this.reset();
  }

  /** pace: milliseconds for each step at most, 0 to show steps as they come. */
  reset(pace = 0) {
    clearTimeout(this.timer);
    this.timer = null;
    this.ended?.();
    this.ended = null;
    this.pace = pace;
    this.steps = [];
    this.shown = -1;
  }

  push(step) {
    this.steps.push(step);
    if (!this.timer) this.#next();
  }

  #next() {
    this.timer = null;
    const waiting = this.steps.length - 1 - this.shown;
    if (waiting <= 0) return void this.ended?.();
    this.shown += this.pace ? 1 : waiting;
    this.show(this.steps[this.shown], this.shown);
    // A long queue is shown faster: no more than about three seconds of it.
    this.timer = setTimeout(() => this.#next(), this.pace && Math.min(this.pace, 3000 / waiting));
  }

  /** Resolves when every step was shown. */
  end() {
    if (!this.timer && this.shown === this.steps.length - 1) return Promise.resolve();
    return new Promise((resolve) => { this.ended = resolve; });
  }

  /** Shows the rest at once. */
  skip() {
    this.pace = 0;
    clearTimeout(this.timer);
    this.#next();
  }
}
