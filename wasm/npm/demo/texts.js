// What a text means: sudokus of the sizes that the page has, as people write them.
import { digits, value } from "./geometry.js";
import { sides } from "./sizes.js";

const areas = sides.map((n) => n * n);
const blank = /^[.\-*_?xX]$/;

/**
 * Text from anywhere as a grid in one line, 1 to 9 and A to G and dots: {text, more}
 * (more: puzzles after the first one), or {error}, about a grid of side where the
 * text has none of any size.
 */
export function parse(text, side = 9) {
  const link = /[#?&]s=([^&#\s"']+)/.exec(text);
  if (link) return parseGrid(decode(link[1]), side);
  return parseJSON(text, side) ?? parseLines(text, side);
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Cells in any nesting, or rows or whole grids as strings. */
function parseJSON(text, side) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value === "string") return parseLines(value, side);
  if (typeof value !== "object" || value === null) return null;
  const leaves = [];
  const walk = (v) => { if (v !== null && typeof v === "object") Object.values(v).forEach(walk); else leaves.push(v === null || v === "" ? "." : String(v)); };
  walk(value);
  return leaves.some((s) => s.length > 2) ? parseLines(leaves.join("\n"), side) : whole(leaves, side);
}

/** Grids on a line each, or one over all lines. 16 cells are a 4 x 4 where no 16 x 16 has them. */
function parseLines(text, side) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const small = lines.map((line) => run(line, [16]));
  if (small.length > 1 && small.every(Boolean)) return several(small);
  const runs = lines.map((line) => run(line, areas.filter((n) => n > 16))).filter(Boolean);
  if (runs.length > 0) return several(runs);
  const grid = parseGrid(text, side);
  return grid.error && small.some(Boolean) ? several(small.filter(Boolean)) : grid;
}

const several = (texts) => ({ text: texts[0], more: texts.length - 1 });

/** The first word of a line that is a grid, or a field of CSV: an answer beside its puzzle is no puzzle. */
function run(line, lengths) {
  const words = line.match(/(?<![\w.*?])[\w.*?]+(?![\w.*?])/g) ?? [];
  for (const word of words.filter((w) => lengths.includes(w.length))) {
    const { text } = read([...word]);
    if (text && (text.length === 81 || /[^.]/.test(text))) return text; // a line of 36 underscores is none
  }
  return null;
}

/** A drawn grid: rules and separators between the cells mean nothing. */
function parseGrid(text, side) {
  const lines = text.split(/\r?\n/);
  const bare = lines.filter((line) => !/^[\s|+=\-─━═┼╋╬├┤┌┐└┘┬┴╔╗╚╝╠╣╦╩┃│]*$/.test(line));
  const kept = lines.filter((line) => bare.includes(line) || sides.some((n) => line.trim() === "-".repeat(n))); // rows of blanks
  const fits = [kept, bare].map(cellsOf).find((cells) => areas.includes(cells.length));
  return whole(fits ?? cellsOf(kept), side);
}

/** Numbers between separators, one of them above 9, where they fill a grid; else every sign is a cell. */
function cellsOf(lines) {
  const words = lines.join(" ").split(/[\s|+,;:"'`[\](){}│┃║]+/).filter(Boolean);
  const numbers = areas.includes(words.length) && words.every((w) => /^(\d\d?|[.\-*_?xX])$/.test(w)) && words.some((w) => /^\d\d$/.test(w));
  return numbers ? words : [...words.join("")];
}

/** All cells of a text as a grid, or what is wrong with them. */
function whole(cells, side) {
  const grid = read(cells);
  if (grid.text) return { text: grid.text, more: 0 };
  if (grid.odd !== undefined && side === grid.side) return { error: `“${grid.odd}” is no digit and no blank.` };
  const odd = cells.find((c) => !/^[0-9]+$/.test(c) && !blank.test(c) && (side < 10 || !value(c.toUpperCase())));
  if (odd !== undefined) return { error: `“${odd}” is no digit and no blank.` };
  if (grid.odd !== undefined) return { error: `“${grid.odd}” is no digit of ${grid.side} × ${grid.side}.` };
  return { error: `${cells.length} of ${side * side} cells.` };
}

/**
 * Cells as they are written: {text}, or {odd, side} with the first that is none.
 * Letters without a digit beside them are digits from A = 1, and 0 beside another
 * sign for a blank is the first digit, but in 9 x 9.
 */
function read(written) {
  const side = Math.sqrt(written.length);
  if (!sides.includes(side)) return {};
  const cells = written.map((c) => (blank.test(c) ? "." : c.toUpperCase()));
  const letters = cells.some((c) => /^[A-Z]$/.test(c)) && !cells.some((c) => /[1-9]/.test(c));
  const from0 = !letters && side !== 9 && cells.includes("0") && cells.includes(".");
  const number = (c) => {
    if (c === "." || (c === "0" && !from0)) return 0;
    const n = /^\d+$/.test(c) ? Number(c) : /^[A-Z]$/.test(c) ? c.charCodeAt() - 55 : NaN;
    return letters ? n - 9 : from0 ? n + 1 : n;
  };
  const numbers = cells.map(number);
  const at = numbers.findIndex((n) => !(n >= 0 && n <= side));
  return at < 0 ? { text: numbers.map((n) => digits[n - 1] ?? ".").join("") } : { odd: written[at], side };
}
