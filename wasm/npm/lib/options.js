// Options that nobody knows are errors: a misspelt one would be passed over.
import { HRMError } from "./errors.js";

export const solveOptions = ["maxSegments", "restarts", "check", "anyway", "timeLimit", "seed", "votes", "puzzleId", "rows", "cols", "signal"];
export const loadOptions = ["progress", "signal", "cache", "integrity", "device", "task", "worker", "workers", "files", "wasm", "votes"];

export function only(known, options) {
  if (options === null || typeof options !== "object") throw new HRMError("option", `options are an object, not ${options === null ? "null" : typeof options}`);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new HRMError("option", `unknown option ${unknown}: want ${known.join(", ")}`);
}
