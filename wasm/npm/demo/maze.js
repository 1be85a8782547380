import { distances, ends, follow, format, kinds, next, pack, parse, resized, shortest, timed, way } from "./mazes.js";
import { paint } from "./mazepaint.js";
import { count } from "./words.js";

const names = { "#": "wall", " ": "open", S: "start", G: "goal" };
const slop = 22; // pixels that a finger may miss S and G by
const flow = 380; // milliseconds in which a look's new arrows flow in
const glow = 700; // in which the way is lit
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** A maze that is drawn, and the arrows that the model writes into it. */
export class MazeBoard {
  task = "maze";
  bars = "cells that do not lead to G";
  again = "try"; // what a further attempt is called
  tries = 1; // further ones, which seldom help
  pace = 0.5; // arrows are seen faster than digits are read
  tool = "#"; // what a press draws: walls, or S, or G
  kind = "random"; // how the maze was made, "" when it was drawn
  #at = 0; // the cell of the keyboard
  #drag = null; // {brush} or {end, under} of a press
  #frame = 0;
  #steps = null; // of a shortest way
  #ms = null; // which finding it takes

  /** onEdit(whole) is called when the maze changes, whole false amid a stroke; onSay with words about a cell; colour(name) is that of a custom property. */
  constructor({ onEdit, onSay, onTool, colour }) {
    Object.assign(this, { onEdit, onSay, onTool, colour });
    this.maze = kinds.empty(30, 30);
    this.look = null;
    this.canvas = document.createElement("canvas");
    this.element = document.createElement("div");
    this.element.className = "maze";
    Object.assign(this.canvas, { tabIndex: 0 });
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-roledescription", "maze to draw");
    this.element.append(this.canvas);
    new ResizeObserver(() => this.draw()).observe(this.element);
    const on = (name, f) => this.canvas.addEventListener(name, f);
    on("keydown", (e) => this.#keydown(e));
    on("pointerdown", (e) => this.#press(e));
    on("pointermove", (e) => this.#move(e));
    for (const name of ["pointerup", "pointercancel"]) on(name, () => this.#release());
    for (const name of ["focus", "blur"]) on(name, () => this.draw());
  }

  focus() { this.canvas.focus({ preventScroll: true }); }

  get text() { return format(this.maze); }
  set text(text) { this.put(parse(text).maze, ""); }
  get hash() { return `#m=${pack(this.maze)}`; }

  /** A text as one for this board: {text}, or {error}. */
  read(text) {
    const { maze, error } = parse(text);
    return error ? { error } : { text: format(maze), maze, more: 0 };
  }

  /** Another maze. */
  put(maze, kind) {
    Object.assign(this, { maze, kind });
    this.#at = Math.min(this.#at, maze.cells.length - 1);
    this.#edited(true);
  }

  make(kind, rows = this.maze.rows, cols = this.maze.cols) { this.put(kinds[kind](rows, cols), kind); }

  resize(rows, cols) {
    if (this.kind) this.make(this.kind, rows, cols);
    else this.put(resized(this.maze, rows, cols), "");
  }

  clear() { this.make("empty"); }

  #edited(whole) {
    this.#steps = this.#ms = null;
    this.show(null);
    this.onEdit(whole);
  }

  // --- drawing walls ------------------------------------------------------------

  /** Puts a mark into a cell; there is always one S and one G. True when something changed. */
  #mark(i, mark) {
    const { cells } = this.maze;
    if (cells[i] === mark || "SG".includes(cells[i])) return false;
    if ("SG".includes(mark)) cells[cells.indexOf(mark)] = " ";
    cells[i] = mark;
    this.kind = "";
    return true;
  }

  #cell(e) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const { rows, cols } = this.maze;
    const [r, c] = [(e.clientY - top) / height * rows, (e.clientX - left) / width * cols].map(Math.floor);
    return Math.max(0, Math.min(rows - 1, r)) * cols + Math.max(0, Math.min(cols - 1, c));
  }

  /** S or G under the pointer, or near a finger; -1 where there is none. */
  #grabbed(e) {
    const { left, top, width } = this.canvas.getBoundingClientRect();
    const { cols } = this.maze;
    const pitch = width / cols;
    const far = (i) => Math.hypot((i % cols + 0.5) * pitch + left - e.clientX, (Math.floor(i / cols) + 0.5) * pitch + top - e.clientY);
    const near = ends(this.maze).sort((a, b) => far(a) - far(b))[0];
    return this.#cell(e) === near || (e.pointerType === "touch" && far(near) < slop && pitch < slop) ? near : -1;
  }

  #press(e) {
    if (e.button !== 0 || !e.isPrimary) return;
    e.preventDefault();
    this.focus();
    this.canvas.setPointerCapture?.(e.pointerId);
    const i = this.#cell(e);
    const end = this.#grabbed(e);
    this.#at = end >= 0 ? end : i;
    if (end >= 0) this.#drag = { end: this.maze.cells[end], under: " " };
    else if (this.tool !== "#") {
      this.#drag = {};
      if (this.#mark(i, this.tool)) this.#edited(false);
      this.#choose("#");
    } else {
      this.#drag = { brush: this.maze.cells[i] === "#" ? " " : "#" };
      if (this.#mark(i, this.#drag.brush)) this.#edited(false);
    }
  }

  #move(e) {
    if (!this.#drag) {
      this.canvas.style.cursor = this.#grabbed(e) >= 0 ? "grab" : "";
      return;
    }
    for (const moved of e.getCoalescedEvents?.() ?? [e]) this.#stroke(this.#cell(moved));
    this.#stroke(this.#cell(e));
  }

  /** The press goes on to a cell. */
  #stroke(to) {
    if (to === this.#at) return;
    const drag = this.#drag;
    const { cells } = this.maze;
    if (drag.end) {
      if ("SG".includes(cells[to])) return;
      cells[this.#at] = drag.under;
      drag.under = cells[to];
      cells[to] = drag.end;
      this.kind = "";
      this.#at = to;
      this.#edited(false);
    } else if (drag.brush) {
      const changed = this.#between(this.#at, to).map((i) => this.#mark(i, drag.brush)).some(Boolean);
      this.#at = to;
      if (changed) this.#edited(false);
    }
  }

  #release() {
    if (!this.#drag) return;
    this.#drag = null;
    this.onEdit(true);
  }

  /** The cells on the way to a cell: a fast pointer jumps. */
  #between(from, to) {
    const { cols } = this.maze;
    const [r, c] = [Math.floor(from / cols), from % cols];
    const [dr, dc] = [Math.floor(to / cols) - r, (to % cols) - c];
    const steps = Math.max(Math.abs(dr), Math.abs(dc));
    return Array.from({ length: steps }, (_, k) => Math.round(r + dr * (k + 1) / steps) * cols + Math.round(c + dc * (k + 1) / steps));
  }

  #choose(tool) {
    this.tool = tool;
    this.onTool(tool);
  }

  #keydown(e) {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const { cells, cols } = this.maze;
    const arrow = { ArrowUp: "^", ArrowDown: "v", ArrowLeft: "<", ArrowRight: ">" }[e.key];
    const row = this.#at - this.#at % cols;
    const jump = { Home: row, End: row + cols - 1, PageUp: this.#at % cols, PageDown: cells.length - cols + this.#at % cols }[e.key];
    const mark = { "#": "#", " ": cells[this.#at] === "#" ? " " : "#", s: "S", S: "S", g: "G", G: "G", Backspace: " ", Delete: " " }[e.key];
    if (arrow || jump !== undefined) {
      const to = jump ?? next(this.maze, this.#at, arrow);
      if (to >= 0) this.#at = to;
      if (e.shiftKey && arrow && this.#mark(this.#at, "#")) this.#edited(true);
    } else if (mark) {
      if (this.#mark(this.#at, mark)) this.#edited(true);
    } else return;
    e.preventDefault();
    this.draw();
    this.onSay(`row ${Math.floor(this.#at / cols) + 1}, column ${this.#at % cols + 1}: ${names[cells[this.#at]]}`);
  }

  // --- what is known of it ------------------------------------------------------

  /** whole: it is not amid a stroke. */
  examine(whole) {
    this.#steps ??= shortest(this.maze);
    if (this.#steps < 0) return { kind: "contradiction", title: "There is no way from S to G.", text: "Take a wall away, or move S or G." };
    return { kind: "one", title: "Ready.", text: whole ? this.honest() : `Shortest: ${count(this.#steps, "step")}.` };
  }

  /** How often the model may look, in mazes larger than its own more often. */
  looks({ maxSegments, rows, cols }) { return Math.ceil(maxSegments * Math.max(1, this.maze.rows / rows, this.maze.cols / cols)); }

  /** What breadth-first search says of the same maze. */
  honest() {
    if (this.#steps < 0) return "Breadth-first search finds no way.";
    const ms = (this.#ms ??= timed(this.maze));
    const took = ms < 1 ? `${Number((1000 * ms).toPrecision(2))} µs` : `${ms.toFixed(1)} ms`;
    return `Shortest: ${count(this.#steps, "step")}; breadth-first search takes ${took}.`;
  }

  /** What a step of the model comes to, after the look before it (null: the first of an attempt). */
  describe(step, before) {
    const { maze } = this;
    const arrows = step.text;
    const marked = !/[v<>^]/.test(arrows); // a model that marks a path and writes no arrows
    const changed = before ? maze.cells.filter((mark, i) => mark !== "#" && arrows[i] !== before.step.text[i]).length : 0;
    if (marked) {
      const path = maze.cells.flatMap((mark, i) => (mark === " " && arrows[i] === "o" ? [i] : []));
      return { step, changed, marked, path, leads: null, count: changed, answer: arrows };
    }
    const dist = distances(maze, ends(maze)[1]);
    const leads = follow(maze, arrows);
    const reach = maze.cells.flatMap((_, i) => (dist[i] >= 0 ? [i] : []));
    const lost = reach.filter((i) => leads[i] < 0).length;
    const path = way(maze, arrows);
    const arrives = maze.cells[path.at(-1)] === "G";
    const answer = maze.cells.slice();
    for (const i of path) if (answer[i] === " ") answer[i] = "o";
    return { step, changed, leads, dist, former: before?.leads ?? null, arrows: arrows.replace(/[^v<>^]/g, "").length, path, arrives, count: lost, cells: reach.length, answer: answer.join("") };
  }

  /** Shows a look, or with null the maze alone. */
  show(look) {
    const goesOn = look && look !== this.look;
    this.look = look;
    cancelAnimationFrame(this.#frame);
    this.canvas.setAttribute("aria-label", this.#words());
    if (!goesOn || calm.matches) return this.draw();
    const began = performance.now();
    const tick = (now) => {
      const ms = Math.max(0, now - began);
      const over = ms > (look.solved ? glow : flow);
      this.draw(over ? {} : { wave: Math.min(1, ms / flow), lit: Math.min(1, ms / glow) });
      if (!over) this.#frame = requestAnimationFrame(tick);
    };
    return tick(began);
  }

  #words() {
    const { maze, look } = this;
    const place = (i) => `row ${Math.floor(i / maze.cols) + 1}, column ${i % maze.cols + 1}`;
    const [start, goal] = ends(maze).map(place);
    const seen = look?.leads ? ` From S it gets ${look.path.length - 1} steps far${look.arrives ? ", to G" : ""}.` : "";
    return `Maze of ${maze.rows} rows and ${maze.cols} columns, start in ${start}, goal in ${goal}.${seen}`;
  }

  /** part: {wave, lit}, how much of what is new is shown, from 0 to 1. */
  draw(part = {}) {
    const { rows, cols } = this.maze;
    const room = this.element.clientWidth;
    if (room === 0) return;
    const pitch = room / Math.max(rows, cols);
    const scale = globalThis.devicePixelRatio || 1;
    const [width, height] = [Math.round(cols * pitch * scale), Math.round(rows * pitch * scale)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
      Object.assign(this.canvas.style, { width: `${cols * pitch}px`, height: `${rows * pitch}px` });
    }
    const pen = this.canvas.getContext("2d");
    const at = this.canvas.matches(":focus-visible") ? this.#at : -1;
    paint(pen, { x: 0, y: 0, pitch: pitch * scale }, this, { colour: this.colour, at, ...part });
  }

  /** A look as a small picture for the film. */
  thumb(canvas, look) {
    const { rows, cols } = this.maze;
    const pitch = 126 / Math.max(rows, cols);
    Object.assign(canvas, { width: Math.round(cols * pitch), height: Math.round(rows * pitch) });
    paint(canvas.getContext("2d"), { x: 0, y: 0, pitch }, { maze: this.maze, look }, { colour: this.colour, small: true });
  }

  /** The look that is shown, into a square of a picture to save. */
  picture({ pen, x, y, side }) {
    const { rows, cols } = this.maze;
    const pitch = side / Math.max(rows, cols);
    paint(pen, { x: x + (side - cols * pitch) / 2, y: y + (side - rows * pitch) / 2, pitch }, this, { colour: this.colour });
  }
}
