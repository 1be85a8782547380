// A puzzle in any form that a program has it in, as a runner takes it: text, or
// tokens as bytes.
import { HRMError } from "./errors.js";

const bad = (message) => new HRMError("puzzle", message);
const isList = (x) => Array.isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView));

export function input(puzzle, task) {
  if (typeof puzzle === "string") return puzzle;
  if (isList(puzzle)) return task === "arc" ? grid(puzzle) : text(Array.from(puzzle), task);
  if (puzzle !== null && typeof puzzle === "object" && isList(puzzle.tokens)) return tokens(puzzle.tokens);
  if (puzzle !== null && typeof puzzle === "object" && task === "arc" && isList(puzzle.test)) return taskOf(puzzle);
  throw bad(`a puzzle is a string, a list of rows or of cells, or {tokens: [...]}${task === "arc" ? ", or {name, train, test}" : ""}`);
}

/** The tokens of a model. */
function tokens(list) {
  const bytes = Uint8Array.from(list);
  if (bytes.every((b, i) => b === list[i])) return bytes;
  throw bad("tokens are whole numbers from 0 to 255");
}

/** A list of rows, each a string or a list of cells, or a list of all cells. */
function text(list, task) {
  const between = list.some((row) => (isList(row) ? Array.from(row) : [row]).some((c) => Number.isInteger(c) && c > 9)) ? " " : "";
  if (list.some(isList)) return list.map((row) => (isList(row) ? Array.from(row, (c) => cell(c, task)).join(between) : row)).join("\n");
  if (list.some((x) => typeof x === "string" && x.length > 1)) return list.join("\n");
  return list.map((c) => cell(c, task)).join(between);
}

/** A cell is a digit, of a sudoku a number up to 25, a character, or nothing, which is blank. */
function cell(c, task) {
  const blank = task === "maze" ? " " : ".";
  if (c === null || c === undefined || c === "") return blank;
  if (c === " ") return blank;
  if (typeof c === "string" || (Number.isInteger(c) && c >= 0 && c <= (task === "sudoku" ? 25 : 9))) return String(c);
  throw bad(`a cell is ${JSON.stringify(c)}, want a digit or a character; the tokens of a model are {tokens: [...]}`);
}

/** A task of ARC with one test, as its public JSON. */
function taskOf({ name, train, test }) {
  if (typeof name !== "string" || !isList(train)) throw bad("a task of ARC is {name, train, test}: the name under which the model learned it, its demonstrations, and the test");
  return JSON.stringify({ [name]: { train, test } });
}

/** A grid of ARC, as its JSON. */
const grid = (rows) => JSON.stringify(Array.from(rows, (row) => (isList(row) ? Array.from(row) : row)));
