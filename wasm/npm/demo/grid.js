/**
 * A square board of cells for the keyboard, the pointer and screen readers:
 * one cell can be reached with Tab, the arrow keys move from there.
 */
export class Grid {
  /** onKey(key, i) tells whether it used a key; onPaint(i, begins) is called for cells the pointer presses or drags over. */
  constructor({ size, name, className, onKey, onPaint, onMove }) {
    this.size = size;
    this.at = 0;
    this.onKey = onKey;
    this.onPaint = onPaint;
    this.onMove = onMove;
    this.element = document.createElement("div");
    this.element.className = `grid ${className}`;
    this.element.setAttribute("role", "grid");
    this.element.setAttribute("aria-label", name);
    this.element.style.setProperty("--n", size);
    this.cells = [];
    for (let r = 0; r < size; r++) this.element.append(this.#row());
    this.element.addEventListener("keydown", (e) => this.#keydown(e));
    this.element.addEventListener("pointerdown", (e) => this.#pointerdown(e));
    this.element.addEventListener("pointermove", (e) => this.#pointermove(e));
    this.element.addEventListener("focusin", (e) => {
      const i = this.cells.indexOf(e.target);
      if (i >= 0 && i !== this.at) this.move(i, false);
    });
    this.cells[0].tabIndex = 0;
    this.cells[0].classList.add("at");
  }

  #row() {
    const row = document.createElement("div");
    row.setAttribute("role", "row");
    for (let c = 0; c < this.size; c++) {
      const cell = document.createElement("div");
      cell.setAttribute("role", "gridcell");
      cell.tabIndex = -1;
      this.cells.push(cell);
      row.append(cell);
    }
    return row;
  }

  place(i) { return `row ${Math.floor(i / this.size) + 1}, column ${(i % this.size) + 1}`; }

  /** Makes a cell the current one. */
  move(i, focus = true) {
    this.cells[this.at].tabIndex = -1;
    this.cells[this.at].classList.remove("at");
    this.at = i;
    this.cells[i].tabIndex = 0;
    this.cells[i].classList.add("at");
    if (focus) this.cells[i].focus({ preventScroll: false });
    this.onMove?.(i);
  }

  #keydown(e) {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const n = this.size;
    const [r, c] = [Math.floor(this.at / n), this.at % n];
    const to = {
      ArrowUp: [r - 1, c], ArrowDown: [r + 1, c], ArrowLeft: [r, c - 1], ArrowRight: [r, c + 1],
      Home: [r, 0], End: [r, n - 1], PageUp: [0, c], PageDown: [n - 1, c],
    }[e.key];
    if (to) {
      const [row, col] = to.map((x) => Math.max(0, Math.min(n - 1, x)));
      this.move(row * n + col);
    } else if (!this.onKey(e.key, this.at)) return;
    e.preventDefault();
  }

  #pointerdown(e) {
    const i = this.cells.indexOf(e.target.closest("[role=gridcell]"));
    if (i < 0 || e.button !== 0) return;
    e.preventDefault();
    this.move(i);
    this.onPaint?.(i, true);
  }

  #pointermove(e) {
    if (!this.onPaint || !(e.buttons & 1)) return;
    const i = this.cells.indexOf(document.elementFromPoint(e.clientX, e.clientY)?.closest("[role=gridcell]"));
    if (i < 0 || i === this.at) return;
    for (const k of this.#between(this.at, i)) this.onPaint(k, false);
    this.move(i);
  }

  /** The cells on the way to a cell: a fast pointer jumps. */
  #between(from, to) {
    const n = this.size;
    const [r, c] = [Math.floor(from / n), from % n];
    const [dr, dc] = [Math.floor(to / n) - r, (to % n) - c];
    const steps = Math.max(Math.abs(dr), Math.abs(dc));
    return Array.from({ length: steps }, (_, k) => {
      const part = (k + 1) / steps;
      return Math.round(r + dr * part) * n + Math.round(c + dc * part);
    });
  }
}
