// How a puzzle comes in: keys, keypad, text, files, the address; and undo.
import { parse } from "./rules.js";

const $ = (id) => document.getElementById(id);
const phone = matchMedia("(max-width: 56rem) and (pointer: coarse)");
const fromAddress = () => parse(location.hash).text ?? null;

export class Typing {
  wrong = false; // the text is no puzzle
  #past = []; // puzzles, for undo
  #last = null; // the puzzle before a change

  /** on: opened(), taken() before a puzzle is put on the board, wrong() when a text is none, solve() when the sheet is done. */
  constructor(board, on) {
    this.board = board;
    this.on = on;
    this.#pad();
    $("type").addEventListener("click", () => this.open($("sheet").hidden));
    $("done").addEventListener("click", () => {
      this.open(false);
      if (!this.wrong) on.solve();
    });
    $("clear").addEventListener("click", () => board.clear());
    $("undo").addEventListener("click", () => this.undo());
    $("text").addEventListener("input", (e) => this.#read(e.target.value));
    $("text").addEventListener("focus", (e) => e.target.select());
    document.addEventListener("paste", (e) => this.#paste(e));
    document.addEventListener("keydown", (e) => {
      if (!(e.ctrlKey || e.metaKey) || e.key !== "z" || e.target.matches("textarea")) return;
      e.preventDefault();
      this.undo();
    });
    addEventListener("popstate", () => {
      const text = fromAddress();
      if (text && text !== board.text) this.#put(text);
    });
  }

  #pad() {
    const key = (text, digit, name) => {
      const b = document.createElement("button");
      b.type = "button";
      b.textContent = text;
      b.setAttribute("aria-label", name);
      b.addEventListener("click", () => this.board.put(digit));
      $("pad").append(b);
    };
    for (const d of "123456789") key(d, d, `Digit ${d}`);
    key("⌫", ".", "Blank");
  }

  open(on) {
    $("sheet").hidden = !on;
    $("type").setAttribute("aria-expanded", on);
    document.body.classList.toggle("typing", on);
    if (on) this.on.opened();
    if (on && !phone.matches) $("text").focus({ preventScroll: true });
  }

  /** A cell was tapped: fingers have no keys. */
  pick() { if (phone.matches) this.open(true); }

  /** The first puzzle of a visit: that of the address, or another one. */
  restore(text) { this.#put(fromAddress() ?? text); }

  /** Puts a puzzle on the board; with visit the browser's Back returns to the one before. */
  set(text, visit = false) {
    this.visit = visit;
    this.#put(text);
    this.visit = false;
  }

  #put(text) {
    this.on.taken();
    this.board.text = text;
  }

  /** The board has another puzzle. */
  changed(board) {
    if (board !== this.board) return;
    const { text } = board;
    if (this.#last !== null && this.#last !== text) this.#past.push(this.#last);
    this.#last = text;
    $("undo").disabled = this.#past.length === 0;
    const hash = `#s=${text}`;
    if (location.hash !== hash) history[this.visit ? "pushState" : "replaceState"](null, "", hash);
    if (document.activeElement !== $("text")) $("text").value = text;
    if (document.activeElement !== $("text") || parse($("text").value).text === text) this.#note("");
  }

  undo() {
    const text = this.#past.pop();
    if (text === undefined) return;
    this.#last = null; // undoing is no change to undo
    this.#put(text);
  }

  #note(error) {
    this.wrong = error !== "";
    $("text-note").textContent = error;
    $("text").setAttribute("aria-invalid", this.wrong);
    $("done").disabled = this.wrong;
  }

  #read(text) {
    const { text: puzzle, more, error } = parse(text);
    if (puzzle && puzzle !== this.board.text) this.#put(puzzle);
    this.#note(error ?? "");
    if (more > 0) $("text-note").textContent = `The first of ${more + 1} puzzles.`;
    this.on.wrong();
  }

  /** Text that came as a whole: pasted, or dropped as a file of that name. */
  take(text, name) {
    const { text: puzzle, error } = parse(text);
    if (puzzle) {
      this.set(puzzle, true);
      return this.on.solve();
    }
    this.open(true);
    $("text").value = text.slice(0, 2000);
    this.#note(`${name}: ${error}`);
    return this.on.wrong();
  }

  #paste(e) {
    if (e.target === $("text")) return;
    e.preventDefault();
    this.take(e.clipboardData.getData("text"), "What you pasted");
  }
}
