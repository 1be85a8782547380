// The rules of the third board, each a function of a grid: what the model was shown
// examples of, and what is right. A grid is a list of rows of colours from 0, black, to 9.

export const side = 6;

const grid = (f) => Array.from({ length: side }, (_, r) => Array.from({ length: side }, (_, c) => f(r, c)));
const copy = (g) => g.map((row) => [...row]);
const cells = (g) => g.flatMap((row, r) => row.map((colour, c) => ({ r, c, colour })));
const inside = (r, c) => r >= 0 && c >= 0 && r < side && c < side;
const around = [[-1, 0], [1, 0], [0, -1], [0, 1]];

/** A source of chance from 0 to 1 that is the same everywhere (mulberry32). */
export function chances(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const within = (chance, n) => Math.floor(chance() * n);
const pick = (chance, list) => list[within(chance, list.length)];

/** So many cells, each in one of some colours. */
function dots(chance, colours, least, most) {
  const g = grid(() => 0);
  for (let n = least + within(chance, most - least + 1); n > 0; n--) g[within(chance, side)][within(chance, side)] = pick(chance, colours);
  return g;
}

/** Every cell of one of some colours, or black. */
const noise = (chance, colours, share) => grid(() => (chance() < share ? pick(chance, colours) : 0));

/** Cells that can be come to from some, over cells for which free holds. */
function reached(g, from, free) {
  const seen = grid((r, c) => from(r, c));
  const queue = cells(seen).filter(({ colour }) => colour);
  for (const { r, c } of queue) {
    for (const [dr, dc] of around) {
      const [y, x] = [r + dr, c + dc];
      if (!inside(y, x) || seen[y][x] || !free(g[y][x])) continue;
      seen[y][x] = true;
      queue.push({ r: y, c: x });
    }
  }
  return seen;
}

const edge = (r, c) => r === 0 || c === 0 || r === side - 1 || c === side - 1;

/** Frames of some sizes, with a gap here and there. */
function frames(chance, colour) {
  const g = grid(() => 0);
  for (let n = 1 + within(chance, 2); n > 0; n--) {
    const [h, w] = [3 + within(chance, 3), 3 + within(chance, 3)];
    const [top, left] = [within(chance, side - h + 1), within(chance, side - w + 1)];
    for (let r = 0; r < h; r++) for (let c = 0; c < w; c++) if (r === 0 || c === 0 || r === h - 1 || c === w - 1) g[top + r][left + c] = colour;
    if (chance() < 0.25) g[top][left + 1 + within(chance, w - 2)] = 0;
  }
  for (let n = within(chance, 4); n > 0; n--) g[within(chance, side)][within(chance, side)] = colour;
  return g;
}

/**
 * name, colours beside black, what is said when it is out, how many of 100 new inputs the model answers right
 * (docs/arc.md), seed of examples that are worth seeing, make(chance) an input, apply(grid) the answer.
 */
export const lessons = [
  {
    name: "fall", colours: [2, 4, 8], right: 79, seed: 27, says: "Everything falls down.",
    make: (chance) => noise(chance, [2, 4, 8], 0.15 + 0.4 * chance()),
    apply: (g) => {
      const out = grid(() => 0);
      for (let c = 0; c < side; c++) {
        const column = g.map((row) => row[c]).filter(Boolean);
        column.forEach((colour, k) => { out[side - column.length + k][c] = colour; });
      }
      return out;
    },
  },
  {
    name: "mirror", colours: [1, 3, 6], right: 100, says: "The left half is mirrored in the right one.",
    make: (chance) => noise(chance, [1, 3, 6], 0.3 + 0.4 * chance()).map((row) => row.map((colour, c) => (c < side / 2 ? colour : 0))),
    apply: (g) => g.map((row) => row.map((colour, c) => (c < side / 2 ? colour : row[side - 1 - c]))),
  },
  {
    name: "halo", colours: [2, 1, 5], right: 100, seed: 21, says: "A red cell gets blue ones around it.",
    make: (chance) => dots(chance, [2, 2, 5], 1, 5),
    apply: (g) => {
      const out = copy(g);
      for (const { r, c, colour } of cells(g)) {
        if (colour !== 2) continue;
        for (const [dr, dc] of around) if (inside(r + dr, c + dc) && g[r + dr][c + dc] === 0) out[r + dr][c + dc] = 1;
      }
      return out;
    },
  },
  {
    name: "ray", colours: [3, 7, 5], right: 78, seed: 25, says: "Colours shine to the right, until something stands in the way.",
    make: (chance) => dots(chance, [3, 7, 5], 2, 7),
    apply: (g) => g.map((row) => {
      let light = 0;
      return row.map((colour) => {
        if (colour === 0) return light;
        light = colour === 5 ? 0 : colour;
        return colour;
      });
    }),
  },
  {
    name: "turn", colours: [1, 4, 7], right: 0, says: "It is turned by a quarter.",
    make: (chance) => noise(chance, [1, 4, 7], 0.2 + 0.4 * chance()),
    apply: (g) => grid((r, c) => g[side - 1 - c][r]),
  },
  {
    name: "flood", colours: [8, 5, 3], right: 94, seed: 72, says: "The water finds every cell that it can come to.",
    make: (chance) => {
      const g = noise(chance, [5], 0.25 + 0.3 * chance());
      for (let n = 1 + within(chance, 2); n > 0; n--) g[within(chance, side)][within(chance, side)] = 8;
      if (chance() < 0.3) g[within(chance, side)][within(chance, side)] = 3;
      return g;
    },
    apply: (g) => {
      const wet = reached(g, (r, c) => g[r][c] === 8, (colour) => colour === 0);
      return grid((r, c) => (wet[r][c] ? 8 : g[r][c]));
    },
  },
  {
    name: "fill", colours: [3, 4, 2], right: 76, seed: 24, says: "What is closed is filled.",
    make: (chance) => {
      const g = frames(chance, 3);
      if (chance() < 0.3) g[within(chance, side)][within(chance, side)] = 2;
      return g;
    },
    apply: (g) => {
      const open = reached(g, (r, c) => edge(r, c) && g[r][c] === 0, (colour) => colour === 0);
      return grid((r, c) => (g[r][c] === 0 && !open[r][c] ? 4 : g[r][c]));
    },
  },
];

/** Those that it learned. */
export const rules = lessons.filter(({ right }) => right > 0);

export const same = (a, b) => a.length === b.length && a.every((row, r) => row.length === b[r].length && row.every((colour, c) => colour === b[r][c]));

/** An input with all of a rule's colours where that can be, whose answer is another grid. */
export function input(rule, chance) {
  for (let tries = 200; ; tries--) {
    const g = rule.make(chance);
    const enough = cells(g).filter(({ colour }) => colour).length >= 2;
    if (tries === 0 || (enough && !same(g, rule.apply(g)))) return g;
  }
}

/** A task in the public form: some examples and tests of a rule. */
export function task(rule, seed, examples, tests) {
  const chance = chances(seed);
  const pairs = Array.from({ length: examples + tests }, () => {
    const g = input(rule, chance);
    return { input: g, output: rule.apply(g) };
  });
  return { train: pairs.slice(0, examples), test: pairs.slice(examples) };
}
