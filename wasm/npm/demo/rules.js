// The rules of sudoku, without a network: what clashes, and how many solutions a
// puzzle has, of any size that geometry.js has; texts.js reads them.
import { digits as signs, geometry, sideOf, value } from "./geometry.js";

export { parse } from "./texts.js";

/** The cells whose digit stands twice in a row, column or box. */
export function clashes(digits) {
  const { units } = geometry(sideOf(digits));
  const bad = new Set();
  const seen = new Map();
  units.forEach((of, i) => {
    if (value(digits[i]) === 0) return;
    for (const unit of of) {
      const key = `${unit}/${digits[i]}`;
      if (seen.has(key)) bad.add(i).add(seen.get(key));
      seen.set(key, i);
    }
  });
  return bad;
}

/** The first two cells that clash, in words: "5 stands twice in row 1", or "". */
export function firstClash(digits) {
  const { units, names } = geometry(sideOf(digits));
  for (let i = 0; i < units.length; i++) {
    for (let k = 0; k < i; k++) {
      if (digits[i] !== digits[k] || value(digits[i]) === 0) continue;
      const u = units[i].findIndex((unit, n) => unit === units[k][n]);
      if (u >= 0) return `${digits[i]} stands twice in ${names(i)[u]}`;
    }
  }
  return "";
}

/** Digits tried at most in 9 x 9, about 0.1 s of them; few puzzles need 1,000. A larger grid takes longer for each. */
const patience = (side) => Math.round(12_000 * Math.min(1, (9 / side) ** 3));

/** Fewest clues of a puzzle with one solution, where that is known. */
const fewest = { 4: 4, 6: 8, 9: 17 };

const counts = new Map();

/** How many bits are set in each number below 2 ** bits. */
function ones(bits) {
  if (!counts.has(bits)) counts.set(bits, Uint8Array.from({ length: 1 << bits }, (_, m) => m.toString(2).replaceAll("0", "").length));
  return counts.get(bits);
}

/**
 * The solutions of a puzzle, two at most, by trying the cell with the fewest
 * digits left or the digit with the fewest cells left; whole is false where the
 * patience ended the search.
 */
export function solutions(digits) {
  const { side, units: at, members } = geometry(sideOf(digits));
  const cells = at.length;
  const bits = ones(side);
  const free = new Uint16Array(3 * side).fill((1 << side) - 1); // digits left of each unit, as bits
  const grid = [...digits].map(value);
  const found = [];
  let left = patience(side);
  const can = (i) => (grid[i] ? 0 : free[at[i][0]] & free[at[i][1]] & free[at[i][2]]);
  const flip = (i, bit) => { for (const u of at[i]) free[u] ^= bit; };
  grid.forEach((d, i) => { if (d) flip(i, 1 << (d - 1)); });

  /** The fewest choices there are, [cell, bit] each; null when the grid is full. */
  function choices() {
    let best = -1;
    let few = side + 1;
    for (let i = 0; i < cells && few > 1; i++) {
      if (grid[i] === 0 && bits[can(i)] < few) [best, few] = [i, bits[can(i)]];
    }
    if (best < 0) return null;
    const list = [];
    for (let m = can(best); m; m &= m - 1) list.push([best, m & -m]);
    return few > 1 ? places(list) : list;
  }

  /** The cells for one digit in one unit, where they are fewer than list. */
  function places(list) {
    for (let u = 0; u < members.length; u++) {
      for (let m = free[u]; m; m &= m - 1) {
        const bit = m & -m;
        const open = members[u].filter((i) => can(i) & bit);
        if (open.length < list.length) list = open.map((i) => [i, bit]);
        if (list.length < 2) return list;
      }
    }
    return list;
  }

  (function search() {
    const list = choices();
    if (!list) found.push(grid.map((d) => signs[d - 1]).join(""));
    for (const [i, bit] of list ?? []) {
      if (found.length === 2 || left-- <= 0) return;
      grid[i] = 32 - Math.clz32(bit);
      flip(i, bit);
      search();
      flip(i, bit);
      grid[i] = 0;
    }
  })();
  return { found, whole: left > 0 || found.length === 2 };
}

/** What is to be said about a puzzle before anyone thinks: {kind, title, text}; kind is "one" where all is well. */
export function examine(digits) {
  const clues = [...digits].filter((c) => c !== ".").length;
  if (clues === 0) return { kind: "empty", title: "An empty grid.", text: "Type a puzzle, paste one, or pick one of ours." };
  const clash = firstClash(digits);
  if (clash) return { kind: "contradiction", title: "This contradicts itself.", text: `${clash}. No answer can be right.` };
  const { found, whole } = solutions(digits);
  if (found.length === 0 && whole) return { kind: "contradiction", title: "This has no solution.", text: "No clue clashes with another, but together they leave some cell without a digit." };
  if (found.length === 2) {
    const least = fewest[sideOf(digits)] ?? 0;
    const few = clues < least ? `${clues === 1 ? "One clue is" : `${clues} clues are`} too few: no puzzle with fewer than ${least} has a single solution.` : "A proper puzzle has a single one.";
    return { kind: "several", title: "This has several solutions.", text: few };
  }
  if (found.length === 1 && whole) return { kind: "one", title: "Ready.", text: `${clues} clues, one solution.`, solution: found[0] };
  return { kind: "unknown", title: "Ready.", text: `${clues} clues. Whether there is a solution takes longer to find out than we let you wait.` };
}
