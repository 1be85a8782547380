import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { HRM } from "@hrmgo/hrm";
import * as models from "@hrmgo/hrm/models";
import { examplesOf, rules } from "../../demo/arcs.js";
import { task } from "../../demo/rulebook.js";
import { easy, skip } from "./setup.js";

const input = [[1, 0, 3], [0, 6, 0], [3, 3, 0], [0, 0, 0], [1, 0, 6], [0, 1, 0]].map((left) => [...left, 0, 0, 0]);
const mirror = rules.find((rule) => rule.name === "mirror");
const arc = { name: "mirror", train: examplesOf(mirror), test: [{ input, output: mirror.apply(input) }] };
const puzzles = { arc, sudoku: easy, sudokuSizes: "1.....3....2.4..", maze: "S.#..\n..#..\n.....\n##.##\n....G" };

test("every model of the package has a function, and solves a puzzle", { skip }, async () => {
  const names = readdirSync(new URL("../../dist", import.meta.url)).filter((n) => n.endsWith(".hrm")).map((n) => n.replace(".hrm", ""));
  assert.ok(names.includes("sudoku"));
  for (const name of names) {
    const own = name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
    assert.equal(typeof models[own], "function", `lib/models.js has nothing for dist/${name}.hrm`);
    const model = await models[own]();
    assert.equal(model.task, name.replace(/-.*/, ""));
    const { valid, reason } = await model.solve(puzzles[own]);
    assert.ok(valid, reason);
    await model.dispose();
  }
});

test("a model of rules says which it knows, looks, and counts votes", { skip }, async () => {
  const model = await models.arc();
  for (const { name } of rules) assert.ok(model.info.puzzles.includes(name), name);
  const looks = [];
  for await (const look of model.steps(arc)) looks.push(look);
  looks.forEach((look, i) => assert.deepEqual([look.attempt, look.segment, look.confidence.length], [0, i + 1, 900]));
  assert.deepEqual(JSON.parse(looks.at(-1).text).map((row) => row.length), Array(6).fill(6));
  const { solution } = looks.at(-1);
  assert.deepEqual([solution.rows, solution.cols, solution.vote.forms, solution.attempts], [6, 6, 8, 8]);
  assert.equal(solution.text, JSON.stringify(mirror.apply(input)));
  assert.equal(solution.vote.candidates[0].text, solution.text);
  assert.ok(solution.vote.candidates[0].votes >= 4 && solution.vote.candidates.length <= 2, JSON.stringify(solution.vote));
  const { text, valid } = await model.solve({ ...arc, test: [{ input }] });
  assert.deepEqual([text, valid], [solution.text, null]); // nobody told it the answer
  await assert.rejects(model.solve({ ...arc, name: "other" }), { code: "puzzle", message: /unknown task.*"other": its name is none of/ });
  await assert.rejects(model.solve({ test: [{ input }] }), { code: "puzzle", message: /\{name, train, test\}/ });
  assert.equal((await model.solve(arc, { votes: 2 })).vote.forms, 2);
  await assert.rejects(model.solve(arc, { votes: -1 }), { code: "option" });
  await model.dispose();
});

test("the model of rules answers new inputs about as often as the page says", { skip, timeout: 600_000 }, async () => {
  const model = await models.arc();
  for (const [i, rule] of rules.entries()) {
    const { test: asked } = task(rule, 5000 + i, 0, 20);
    const answers = await model.solveAll(asked.map((pair) => ({ name: rule.name, train: examplesOf(rule), test: [pair] })));
    const right = answers.filter(({ text }, k) => text === JSON.stringify(asked[k].output)).length;
    assert.ok(right >= 20 * (rule.right - 15) / 100, `${rule.name}: ${right} of 20 are right, ${rule.right} of 100 are promised`);
  }
  await model.dispose();
});

test("a model of candidates takes sudokus of every size, in every way to write them", { skip }, async () => {
  const model = await HRM.load(fileURLToPath(new URL("../../../../train/start/sudoku-candidates.hrm", import.meta.url)));
  const forms = {
    "1324423131422413": "1.....3....2.4..", ABDCCDBADCABBACD: "A...\n..B.\n.C..\n...D",
    "1243342143122134": [[1, 0, 0, 0], [0, 0, 2, 0], [0, 3, 0, 0], [0, 0, 0, 4]],
  };
  for (const [answer, form] of Object.entries(forms)) {
    const { text, rows, cols, valid } = await model.solve(form);
    assert.deepEqual([text, rows, cols, valid], [answer, 4, 4, true]);
  }
  const digit = (i) => (((Math.floor(i / 16) % 4) * 4 + Math.floor(i / 64) + i) % 16) + 1;
  const full = Array.from({ length: 16 }, (_, r) => Array.from({ length: 16 }, (__, c) => digit(16 * r + c)));
  const sixteen = await model.solve(full.map((row, r) => row.map((d, c) => ((16 * r + c) % 20 ? d : 0))));
  assert.deepEqual([sixteen.text, sixteen.rows, sixteen.valid], [full.flat().join(" "), 16, true]);
  assert.ok((await model.solve(easy)).valid);
  await model.dispose();
});
