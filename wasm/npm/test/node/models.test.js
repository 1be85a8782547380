import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import * as models from "@hrmgo/hrm/models";
import { easy, skip } from "./setup.js";

const puzzles = { sudoku: easy, maze: "S.#..\n..#..\n.....\n##.##\n....G" };

test("every model of the package has a function, and solves a puzzle", { skip }, async () => {
  const names = readdirSync(new URL("../../dist", import.meta.url)).filter((n) => n.endsWith(".hrm")).map((n) => n.replace(".hrm", ""));
  assert.ok(names.includes("sudoku"));
  for (const name of names) {
    assert.equal(typeof models[name], "function", `lib/models.js has nothing for dist/${name}.hrm`);
    const model = await models[name]();
    assert.equal(model.task, name);
    const { valid, reason } = await model.solve(puzzles[name]);
    assert.ok(valid, reason);
    await model.dispose();
  }
});
