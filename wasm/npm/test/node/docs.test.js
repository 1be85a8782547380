import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { modelPath, skip, solved } from "./setup.js";

/** What a page of the documentation says in JavaScript, each block as a program. */
const blocks = (path) => [...readFileSync(new URL(path, import.meta.url), "utf8").matchAll(/^```js\n(.*?)^```$/gms)].map((m) => m[1]);

function run(program) {
  const dir = mkdtempSync(join(import.meta.dirname, ".docs-")); // where the package's own name resolves
  try {
    copyFileSync(modelPath, join(dir, "sudoku.hrm"));
    writeFileSync(join(dir, "program.mjs"), program);
    return execFileSync(process.execPath, ["program.mjs"], { cwd: dir, encoding: "utf8", timeout: 120_000 });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test("the code of docs/browser.md runs", { skip }, () => {
  const [many, errors] = blocks("../../../../docs/browser.md").map(run);
  assert.match(many, new RegExp(`^${solved} true \\d+\npuzzle line 1`));
  assert.equal(errors, "task a model for another task: it solves sudoku, want maze\n");
});

test("the code of the package's README runs", { skip }, () => {
  const [first, way, rule, steps] = blocks("../../README.md").map(run);
  assert.equal(first, `${solved} true\n`);
  assert.match(way, / true\n$/);
  assert.match(rule, /^\[\n {2}'fall',[^]*\]\n\[\[0,1,0,0,1,0\],\[3,3,0,0,3,3\],\[0,0,1,1,0,0\],\[6,0,6,6,0,6\],\[0,1,0,0,1,0\],\[0,0,3,3,0,0\]\] [4-8] of 8\n$/);
  assert.match(steps, /^0 1 [1-9]{81} \n/);
  assert.match(steps, /wants to stop\n$/);
});
