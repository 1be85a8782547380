import { Grid } from "./grid.js";

const cells = 81;
const percent = (x) => `${Math.round(100 * x)} %`;

/** The cells whose digit stands twice in a row, column or box. */
function conflicts(digits) {
  const bad = new Set();
  const units = [(i) => Math.floor(i / 9), (i) => 9 + (i % 9), (i) => 18 + Math.floor(i / 27) * 3 + Math.floor((i % 9) / 3)];
  const seen = new Map();
  for (let i = 0; i < cells; i++) {
    if (digits[i] === ".") continue;
    for (const unit of units) {
      const key = `${unit(i)}/${digits[i]}`;
      if (seen.has(key)) bad.add(i).add(seen.get(key));
      seen.set(key, i);
    }
  }
  return bad;
}

/** A sudoku that is typed, and answered by the model. */
export class SudokuBoard {
  task = "sudoku";

  /** onEdit is called when the puzzle changes, onLook with words about the current cell. */
  constructor({ onEdit, onLook }) {
    this.given = Array(cells).fill(".");
    this.step = null;
    this.onEdit = onEdit;
    this.onLook = onLook;
    this.grid = new Grid({
      size: 9, name: "Sudoku", className: "sudoku",
      onKey: (key, i) => this.#key(key, i), onMove: () => this.look(),
    });
    this.element = this.grid.element;
    this.#draw();
  }

  get text() { return this.given.join(""); }
  set text(text) {
    this.given = [...text];
    this.edited();
  }

  #key(key, i) {
    if (/^[1-9]$/.test(key)) this.put(key, i);
    else if (["0", ".", " ", "Backspace", "Delete"].includes(key)) this.put(".", i);
    else return false;
    return true;
  }

  put(digit, i = this.grid.at) {
    this.given[i] = digit;
    this.edited();
  }

  edited() {
    this.step = null;
    this.#draw();
    this.onEdit();
  }

  clear() { this.text = ".".repeat(cells); }

  /** Why the puzzle cannot be solved as it stands, or "". */
  problem() {
    return conflicts(this.given).size > 0 ? "A digit stands twice in a row, column or box: see the underlined cells." : "";
  }

  /** Shows what a segment came to, or with null the puzzle alone; of a last one what is wrong. */
  show(step, last = false) {
    const before = this.step?.text ?? this.text;
    this.step = step;
    this.#draw(before, last);
  }

  #draw(before = null, last = false) {
    const bad = this.step && !last ? new Set() : conflicts(this.step?.text ?? this.given);
    for (let i = 0; i < cells; i++) {
      const cell = this.grid.cells[i];
      const given = this.given[i] !== ".";
      const digit = given ? this.given[i] : this.step?.text[i] ?? ".";
      const shown = /[1-9]/.test(digit) ? digit : "";
      if (cell.textContent !== shown) cell.textContent = shown;
      cell.classList.toggle("given", given);
      cell.classList.toggle("bad", bad.has(i));
      cell.classList.toggle("changed", before !== null && this.step !== null && this.step.text[i] !== before[i]);
      cell.style.setProperty("--unsure", this.step && !given ? (1 - this.step.confidence[i]).toFixed(3) : 0);
      cell.setAttribute("aria-label", this.#words(i, given, shown, bad.has(i)));
    }
    this.look();
  }

  #words(i, given, shown, bad) {
    const what = given ? `${shown}, given` : shown ? `${shown}, ${percent(this.step.confidence[i])} sure` : "blank";
    return `${this.grid.place(i)}: ${what}${bad ? ", stands twice" : ""}`;
  }

  look() { this.onLook(this.grid.cells[this.grid.at].getAttribute("aria-label")); }
}

/** Text that somebody pasted as 81 characters, or why it is no sudoku. */
export function parseSudoku(text) {
  const marks = text.replace(/[\s|+!=-]/g, "").replace(/[0_*?x]/gi, ".");
  const odd = marks.match(/[^1-9.]/);
  if (odd) return { error: `“${odd[0]}” is no digit and no blank.` };
  if (marks.length !== cells) return { error: `${marks.length} of 81 cells.` };
  return { text: marks };
}
