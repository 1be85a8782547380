// The rules of sudoku, without a network: what clashes, what a text means, and
// how many solutions a puzzle has.

const cells = 81;
const row = (i) => Math.floor(i / 9);
const box = (i) => Math.floor(i / 27) * 3 + Math.floor((i % 9) / 3);
const units = [(i) => row(i), (i) => 9 + (i % 9), (i) => 18 + box(i)];
const names = [(i) => `row ${row(i) + 1}`, (i) => `column ${(i % 9) + 1}`, (i) => `box ${box(i) + 1}`];

/** The cells whose digit stands twice in a row, column or box. */
export function clashes(digits) {
  const bad = new Set();
  const seen = new Map();
  for (let i = 0; i < cells; i++) {
    if (!/[1-9]/.test(digits[i])) continue;
    for (const unit of units) {
      const key = `${unit(i)}/${digits[i]}`;
      if (seen.has(key)) bad.add(i).add(seen.get(key));
      seen.set(key, i);
    }
  }
  return bad;
}

/** The first two cells that clash, in words: "5 stands twice in row 1", or "". */
export function firstClash(digits) {
  for (let i = 0; i < cells; i++) {
    for (let k = 0; k < i; k++) {
      if (digits[i] !== digits[k] || !/[1-9]/.test(digits[i])) continue;
      const u = units.findIndex((unit) => unit(i) === unit(k));
      if (u >= 0) return `${digits[i]} stands twice in ${names[u](i)}`;
    }
  }
  return "";
}

const all = 0b111111111;
const ones = Array.from({ length: 512 }, (_, m) => m.toString(2).replaceAll("0", "").length);

/** Digits tried at most, about 0.1 s of them; few puzzles need 1,000. */
const patience = 12_000;

const members = Array.from({ length: 27 }, (_, u) => Array.from({ length: cells }, (__, i) => i).filter((i) => units.some((unit) => unit(i) === u)));
const at = Array.from({ length: cells }, (_, i) => units.map((unit) => unit(i)));

/**
 * The solutions of a puzzle, two at most, by trying the cell with the fewest
 * digits left or the digit with the fewest cells left; whole is false where the
 * patience ended the search.
 */
export function solutions(digits) {
  const free = new Uint16Array(27).fill(all); // digits left of each unit, as bits
  const grid = [...digits].map((c) => (/[1-9]/.test(c) ? Number(c) : 0));
  const found = [];
  let left = patience;
  const can = (i) => (grid[i] ? 0 : free[at[i][0]] & free[at[i][1]] & free[at[i][2]]);
  const flip = (i, bit) => { for (const u of at[i]) free[u] ^= bit; };
  grid.forEach((d, i) => { if (d) flip(i, 1 << (d - 1)); });

  /** The fewest choices there are, [cell, bit] each; null when the grid is full. */
  function choices() {
    let best = -1;
    let fewest = 10;
    for (let i = 0; i < cells && fewest > 1; i++) {
      if (grid[i] === 0 && ones[can(i)] < fewest) [best, fewest] = [i, ones[can(i)]];
    }
    if (best < 0) return null;
    const list = [];
    for (let m = can(best); m; m &= m - 1) list.push([best, m & -m]);
    return fewest > 1 ? places(list) : list;
  }

  /** The cells for one digit in one unit, where they are fewer than list. */
  function places(list) {
    for (let u = 0; u < 27; u++) {
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
    if (!list) found.push(grid.join(""));
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
    const few = clues < 17 ? `${clues === 1 ? "One clue is" : `${clues} clues are`} too few: no puzzle with fewer than 17 has a single solution.` : "A proper puzzle has a single one.";
    return { kind: "several", title: "This has several solutions.", text: few };
  }
  if (found.length === 1 && whole) return { kind: "one", title: "Ready.", text: `${clues} clues, one solution.`, solution: found[0] };
  return { kind: "unknown", title: "Ready.", text: `${clues} clues. Whether there is a solution takes longer to find out than we let you wait.` };
}

// --- text -------------------------------------------------------------------

const blank = /[0.*_?xX]/g;

/** Text from anywhere as 81 characters: {text, more} (more: puzzles after the first one), or {error}. */
export function parse(text) {
  const link = /[#?&]s=([^&#\s"']+)/.exec(text);
  if (link) return parseGrid(decode(link[1]));
  return parseJSON(text) ?? parseRuns(text) ?? parseGrid(text);
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** 81 numbers in any nesting, or the first string of 81 cells in an object. */
function parseJSON(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value === "string") return parseGrid(value);
  if (typeof value !== "object" || value === null) return null;
  const leaves = [];
  const walk = (v) => { if (v !== null && typeof v === "object") Object.values(v).forEach(walk); else leaves.push(v); };
  walk(value);
  const whole = leaves.map(String).filter((s) => s.length === cells).map(parseGrid).filter((p) => p.text);
  if (whole.length > 0) return { text: whole[0].text, more: whole.length - 1 };
  return parseGrid(leaves.map((v) => (v === null || v === "" ? "." : String(v))).join(""));
}

/** Grids on a line each, or as fields of CSV: an answer beside its puzzle is no puzzle. */
function parseRuns(text) {
  const lines = text.split(/\r?\n/);
  const found = lines.map((line) => line.match(/(?<![\w.*?])[1-9.0*_?xX]{81}(?![\w.*?])/)?.[0]).filter(Boolean);
  return found.length > 0 ? { text: found[0].replace(blank, "."), more: found.length - 1 } : null;
}

/** A drawn grid: rules and separators between the cells mean nothing. */
function parseGrid(text) {
  const lines = text.split(/\r?\n/).filter((line) => !/^[\s|+=\-─━═┼╋╬├┤┌┐└┘┬┴╔╗╚╝╠╣╦╩┃│]*$/.test(line) || /^\s*-{9}\s*$/.test(line));
  const marks = lines.join("").replace(/[\s|+,;:"'`[\](){}│┃║]/g, "").replace(blank, ".").replaceAll("-", ".");
  const odd = marks.match(/[^1-9.]/u);
  if (odd) return { error: `“${odd[0]}” is no digit and no blank.` };
  if (marks.length !== cells) return { error: `${marks.length} of 81 cells.` };
  return { text: marks, more: 0 };
}
