// How a puzzle comes in: keypad, text, files, the address; and undo.
import { digits } from "./geometry.js";

const $ = (id) => document.getElementById(id);
const phone = matchMedia("(max-width: 56rem) and (pointer: coarse)");
const hints = {
  sudoku: "As text, CSV, JSON or a link; a dot for a blank",
  maze: "Rows of # and dots with S and G, JSON or a link",
  arc: "Six rows of six digits, JSON or a link; 0 is black",
};

export class Typing {
  wrong = false; // the text is no puzzle
  #past = { sudoku: [], maze: [], arc: [] }; // puzzles, for undo
  #last = {}; // the puzzles before a change

  /** boards by task. on: opened(), taken(task) before a puzzle is put on its board, wrong() when a text is none, solve() when the sheet is done. */
  constructor(boards, on) {
    this.boards = boards;
    this.board = boards.sudoku;
    this.on = on;
    $("type").addEventListener("click", () => this.open($("sheet").hidden));
    $("done").addEventListener("click", () => {
      this.open(false);
      if (!this.wrong) on.solve();
    });
    $("clear").addEventListener("click", () => this.board.clear());
    for (const b of document.querySelectorAll("[data-undo]")) b.addEventListener("click", () => this.undo());
    $("text").addEventListener("input", (e) => this.#read(e.target.value, e.data?.length === 1));
    $("text").addEventListener("focus", (e) => e.target.select());
    document.addEventListener("paste", (e) => this.#paste(e));
    document.addEventListener("keydown", (e) => {
      if (!(e.ctrlKey || e.metaKey) || e.key !== "z" || e.target.matches("textarea, input")) return;
      e.preventDefault();
      this.undo();
    });
    addEventListener("popstate", () => {
      const found = this.#fromAddress();
      if (found?.text && (found.board !== this.board || found.board.hash !== location.hash)) this.#put(found);
    });
  }

  /** The keys for the board's digits. */
  #pad({ side }) {
    if ($("pad").childElementCount === side + 1) return;
    $("pad").replaceChildren();
    const [keys, thumbs] = side > 9 ? [9, 9] : [side + 1, side < 7 ? side + 1 : 5]; // in a row, and on a phone
    $("pad").style.setProperty("--keys", keys);
    $("pad").style.setProperty("--thumbs", thumbs);
    const key = (text, digit, name) => {
      const b = document.createElement("button");
      b.type = "button";
      b.textContent = text;
      b.setAttribute("aria-label", name);
      b.addEventListener("click", () => this.boards.sudoku.put(digit));
      $("pad").append(b);
    };
    for (const d of digits.slice(0, side)) key(d, d, `Digit ${d}`);
    key("⌫", ".", "Blank");
  }

  /** Another board is typed at. */
  use(board) {
    this.board = board;
    $("text-label").textContent = hints[board.task];
    $("text").value = board.text;
    this.#note("");
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

  /** The puzzle of the address: {board, text}, or null. */
  #fromAddress() { return /^#[sma]=/.test(location.hash) ? this.#parse(location.hash) : null; }

  /** A text as a puzzle for the board, or else for another one: {board, text, more}, or {error}. */
  #parse(text) {
    const boards = [this.board, ...Object.values(this.boards).filter((b) => b !== this.board)];
    const read = boards.map((board) => ({ board, ...board.read(text) }));
    return read.find((r) => r.text && !r.doubt) ?? read.find((r) => r.text) ?? { error: read[0].error };
  }

  /** The puzzle that the address has, if it has one. */
  restore() {
    const found = this.#fromAddress();
    if (found?.text) this.#put(found);
    return Boolean(found?.text);
  }

  /** Lets the browser's Back return to the puzzle before those that f puts on a board. */
  visit(f) {
    this.visiting = true;
    f();
    this.visiting = false;
  }

  /** Puts a puzzle on the board. */
  set(text) { this.#put({ board: this.board, text }); }

  #put({ board, text }) {
    this.on.taken(board.task);
    board.text = text;
  }

  /** The board has another puzzle. */
  changed(board) {
    const { text, task, hash } = board;
    if (task === "sudoku") this.#pad(board);
    $("text").rows = task === "sudoku" && text.length <= 81 ? 2 : 6;
    if (this.#last[task] !== undefined && this.#last[task] !== text) this.#past[task].push(this.#last[task]);
    this.#last[task] = text;
    for (const b of document.querySelectorAll("[data-undo]")) b.disabled = this.#past[task].length === 0;
    if (location.hash !== hash) history[this.visiting ? "pushState" : "replaceState"](null, "", hash);
    if (document.activeElement !== $("text")) $("text").value = text;
    if (document.activeElement !== $("text") || board.read($("text").value).text === text) this.#note("");
  }

  undo() {
    const text = this.#past[this.board.task].pop();
    if (text === undefined) return;
    delete this.#last[this.board.task]; // undoing is no change to undo
    this.set(text);
  }

  #note(error) {
    this.wrong = error !== "";
    $("text-note").textContent = error;
    $("text").setAttribute("aria-invalid", this.wrong);
    $("done").disabled = this.wrong;
  }

  /** typed: key by key, on the way to a grid of the board's own size. */
  #read(text, typed) {
    let found = this.#parse(text);
    if (typed && found.board?.task === "sudoku" && found.board === this.board && found.text.length !== this.board.text.length) {
      found = { error: `${found.text.length} of ${this.board.text.length} cells.` };
    }
    if (found.text && (found.board !== this.board || found.text !== this.board.text)) this.#put(found);
    this.#note(found.error ?? "");
    if (found.more > 0) $("text-note").textContent = `The first of ${found.more + 1} puzzles.`;
    this.on.wrong();
  }

  /** Text that came as a whole: pasted, or dropped as a file of that name. */
  take(text, name) {
    const found = this.#parse(text);
    if (found.text) {
      this.visit(() => this.#put(found));
      return this.on.solve();
    }
    this.open(true);
    $("text").value = text.slice(0, 2000);
    this.#note(`${name}: ${found.error}`);
    return this.on.wrong();
  }

  #paste(e) {
    if (e.target.matches?.("textarea, input")) return;
    e.preventDefault();
    this.take(e.clipboardData.getData("text"), "What you pasted");
  }
}
