/** Shows looks at a pace that eyes can follow, however fast they come, and keeps them for going back. */
export class Player {
  #timer = null;
  #due = 0; // when the next look may be shown

  /** on: show(look, index), state() after it starts, waits, pauses or ends. */
  constructor(on) {
    this.on = on;
    this.pace = 450; // milliseconds a look
    this.slower = 1; // what the board makes of that
    this.reset();
  }

  reset() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.looks = [];
    this.at = -1;
    this.playing = false;
    this.whole = false; // no more looks come
    this.last = -1; // where playing ends: the look of the answer
  }

  get atEnd() { return this.whole && this.at === this.last; }

  push(look) {
    this.looks.push(look);
    this.#schedule();
  }

  /** No more looks come; the answer is the look at last. */
  end(last) {
    this.whole = true;
    this.last = last;
    this.#schedule();
    this.on.state();
  }

  play() {
    if (this.atEnd) this.at = -1;
    this.playing = true;
    this.#due = 0;
    this.#schedule();
    this.on.state();
  }

  pause() {
    this.playing = false;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.on.state();
  }

  /** Shows one look and stays there. */
  go(i) {
    if (!this.looks[i]) return;
    if (this.playing) this.pause();
    this.#show(i);
    this.on.state();
  }

  #show(i) {
    this.at = i;
    this.#due = performance.now() + this.pace * this.slower;
    this.on.show(this.looks[i], i);
  }

  #schedule() {
    if (!this.playing || this.#timer !== null) return;
    if (this.at < this.looks.length - 1) {
      this.#timer = setTimeout(() => this.#next(), Math.max(0, this.#due - performance.now()));
    } else if (this.whole) this.#finish();
  }

  #next() {
    this.#timer = null;
    this.#show(this.at + 1);
    this.#schedule();
  }

  /** The answer may be a look of an earlier attempt. */
  #finish() {
    this.playing = false;
    if (this.at !== this.last) this.#show(this.last);
    this.on.state();
  }

  /** Shows what there is at once; without motion this is how looks come. */
  skip() {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (this.whole) {
      this.playing = false;
      this.#show(this.last);
    } else if (this.looks.length > 0) this.#show(this.looks.length - 1);
    this.on.state();
  }
}
