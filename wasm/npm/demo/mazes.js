// Mazes, without a network: what a text means, how they are made, what the arrows
// of an answer come to, and breadth-first search. A maze is {rows, cols, cells},
// its cells a list of "#" for a wall, " " for an open cell, "S" and "G".

export const least = 2; // of rows and columns
export const most = 99;

/** The cell a step leads to, -1 outside; a step is one of "v<>^". */
export function next({ rows, cols }, i, step) {
  const c = i % cols;
  if (step === "v") return i + cols < rows * cols ? i + cols : -1;
  if (step === "^") return i - cols;
  if (step === "<") return c > 0 ? i - 1 : -1;
  return c < cols - 1 ? i + 1 : -1;
}

/** Steps from a cell to every other, -1 where there is no way. */
export function distances(maze, from) {
  const dist = new Int32Array(maze.cells.length).fill(-1);
  dist[from] = 0;
  for (let queue = [from], k = 0; k < queue.length; k++) {
    for (const step of "v<>^") {
      const n = next(maze, queue[k], step);
      if (n < 0 || dist[n] >= 0 || maze.cells[n] === "#") continue;
      dist[n] = dist[queue[k]] + 1;
      queue.push(n);
    }
  }
  return dist;
}

/** Breadth-first search: steps of a shortest way from S to G, -1 where there is none. */
export function shortest(maze) {
  const [start, goal] = ends(maze);
  return distances(maze, start)[goal];
}

/** How many milliseconds shortest takes. */
export function timed(maze) {
  const time = (times) => {
    const began = performance.now();
    for (let k = 0; k < times; k++) shortest(maze);
    return performance.now() - began;
  };
  let times = Math.ceil(8000 / maze.cells.length);
  while (time(times) < 0.5) times *= 2; // clocks of browsers are coarse, and code is slow at first
  return Math.min(...Array.from({ length: 4 }, () => time(times))) / times;
}

export const ends = ({ cells }) => [cells.indexOf("S"), cells.indexOf("G")];

/** How many steps each cell is from G when one follows the arrows of an answer, -1 where they lead nowhere. */
export function follow(maze, arrows) {
  const { cells } = maze;
  const leads = new Int32Array(cells.length).fill(-2); // not known yet
  cells.forEach((mark, i) => { if (mark === "G") leads[i] = 0; else if (mark === "#") leads[i] = -1; });
  for (let i = 0; i < cells.length; i++) {
    const trail = [];
    let at = i;
    while (at >= 0 && leads[at] === -2) {
      leads[at] = -1; // a ring leads nowhere
      trail.push(at);
      at = "v<>^".includes(arrows[at]) ? next(maze, at, arrows[at]) : -1;
    }
    let steps = at < 0 ? -1 : leads[at];
    while (trail.length > 0) leads[trail.pop()] = steps < 0 ? -1 : ++steps;
  }
  return leads;
}

/** The cells that the arrows lead through from S, S first; G last when they lead there. */
export function way(maze, arrows) {
  const cells = [ends(maze)[0]];
  for (const seen = new Set(cells); ;) {
    const at = cells.at(-1);
    const n = "v<>^".includes(arrows[at]) ? next(maze, at, arrows[at]) : -1;
    if (n < 0 || maze.cells[n] === "#" || seen.has(n)) return cells;
    cells.push(n);
    seen.add(n);
    if (maze.cells[n] === "G") return cells;
  }
}

// --- text -------------------------------------------------------------------

const walls = /[█▓▒■Xx1+|-]/g;
const opens = /[._0·*•●ovV<>^]/g; // an answer's path and arrows are open cells

/** Rows of characters, with "." for an open cell. */
export function format({ cols, cells }) {
  const line = cells.join("").replaceAll(" ", ".");
  return line.match(new RegExp(`.{${cols}}`, "g")).join("\n");
}

/** Text from anywhere: {maze}, or {error}. */
export function parse(text) {
  const link = /[#?&]m=([\w.-]+)/.exec(text);
  if (link) return unpack(link[1]);
  let lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  try {
    const list = JSON.parse(text);
    if (Array.isArray(list)) lines = list.map((row) => (Array.isArray(row) ? row.map((c) => c ?? " ").join("") : String(row)));
  } catch { /* no JSON */ }
  while (lines.length > 0 && lines[0] === "") lines.shift();
  const end = lines.findIndex((line) => line === "");
  if (end >= 0) lines.length = end;
  const side = Math.sqrt(lines[0]?.length ?? 0);
  if (lines.length === 1 && Number.isInteger(side)) lines = lines[0].match(new RegExp(`.{${Math.max(1, side)}}`, "g")) ?? [];
  const cols = Math.max(0, ...lines.map((line) => line.length));
  if (!sized(lines.length, cols)) return { error: `${lines.length} rows of ${cols} characters; a maze has ${least} to ${most} of both.` };
  const cells = [...lines.map((line) => line.padEnd(cols)).join("").replace(walls, "#").replace(opens, " ").replace(/[EBge]/g, "G").replace(/[Aas]/g, "S")];
  return checked({ rows: lines.length, cols, cells });
}

const sized = (...sides) => sides.every((n) => n >= least && n <= most);

function checked(maze) {
  const odd = maze.cells.find((mark) => !"# SG".includes(mark));
  if (odd) return { error: `“${odd}” is no part of a maze: # a wall, . open, S the start, G the goal.` };
  for (const [mark, name] of [["S", "start"], ["G", "goal"]]) {
    const n = maze.cells.filter((m) => m === mark).length;
    if (n !== 1) return { error: `There ${n === 0 ? "is no" : `are ${n} of the`} ${name}, ${mark}; want one.` };
  }
  return { maze };
}

/** A maze for the address: size, S, G, and a bit for every wall. */
export function pack(maze) {
  const bytes = new Uint8Array(Math.ceil(maze.cells.length / 8));
  maze.cells.forEach((mark, i) => { if (mark === "#") bytes[i >> 3] |= 1 << (i & 7); });
  const bits = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return [`${maze.rows}x${maze.cols}`, ...ends(maze), bits].join(".");
}

function unpack(text) {
  const [, rows, cols, start, goal, bits] = /^(\d+)x(\d+)\.(\d+)\.(\d+)\.([\w-]+)$/.exec(text)?.map((part, i) => (i < 5 ? Number(part) : part)) ?? [];
  const broken = { error: "This link is not whole." };
  if (!sized(rows, cols) || start === goal || Math.max(start, goal) >= rows * cols) return broken;
  let bytes;
  try {
    bytes = atob(bits.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return broken;
  }
  if (bytes.length !== Math.ceil(rows * cols / 8)) return broken;
  const cells = Array.from({ length: rows * cols }, (_, i) => ((bytes.charCodeAt(i >> 3) >> (i & 7)) & 1 ? "#" : " "));
  cells[start] = "S";
  cells[goal] = "G";
  return { maze: { rows, cols, cells } };
}

// --- making them --------------------------------------------------------------

const blank = (rows, cols, mark = " ") => ({ rows, cols, cells: Array(rows * cols).fill(mark) });

/** The kinds of mazes that there are to choose from, each a function of rows, columns and a source of chance. */
export const kinds = { random, rooms, spiral, empty };

/** As those that models learn from: random walls, S and G far apart. */
function random(rows, cols, chance = Math.random) {
  const far = 109 * (rows * cols / 900) ** 0.75;
  let best = null;
  for (const until = performance.now() + 60; !best || (best.steps < far && performance.now() < until);) {
    const maze = blank(rows, cols);
    const density = 0.34 + 0.07 * chance();
    maze.cells.forEach((_, i) => { if (chance() < density) maze.cells[i] = "#"; });
    const start = Math.floor(chance() * maze.cells.length);
    const steps = farApart(maze, start);
    if (steps > (best?.steps ?? 0)) best = { steps, maze };
  }
  return best.maze;
}

/** Puts S into a cell and G as far away as there is a way to; the steps between. */
function farApart(maze, start) {
  const dist = distances(maze, start);
  const steps = Math.max(...dist);
  maze.cells[start] = "S";
  if (steps > 0) maze.cells[dist.indexOf(steps)] = "G";
  return steps;
}

/** Rooms in rooms, each with a door or two to the next. */
function rooms(rows, cols, chance = Math.random) {
  const maze = blank(rows, cols);
  const within = (n) => Math.floor(chance() * n);
  (function divide(top, left, height, width) {
    const flat = height > width || (height === width && chance() < 0.5);
    const [long, wide] = flat ? [height, width] : [width, height];
    if (long < 5 || wide < 3) return;
    const at = 2 + within(long - 4);
    const cell = (k) => (flat ? (top + at) * cols + left + k : (top + k) * cols + left + at);
    for (let k = 0; k < wide; k++) maze.cells[cell(k)] = "#";
    for (let doors = wide > 8 ? 2 : 1; doors > 0; doors--) maze.cells[cell(within(wide))] = " ";
    // A wall that ends at a door of an earlier one would close it.
    const open = (k, side) => {
      const i = cell(k) + (flat ? side : side * cols);
      return k === (side < 0 ? 0 : wide - 1) && maze.cells[i] === " " && next(maze, cell(k), flat ? (side < 0 ? "<" : ">") : side < 0 ? "^" : "v") >= 0;
    };
    for (const [k, side] of [[0, -1], [wide - 1, 1]]) if (open(k, side)) maze.cells[cell(k)] = " ";
    const [a, b] = [at, long - at - 1];
    if (flat) [[top, a], [top + at + 1, b]].forEach(([t, h]) => divide(t, left, h, width));
    else [[left, a], [left + at + 1, b]].forEach(([l, w]) => divide(top, l, height, w));
  })(0, 0, rows, cols);
  const corner = maze.cells.indexOf(" ");
  farApart(maze, corner);
  return maze;
}

/** One way from a corner to the middle. */
function spiral(rows, cols) {
  const maze = blank(rows, cols, "#");
  const free = (i) => i >= 0 && maze.cells[i] === "#";
  maze.cells[0] = "S";
  let at = 0;
  for (let turns = 0, d = 0; turns < 2; d = (d + 1) % 4) {
    const step = ">v<^"[d];
    let moved = 0;
    for (;; moved++) {
      const n = next(maze, at, step);
      if (!free(n)) break;
      const after = next(maze, n, step);
      if (after >= 0 && !free(after)) break;
      maze.cells[(at = n)] = " ";
    }
    turns = moved > 0 ? 0 : turns + 1;
  }
  if (at === 0) return empty(rows, cols);
  maze.cells[at] = "G";
  return maze;
}

function empty(rows, cols) {
  const maze = blank(rows, cols);
  maze.cells[0] = "S";
  maze.cells[maze.cells.length - 1] = "G";
  return maze;
}

/** A maze of another size: cut, or with open cells added; S and G stay, or move to where they still fit. */
export function resized(maze, rows, cols) {
  const out = blank(rows, cols);
  for (let r = 0; r < Math.min(rows, maze.rows); r++) {
    for (let c = 0; c < Math.min(cols, maze.cols); c++) out.cells[r * cols + c] = maze.cells[r * maze.cols + c];
  }
  for (const mark of "SG") {
    if (out.cells.includes(mark)) continue;
    out.cells[mark === "S" ? out.cells.findIndex((m) => m !== "G") : out.cells.findLastIndex((m) => m !== "S")] = mark;
  }
  return out;
}
