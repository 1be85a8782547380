import { digits as signs, geometry, sideOf, value } from "./geometry.js";
import { Grid } from "./grid.js";
import { clashes, examine, parse } from "./rules.js";

const sure = 0.9; // a digit this probable is settled
export const percent = (x) => `${Math.round(100 * x)} %`;

/** A sudoku of any size that is typed, and the model's looks at it. */
export class SudokuBoard {
  task = "sudoku";
  bars = "clashes on the grid";
  again = "guess"; // what a further attempt is called
  tries = Infinity; // as many as the visitor chooses
  pace = 1; // of the looks, 2 is half as fast
  #last = {}; // puzzles by their side

  /** onEdit is called when the puzzle changes, onPick when a cell is chosen with the pointer. */
  constructor({ onEdit, onPick, colour }) {
    this.given = Array(81).fill(".");
    this.look = null;
    this.onEdit = onEdit;
    this.onPick = onPick;
    this.colour = colour;
    this.#draw();
    this.show(null);
  }

  get side() { return sideOf(this.given); }

  get text() { return this.given.join(""); }
  set text(text) {
    this.#last[this.side] = this.text;
    this.given = [...text];
    if (this.side !== this.grid.size) this.#draw();
    this.show(null);
    this.onEdit();
  }

  /** The puzzle of another side that was here last, if there was one. */
  last(side) { return this.#last[side]; }

  /** What a model is asked, and how: it need not guess the size of 16 cells, nor what letters are. */
  get puzzle() { return this.side === 9 ? this.text : { tokens: this.given.map((sign) => value(sign) + 1) }; }
  get options() { return this.side === 9 ? {} : { rows: this.side, cols: this.side }; }

  get hash() { return `#s=${this.text}`; }

  /** doubt: six rows of six digits may be another puzzle. */
  read(text) {
    const found = parse(text, this.side);
    return found.text?.length === 36 && clashes(found.text).size > 0 ? { ...found, doubt: true } : found;
  }

  examine() { return examine(this.text); }
  looks({ maxSegments }) { return maxSegments; }
  focus() { this.grid.cells[this.grid.at].focus({ preventScroll: true }); }

  /** The cells of a grid of the puzzle's size, in place of those there were. */
  #draw() {
    const { side } = this;
    const { high, wide } = geometry(side);
    const before = this.element;
    this.grid = new Grid({
      size: side, name: side === 9 ? "Sudoku" : `Sudoku of ${side} × ${side}`, className: `sudoku${side > 9 ? " fine" : ""}`,
      onKey: (key, i) => this.#key(key, i), onPaint: (_, begins) => { if (begins) this.onPick(); },
    });
    this.grid.cells.forEach((cell, i) => {
      const [row, column] = [Math.floor(i / side) + 1, (i % side) + 1];
      cell.dataset.edge = [column === side ? "last" : column % wide === 0 ? "right" : "", row === side ? "bottom" : row % high === 0 ? "below" : ""].join(" ");
      cell.append(document.createElement("span"), document.createElement("s"));
    });
    this.element = this.grid.element;
    const focused = before?.contains(document.activeElement);
    before?.replaceWith(this.element);
    if (focused) this.focus();
  }

  #key(key, i) {
    const sign = key.length === 1 ? key.toUpperCase() : "";
    if (sign && signs.slice(0, this.side).includes(sign)) this.put(sign, i);
    else if (["0", ".", " ", "Backspace", "Delete"].includes(key)) this.put(".", i);
    else return false;
    return true;
  }

  put(digit, i = this.grid.at) {
    if (this.given[i] === digit) return;
    this.text = this.given.with(i, digit).join("");
  }

  clear() { this.text = ".".repeat(this.given.length); }

  /** What a step of the model comes to, after the look before it (null: the first of an attempt). */
  describe(step, before) {
    const digits = [...step.text].map((c) => (value(c) > 0 ? c : "."));
    const bad = clashes(digits);
    const former = before?.digits ?? null;
    const guessed = new Set(step.guessed ?? []);
    const kinds = digits.map((d, i) => {
      if (this.given[i] !== ".") return d === this.given[i] ? "given" : "over";
      if (bad.has(i)) return "bad";
      return step.confidence[i] >= sure ? "sure" : "unsure";
    });
    const count = kinds.filter((k) => k === "bad").length;
    const over = kinds.filter((k) => k === "over").length;
    const changed = former ? digits.filter((d, i) => d !== former[i]).length : 0;
    return { step, digits, kinds, former, guessed, count, over, changed, answer: step.text };
  }

  /** Shows a look, or with null the puzzle alone. */
  show(look) {
    this.look = look;
    const bad = look ? null : clashes(this.given);
    this.grid.cells.forEach((cell, i) => {
      const kind = look ? look.kinds[i] : bad.has(i) ? "given bad" : "given";
      const digit = look ? look.digits[i] : this.given[i];
      const former = this.#former(look, i);
      cell.className = `${kind}${look?.guessed.has(i) ? " guess" : ""}${i === this.grid.at ? " at" : ""}`;
      cell.firstChild.textContent = digit === "." ? "" : digit;
      cell.lastChild.dataset.former = former; // drawn by the style: the cell's label has it in words
      cell.style.setProperty("--unsure-n", kind === "unsure" ? (1 - look.step.confidence[i]).toFixed(2) : 0);
      cell.setAttribute("aria-label", `${this.grid.place(i)}: ${words(kind, digit, look?.step.confidence[i], former)}`);
    });
  }

  /** A look as a small picture for the film. */
  thumb(canvas, { kinds }) {
    const { side } = this;
    const cell = Math.round(126 / side);
    canvas.width = canvas.height = side * cell;
    const gap = side > 9 ? 1 : 2;
    const pen = canvas.getContext("2d");
    kinds.forEach((kind, i) => {
      pen.fillStyle = this.colour(`--thumb-${kind === "over" ? "bad" : kind}`);
      pen.fillRect((i % side) * cell, Math.floor(i / side) * cell, cell - gap, cell - gap);
    });
  }

  /** The digit that stood here, small, or "". */
  #former(look, i) {
    if (look?.kinds[i] === "over") return this.given[i];
    const former = look?.former?.[i];
    return former && former !== look.digits[i] && former !== "." ? former : "";
  }
}

function words(kind, digit, confidence, former) {
  if (digit === ".") return "blank";
  const was = former && `, was ${former}`;
  return {
    given: `${digit}, given`,
    "given bad": `${digit}, given, clashes`,
    over: `${digit}, in place of the clue ${former}`,
    bad: `${digit}, clashes${was}`,
    sure: `${digit}, settled${was}`,
    unsure: `${digit}, ${percent(confidence)} sure${was}`,
  }[kind];
}
