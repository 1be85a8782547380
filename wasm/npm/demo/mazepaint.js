// How a maze and a look at it are drawn on a canvas.
import { ends } from "./mazes.js";

const ripple = 12; // steps from one crest of the wave to the next

/**
 * Draws a maze into a box {x, y, pitch}, pitch being the side of a cell. The cells
 * whose arrows lead to G are a wave around it; options: colour(name); at, the cell
 * of the keyboard; wave and lit, how much of the look's new cells and of the way
 * are shown; small for pictures without arrows.
 */
export function paint(pen, box, { maze, look }, { colour, at = -1, wave = 1, lit = 1, small = false }) {
  const d = new Drawing(pen, box, maze, colour);
  d.fill(colour("--surface"), 1, maze.cells.keys());
  if (look?.leads) {
    d.wave(look, wave, small);
    if (!small && box.pitch >= 8) d.arrows(look);
  }
  if (!look?.leads && box.pitch >= 8) d.lattice();
  d.fill(colour(small ? "--thumb-given" : "--wall"), 1, [...maze.cells.keys()].filter((i) => maze.cells[i] === "#"));
  if (look) d.way(look, lit, small);
  d.ends(small);
  if (at >= 0) d.cursor(at);
}

class Drawing {
  constructor(pen, { x, y, pitch }, maze, colour) {
    Object.assign(this, { pen, pitch, maze, colour });
    this.left = (c) => Math.round(x + c * pitch);
    this.top = (r) => Math.round(y + r * pitch);
  }

  place(i) { return [Math.floor(i / this.maze.cols), i % this.maze.cols]; }
  middle(i) {
    const [r, c] = this.place(i);
    return [(this.left(c) + this.left(c + 1)) / 2, (this.top(r) + this.top(r + 1)) / 2];
  }

  fill(style, alpha, cells) {
    const { pen } = this;
    pen.globalAlpha = alpha;
    pen.fillStyle = style;
    pen.beginPath();
    for (const i of cells) {
      const [r, c] = this.place(i);
      pen.rect(this.left(c), this.top(r), this.left(c + 1) - this.left(c), this.top(r + 1) - this.top(r));
    }
    pen.fill();
    pen.globalAlpha = 1;
  }

  /** Lines between open cells, to draw along. */
  lattice() {
    const { pen, maze } = this;
    pen.strokeStyle = this.colour("--line");
    pen.lineWidth = 1;
    pen.beginPath();
    for (let r = 1; r < maze.rows; r++) pen.rect(this.left(0), this.top(r) - 0.5, this.left(maze.cols) - this.left(0), 0);
    for (let c = 1; c < maze.cols; c++) pen.rect(this.left(c) - 0.5, this.top(0), 0, this.top(maze.rows) - this.top(0));
    pen.globalAlpha = 0.6;
    pen.stroke();
    pen.globalAlpha = 1;
  }

  /** The cells that lead to G, in ripples around it, the new ones brighter; the others the more amber the less sure they are. */
  wave({ leads, former, dist, step }, part, small) {
    const { cells } = this.maze;
    const fresh = [...cells.keys()].filter((i) => leads[i] >= 0 && !(former?.[i] >= 0));
    const [near, far] = [Math.min(...fresh.map((i) => leads[i])), Math.max(...fresh.map((i) => leads[i]))];
    const come = (i) => former?.[i] >= 0 || (leads[i] - near) / Math.max(1, far - near) <= part;
    const bands = new Map();
    const into = (style, alpha, i) => {
      const key = `${style} ${alpha.toFixed(2)}`;
      if (!bands.has(key)) bands.set(key, { style, alpha, list: [] });
      bands.get(key).list.push(i);
    };
    cells.forEach((mark, i) => {
      if (mark === "#" || dist[i] < 0) return;
      if (small) into(this.colour(leads[i] >= 0 ? "--thumb-sure" : "--thumb-unsure"), leads[i] >= 0 ? 0.85 : 0.6, i);
      else if (leads[i] >= 0 && come(i)) into(this.colour("--accent"), (former && !(former[i] >= 0) ? 0.3 : 0.14) + 0.12 * Math.cos(2 * Math.PI * leads[i] / ripple), i);
      else into(this.colour("--unsure"), 0.12 + 0.75 * Math.round(8 * (1 - step.confidence[i])) / 8, i);
    });
    for (const { style, alpha, list } of bands.values()) this.fill(style, alpha, list);
  }

  arrows({ leads, step }) {
    for (const [name, alpha, lead] of [["--sure", 0.75, true], ["--ink", 0.4, false]]) {
      this.pen.beginPath();
      this.maze.cells.forEach((mark, i) => {
        if ((mark === " " || mark === "S") && leads[i] > 0 === lead && "v<>^".includes(step.text[i])) this.#arrow(i, step.text[i]);
      });
      this.#stroke(name, Math.max(1, this.pitch * 0.08), alpha);
    }
  }

  #arrow(i, step) {
    const [x, y] = this.middle(i);
    const h = this.pitch * 0.2;
    const [dx, dy] = { v: [0, h], "^": [0, -h], "<": [-h, 0], ">": [h, 0] }[step];
    this.pen.moveTo(x - dx / 2 - dy, y - dy / 2 + dx);
    this.pen.lineTo(x + dx / 2, y + dy / 2);
    this.pen.lineTo(x - dx / 2 + dy, y - dy / 2 - dx);
  }

  #stroke(name, width, alpha = 1) {
    Object.assign(this.pen, { strokeStyle: this.colour(name), lineWidth: width, lineJoin: "round", lineCap: "round", globalAlpha: alpha });
    this.pen.stroke();
    this.pen.globalAlpha = 1;
  }

  /** From S along the arrows: lit where they lead to G, else broken off where they end. */
  way({ path, arrives, marked }, lit, small) {
    const { pen, pitch } = this;
    if (marked) return this.#dots(path);
    const shown = path.slice(0, arrives ? 1 + Math.ceil((path.length - 1) * lit) : path.length);
    pen.beginPath();
    shown.forEach((i, k) => pen[k === 0 ? "moveTo" : "lineTo"](...this.middle(i)));
    if (arrives) {
      this.#stroke("--surface", small ? Math.max(6, pitch * 1.1) : pitch * 0.62);
      this.#stroke("--path", small ? Math.max(4, pitch * 0.8) : pitch * 0.42);
      return;
    }
    if (!small) pen.setLineDash([pitch * 0.3, pitch * 0.5]);
    this.#stroke("--bad", Math.max(1.5, pitch * (small ? 0.5 : 0.16)));
    pen.setLineDash([]);
    if (small) return;
    const [x, y] = this.middle(path.at(-1));
    const h = pitch * 0.26;
    pen.beginPath();
    for (const s of [1, -1]) {
      pen.moveTo(x - h, y - h * s);
      pen.lineTo(x + h, y + h * s);
    }
    this.#stroke("--bad", Math.max(1.5, pitch * 0.16));
  }

  #dots(path) {
    this.pen.beginPath();
    for (const i of path) {
      const [x, y] = this.middle(i);
      this.pen.moveTo(x + this.pitch * 0.3, y);
      this.pen.arc(x, y, this.pitch * 0.3, 0, 2 * Math.PI);
    }
    this.pen.fillStyle = this.colour("--path");
    this.pen.fill();
  }

  /** S and G, larger than their cells where those are small. */
  ends(small) {
    const { pen, pitch, maze } = this;
    ends(maze).forEach((i, k) => {
      const side = Math.max(pitch, small ? 12 : 16);
      const [x, y] = this.middle(i);
      pen.fillStyle = this.colour(k === 0 ? "--path" : "--ink");
      pen.beginPath();
      pen.roundRect(x - side / 2, y - side / 2, side, side, side * 0.24);
      pen.fill();
      if (small) return;
      Object.assign(pen, { fillStyle: this.colour(k === 0 ? "--accent-ink" : "--surface"), font: `700 ${side * 0.68}px system-ui, sans-serif`, textAlign: "center", textBaseline: "alphabetic" });
      pen.fillText("SG"[k], x, y + side * 0.25);
    });
  }

  cursor(i) {
    const [r, c] = this.place(i);
    const { pen, pitch } = this;
    const grow = Math.max(0, 10 - pitch) / 2;
    for (const [name, width] of [["--surface", Math.max(4, pitch * 0.24)], ["--accent", Math.max(2, pitch * 0.12)]]) {
      Object.assign(pen, { strokeStyle: this.colour(name), lineWidth: width });
      pen.strokeRect(this.left(c) - grow, this.top(r) - grow, this.left(c + 1) - this.left(c) + 2 * grow, this.top(r + 1) - this.top(r) + 2 * grow);
    }
  }
}
