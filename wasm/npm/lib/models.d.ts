import type { HRM, LoadOptions } from "./index.js";

/** A model that comes with the package; its address needs no care. */
export type OwnModel = (options?: Omit<LoadOptions, "task" | "integrity">) => Promise<HRM>;

/** 9 x 9 sudokus. */
export declare const sudoku: OwnModel;
/** Sudokus of other sizes, 4 x 4 to 16 x 16. */
export declare const sudokuSizes: OwnModel;
/** 6 x 6 grids of colours, by the rules in `info.puzzles`, which it has learned from examples; it votes over the 8 forms with which it was trained. */
export declare const arc: OwnModel;
/** Mazes of any size. */
export declare const maze: OwnModel;
