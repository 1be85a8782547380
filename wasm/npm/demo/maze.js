import { Grid } from "./grid.js";

const side = 30;
const cells = side * side;
const names = { "#": "wall", " ": "open", S: "start", G: "goal", o: "path" };
export const tools = { "#": "Wall", " ": "Open", S: "Start", G: "Goal" };

function neighbours(i) {
  const out = [];
  if (i >= side) out.push(i - side);
  if (i < cells - side) out.push(i + side);
  if (i % side) out.push(i - 1);
  if (i % side < side - 1) out.push(i + 1);
  return out;
}

/** Steps from a cell to every other, -1 where there is no way. */
export function distances(text, from) {
  const dist = new Int16Array(cells).fill(-1);
  dist[from] = 0;
  for (let queue = [from], k = 0; k < queue.length; k++) {
    for (const n of neighbours(queue[k])) {
      if (dist[n] < 0 && text[n] !== "#") {
        dist[n] = dist[queue[k]] + 1;
        queue.push(n);
      }
    }
  }
  return dist;
}

/** A maze as those that published models learned from: random walls, start and goal far apart. */
export function randomMaze(random = Math.random) {
  let best = null;
  for (let tries = 0; tries < 300 && !(best?.steps >= 110); tries++) {
    const density = 0.36 + 0.06 * random();
    const maze = Array.from({ length: cells }, () => (random() < density ? "#" : " "));
    const start = Math.floor(random() * cells);
    maze[start] = "S";
    const dist = distances(maze, start);
    const steps = Math.max(...dist);
    if (steps > (best?.steps ?? 1)) {
      maze[dist.indexOf(steps)] = "G";
      best = { steps, text: maze.join("") };
    }
  }
  return best.text;
}

/** A maze that is drawn, and whose path the model marks. */
export class MazeBoard {
  task = "maze";
  tool = "#";

  bars = "cells changed";
  again = "try";

  constructor({ onEdit }) {
    this.maze = [...randomMaze()];
    this.look = null;
    this.onEdit = onEdit;
    this.grid = new Grid({
      size: side, name: "Maze", className: "maze",
      onKey: (key, i) => this.#key(key, i), onPaint: (i, begins) => this.#paint(i, begins),
    });
    this.element = this.grid.element;
    this.show(null);
  }

  get text() { return this.maze.join(""); }
  set text(text) {
    this.maze = [...text];
    this.edited();
  }

  edited() {
    this.show(null);
    this.onEdit();
  }

  clear() {
    this.maze.fill(" ");
    this.maze[0] = "S";
    this.maze[cells - 1] = "G";
    this.edited();
  }

  #key(key, i) {
    const mark = { "#": "#", ".": " ", " ": this.maze[i] === "#" ? " " : "#", s: "S", S: "S", g: "G", G: "G", Backspace: " ", Delete: " " }[key];
    if (mark) this.put(mark, i);
    return Boolean(mark);
  }

  /** A press on a wall with the wall tool takes it away, and so does the drag that follows. */
  #paint(i, begins) {
    if (begins) this.brush = this.tool === "#" && this.maze[i] === "#" ? " " : this.tool;
    this.put(this.brush, i);
  }

  put(mark, i = this.grid.at) {
    if ("SG".includes(this.maze[i])) return; // there is always one of each
    if ("SG".includes(mark)) this.maze[this.maze.indexOf(mark)] = " ";
    this.maze[i] = mark;
    this.edited();
  }

  /** Steps of a shortest path, found by breadth-first search, -1 where there is none. */
  get shortest() { return distances(this.text, this.maze.indexOf("S"))[this.maze.indexOf("G")]; }

  examine() {
    const n = this.shortest;
    return n < 0 ? { kind: "contradiction", title: "There is no way from S to G.", text: "Open a wall; or let it try." }
      : { kind: "one", title: "Ready.", text: `Breadth-first search finds a way of ${n} steps.` };
  }

  /** What breadth-first search says of the same maze. */
  honest() {
    const n = this.shortest;
    return n < 0 ? "Breadth-first search finds no way either." : `Breadth-first search finds a way of ${n} steps.`;
  }

  /** What a step of the model comes to, after the look before it. */
  describe(step, before) {
    const kinds = this.maze.map((mark, i) => (mark === " " && step.text[i] === "o" ? "o" : mark));
    const changed = before ? kinds.filter((k, i) => k !== before.kinds[i]).length : kinds.filter((k) => k === "o").length;
    return { step, kinds, changed, count: changed };
  }

  show(look) {
    this.look = look;
    for (let i = 0; i < cells; i++) {
      const cell = this.grid.cells[i];
      const mark = look ? look.kinds[i] : this.maze[i];
      cell.dataset.mark = mark;
      cell.textContent = "SG".includes(mark) ? mark : "";
      cell.style.setProperty("--unsure-n", look && this.maze[i] === " " ? (1 - look.step.confidence[i]).toFixed(2) : 0);
      cell.setAttribute("aria-label", `${this.grid.place(i)}: ${names[mark]}`);
    }
  }
}
