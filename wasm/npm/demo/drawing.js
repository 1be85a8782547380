// What there is beside a maze to draw it: kinds, size, and what a press draws.
import { kinds, least, most } from "./mazes.js";
import { capital } from "./words.js";

const $ = (id) => document.getElementById(id);
const about = { random: "far apart", rooms: "with doors", spiral: "one way", empty: "to draw in" };

export class Drawing {
  /** visit(f) lets the browser's Back return to before f; picked() is called when a maze was chosen. */
  constructor(board, { visit, picked }) {
    this.board = board;
    for (const kind of Object.keys(kinds)) {
      const b = document.createElement("button");
      const small = document.createElement("small");
      Object.assign(b, { type: "button", textContent: capital(kind) });
      b.dataset.kind = kind;
      small.textContent = about[kind];
      b.append(small);
      b.addEventListener("click", () => {
        visit(() => board.make(kind));
        if (kind !== "empty") picked();
      });
      $("mazes").append(b);
    }
    for (const b of $("tools").children) b.addEventListener("click", () => { board.tool = b.dataset.tool; this.changed(); });
    for (const id of ["rows", "cols"]) {
      Object.assign($(id), { min: least, max: most });
      $(id).addEventListener("change", () => visit(() => this.#resize()));
    }
    this.changed();
  }

  #resize() {
    const side = (id) => Math.max(least, Math.min(most, Math.round(Number($(id).value)) || this.board.maze[id]));
    this.board.resize(side("rows"), side("cols"));
  }

  /** fixed: {rows, cols} of a model that knows no others, or null. */
  limit(fixed) {
    for (const id of ["rows", "cols"]) $(id).disabled = fixed !== null;
    if (fixed && (fixed.rows !== this.board.maze.rows || fixed.cols !== this.board.maze.cols)) this.board.resize(fixed.rows, fixed.cols);
  }

  /** The board has another maze, or another tool. */
  changed() {
    const { kind, tool, maze } = this.board;
    for (const id of ["rows", "cols"]) $(id).value = maze[id];
    for (const b of $("mazes").children) b.setAttribute("aria-pressed", b.dataset.kind === kind);
    for (const b of $("tools").children) b.setAttribute("aria-pressed", b.dataset.tool === tool);
  }
}
