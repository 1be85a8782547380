// The models of the package, each a function of HRM.load's options.
import { HRMError, copied } from "./errors.js";
import { folder } from "./fetch.js";
import { HRM } from "./index.js";

/** own: where the bundler or the server has the file, beside the package's others. */
async function open(task, own, options, name = task) {
  if (options.files !== undefined) return HRM.load(new URL(`${name}.hrm`, folder(options.files)), { ...options, task });
  try {
    return await HRM.load(own, { ...options, task });
  } catch (error) {
    if (error.code !== "http" && error.code !== "html") throw error;
    throw new HRMError(error.code, `${error.message}; ${copied}`, { cause: error, status: error.status });
  }
}

/** 9 x 9 sudokus. */
export const sudoku = async (options = {}) => open("sudoku", new URL("../dist/sudoku.hrm", import.meta.url), options);

/** Sudokus of other sizes, 4 x 4 to 16 x 16. */
export const sudokuSizes = async (options = {}) =>
  open("sudoku", new URL("../dist/sudoku-sizes.hrm", import.meta.url), options, "sudoku-sizes");

/** Grids of colours, by the rules in info.puzzles, which it has learned from examples: in 8 forms, over which it votes. */
export const arc = async (options = {}) => open("arc", new URL("../dist/arc.hrm", import.meta.url), { votes: 8, ...options });

/** Mazes of any size. */
export const maze = async (options = {}) => open("maze", new URL("../dist/maze.hrm", import.meta.url), options);
