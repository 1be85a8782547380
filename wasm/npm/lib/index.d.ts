/// <reference lib="esnext.disposable" />
// The types of the web are described by what is used of them, so that neither
// lib "dom" nor @types/node is needed.

/** A URL. */
export interface Address { readonly href: string; toString(): string }
/** A Response, a Blob or a File. */
export interface Bytes { arrayBuffer(): Promise<ArrayBuffer> }
/** An AbortSignal. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: any;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Where a model comes from. In node a string without a scheme is a path. */
export type ModelSource = string | Address | Bytes | ArrayBuffer | ArrayBufferView;

export interface LoadOptions {
  /** Called as the model and the module arrive, in bytes. `total` is missing when the server does not say. */
  progress?: (p: { part: "model" | "module"; loaded: number; total?: number }) => void;
  /** Aborts loading: `load` rejects with code "aborted". */
  signal?: Signal;
  /**
   * Keep what was fetched, in the Cache API or else in memory (default true).
   * With `integrity` a kept model is used without asking the network; without
   * it only when the network fails.
   */
  cache?: boolean;
  /** The model's hash as in HTML: "sha256-" and base64. */
  integrity?: string;
  /**
   * What to run on (default "auto"). "webgpu" rejects with code "device" when
   * it cannot be had; "auto" then takes "wasm", races a segment on each where
   * both are there, and says why in `model.device`. The winner is remembered for
   * a day in the page's localStorage, when the source is an address. When a GPU is lost, puzzles
   * go on in WebAssembly. A GPU needs a larger module, which is fetched where
   * there is one.
   */
  device?: "auto" | "wasm" | "webgpu";
  /** The task the model must be for; another one rejects with code "task". */
  task?: Task;
  /** Run in a worker (default), or in this thread, which blocks it for a segment at a time. */
  worker?: boolean;
  /** Workers at most, for puzzles that are solved at once (default: the processor's cores, at most 8; on a GPU 1). */
  workers?: number;
  /**
   * The address of a folder with the files of the package's `dist`: the worker, the
   * modules and the package's models. Needed with bundlers that leave
   * `new URL(..., import.meta.url)` alone (esbuild, Rollup), and to serve them from elsewhere.
   */
  files?: string | Address;
  /** The WebAssembly module alone: its address, its bytes, or compiled as a WebAssembly.Module. */
  wasm?: string | Address | ArrayBuffer | Uint8Array | object;
  /** What `votes` of `solve` is where it is not given. */
  votes?: number;
}

export type Task = "sudoku" | "maze" | "arc";

/**
 * A puzzle. Text as the command `hrm solve` reads it: a sudoku is 81 characters
 * with "." or "0" for a blank, or 9 rows; a maze 30 rows of 30 characters "# SG",
 * or all 900. Or a list: of all cells, as in `[5, 3, 0, ...]`, or of rows, each a
 * string or a list of cells; a cell is a digit, a character, or null for a blank
 * one. A model of candidates takes sudokus of any side up to 25, and cells up to as much.
 * A grid of ARC is a list of rows of colours, a whole task an object. Or the tokens of the model.
 */
export type Puzzle = ArcTask | string | ArrayLike<Cell> | ArrayLike<string | ArrayLike<Cell>> | { tokens: ArrayLike<number> };

/** A task of ARC with one test, whose output may be given to compare with. The model must have learned it under that name. */
export interface ArcTask {
  name: string;
  train: ArrayLike<{ input: ArcGrid; output: ArcGrid }>;
  test: ArrayLike<{ input: ArcGrid; output?: ArcGrid }>;
}

/** Rows of colours from 0 to 9. */
export type ArcGrid = ArrayLike<ArrayLike<number>>;

export type Cell = number | string | null | undefined;

export interface SolveOptions {
  /** Segments of one attempt at most (default: the model's own). */
  maxSegments?: number;
  /**
   * Further attempts for an answer that is not accepted: 0 is one pass of the model. By default
   * as many as the command `hrm solve` makes, 127 for a sudoku and 7 for others, of which none
   * begins after 30 seconds.
   */
  restarts?: number;
  /** Let the rules of the task decide that (default true), or the halting head alone. */
  check?: boolean;
  /** Ask the model about puzzles that have no answer, or several, too (default false: they reject with code "unsolvable"). */
  anyway?: boolean;
  /** Milliseconds for one puzzle, which ends with its best answer so far (default 60,000; 0: none). */
  timeLimit?: number;
  /** Of further attempts (default 0). The same seed gives the same answer. */
  seed?: number;
  /** Forms, turned, mirrored and in other colours, in which a task of ARC is asked at most (default: that of `load`, or 32); `steps` shows the first. */
  votes?: number;
  /** Row of the model's puzzle table; ARC only. */
  puzzleId?: number;
  /** Of the grid of a puzzle given as tokens or in one line, where it is not the model's own; text in rows says it itself. */
  rows?: number;
  cols?: number;
  /** Aborts: the promise rejects at once, and the worker is free after the segment under way. */
  signal?: Signal;
}

/** What one segment came to. */
export interface Step {
  attempt: number; // from 0
  segment: number; // of the attempt, from 1
  /** The cells, from 0, that this attempt took as given by a guess: none in the first, and none of tasks without guesses. */
  guessed: number[];
  /** The answer so far. */
  text: string;
  tokens: Uint8Array;
  /** The probability of each token of the answer so far. */
  confidence: Float32Array;
  /** How much the halting head wants to stop: above 0 it stops. */
  halting: number;
  qHalt: number;
  qContinue: number;
  /** The attempt ends here. */
  done: boolean;
  /** Milliseconds since the puzzle began. */
  elapsed: number;
  /** With the last step only. */
  solution?: Solution;
}

export interface Solution {
  text: string;
  tokens: Uint8Array;
  /** Of the grid. */
  rows: number;
  cols: number;
  /** Of a whole task of ARC: how many forms it was asked in, and the answers with the most votes, at most two. */
  vote?: { forms: number; candidates: Array<{ text: string; votes: number }> };
  /** Whether the answer obeys the rules of the task; of ARC whether it, or the second candidate, is the output given, null where none is. */
  valid: boolean | null;
  /** Why it is not valid, else "". */
  reason: string;
  /** Of the attempt that gave the answer. */
  segments: number;
  /** The halting head said stop; otherwise the attempt ran out of segments. */
  halted: boolean;
  qHalt: number;
  qContinue: number;
  attempts: number;
  totalSegments: number;
  /** The first attempt, one pass of the model without a guess. */
  firstPass: { segments: number; valid: boolean | null };
  /** A limit of time ended it: there would have been more. */
  timedOut: boolean;
  /** What it ended on, as in `Device.name`: the processor when a GPU was lost. */
  device: string;
  /** Milliseconds of thinking. */
  elapsed: number;
}

export interface Device {
  kind: "wasm" | "webgpu";
  /** With the kernels in use, as in "cpu/wasm-simd int8". */
  name: string;
  /** Why this one. */
  reason: string;
}

export interface ModelInfo {
  task: Task;
  /** The names of the puzzles that a model of ARC has learned, else none. */
  puzzles: string[];
  tokens: number;
  vocabulary: number;
  /** Of the model's own grid. */
  rows: number;
  cols: number;
  /** Puzzles may have other grids: rows of text, or the options `rows` and `cols`. */
  anyShape: boolean;
  family: "hrm" | "trm";
  hidden: number;
  maxSegments: number;
  /** Numbers that training made. */
  parameters: number;
  /** How the model was made, its licence, its measured accuracy. */
  meta: Record<string, string>;
  device: Device;
}

export declare class HRM {
  private constructor();
  /** Reads a model and starts it. Rejects with an HRMError. */
  static load(source: ModelSource, options?: LoadOptions): Promise<HRM>;
  readonly device: Device;
  readonly task: Task;
  readonly info: ModelInfo;
  solve(puzzle: Puzzle, options?: SolveOptions & { onStep?: (step: Step) => void }): Promise<Solution>;
  /** The segments as they come. Leaving the loop stops the puzzle. */
  steps(puzzle: Puzzle, options?: SolveOptions): AsyncGenerator<Step, Solution, void>;
  /**
   * Many puzzles, on several workers at once. Results are in the order of the
   * puzzles; a puzzle that cannot be read, or has no one answer, has its error in its place.
   */
  solveAll(
    puzzles: Iterable<Puzzle>,
    options?: SolveOptions & { onResult?: (index: number, result: Solution | HRMError) => void },
  ): Promise<Array<Solution | HRMError>>;
  /** Ends the workers and frees the model. Puzzles under way reject with code "disposed". It may be called again. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export type HRMErrorCode =
  | "network" // nothing could be fetched or read
  | "http" // the server answered with an error; see status
  | "html" // a page came instead of the file
  | "integrity" // other bytes than integrity says
  | "model" // the file is no sound .hrm file
  | "task" // the model solves another task
  | "puzzle" // the text or the tokens are no puzzle
  | "unsolvable" // the puzzle has no answer, or several; see SolveOptions.anyway
  | "option" // an option has an impossible value
  | "device" // the device asked for cannot be had
  | "wasm" // the WebAssembly module cannot be loaded
  | "worker" // the worker cannot be started, or died
  | "aborted" // by the caller's signal; cause is its reason, name is "AbortError"
  | "disposed" // dispose was called
  | "internal"; // a fault of this package

export declare class HRMError extends Error {
  readonly code: HRMErrorCode;
  readonly status?: number;
}

/** Forgets every model that was kept. */
export declare function clearCache(): Promise<void>;
