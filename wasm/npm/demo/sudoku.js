import { Grid } from "./grid.js";
import { clashes, examine, parse } from "./rules.js";

const cells = 81;
const sure = 0.9; // a digit this probable is settled
export const percent = (x) => `${Math.round(100 * x)} %`;

/** A sudoku that is typed, and the model's looks at it. */
export class SudokuBoard {
  task = "sudoku";
  bars = "clashes on the grid";
  again = "guess"; // what a further attempt is called
  tries = Infinity; // as many as the visitor chooses
  pace = 1; // of the looks, 2 is half as fast

  /** onEdit is called when the puzzle changes, onPick when a cell is chosen with the pointer. */
  constructor({ onEdit, onPick, colour }) {
    this.given = Array(cells).fill(".");
    this.look = null;
    this.onEdit = onEdit;
    this.colour = colour;
    this.grid = new Grid({
      size: 9, name: "Sudoku", className: "sudoku",
      onKey: (key, i) => this.#key(key, i), onPaint: (_, begins) => { if (begins) onPick(); },
    });
    this.element = this.grid.element;
    for (const cell of this.grid.cells) cell.append(document.createElement("span"), document.createElement("s"));
    this.show(null);
  }

  get text() { return this.given.join(""); }
  set text(text) {
    this.given = [...text];
    this.show(null);
    this.onEdit();
  }

  get hash() { return `#s=${this.text}`; }
  read(text) { return parse(text); }
  examine() { return examine(this.text); }
  looks({ maxSegments }) { return maxSegments; }
  focus() { this.grid.cells[this.grid.at].focus({ preventScroll: true }); }

  #key(key, i) {
    if (/^[1-9]$/.test(key)) this.put(key, i);
    else if (["0", ".", " ", "Backspace", "Delete"].includes(key)) this.put(".", i);
    else return false;
    return true;
  }

  put(digit, i = this.grid.at) {
    if (this.given[i] === digit) return;
    this.text = this.given.with(i, digit).join("");
  }

  clear() { this.text = ".".repeat(cells); }

  /** What a step of the model comes to, after the look before it (null: the first of an attempt). */
  describe(step, before) {
    const digits = [...step.text].map((c) => (/[1-9]/.test(c) ? c : "."));
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
    const cell = 14;
    canvas.width = canvas.height = 9 * cell;
    const pen = canvas.getContext("2d");
    kinds.forEach((kind, i) => {
      pen.fillStyle = this.colour(`--thumb-${kind === "over" ? "bad" : kind}`);
      pen.fillRect((i % 9) * cell, Math.floor(i / 9) * cell, cell - 2, cell - 2);
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
