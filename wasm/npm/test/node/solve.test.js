import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { HRM, HRMError } from "@hrmgo/hrm";
import { easy, impossible, modelPath, skip, solved } from "./setup.js";

for (const worker of [true, false]) {
  describe(worker ? "in a worker" : "in this thread", { skip }, () => {
    let model;
    before(async () => { model = await HRM.load(modelPath, { worker, workers: 2 }); });
    after(() => model.dispose());
    const code = (promise) => promise.then(() => "no error", (e) => e.code);

    test("solves text and tokens", async () => {
      const s = await model.solve(easy);
      assert.equal(s.text, solved);
      assert.equal(s.valid, true);
      assert.equal(s.reason, "");
      assert.ok(s.elapsed > 0 && s.segments >= 1 && s.attempts >= 1 && s.totalSegments >= s.segments);
      const tokens = [...easy].map((c) => (c === "." ? 1 : Number(c) + 1));
      assert.deepEqual((await model.solve({ tokens })).tokens, s.tokens);
      assert.deepEqual((await model.solve({ tokens: Uint8Array.from(tokens) })).tokens, s.tokens);
      const lines = easy.match(/.{9}/g).join("\n");
      assert.equal((await model.solve(lines)).text, solved);
    });

    test("reads lists of digits, characters and rows", async () => {
      const digits = [...easy].map((c) => (c === "." ? 0 : Number(c)));
      const rows = easy.match(/.{9}/g);
      const forms = {
        digits, "typed digits": Uint8Array.from(digits), characters: [...easy], rows,
        nulls: digits.map((d) => d || null), "empty strings": [...easy].map((c) => (c === "." ? "" : c)),
        "rows of digits": rows.map((r) => [...r].map((c) => (c === "." ? 0 : Number(c)))),
        "rows of nulls": rows.map((r) => [...r].map((c) => (c === "." ? null : Number(c)))),
        "typed rows": rows.map((r) => Int8Array.from(r, (c) => (c === "." ? 0 : Number(c)))),
        "rows of characters": rows.map((r) => [...r]), dashes: easy.replaceAll(".", "-"),
        "a frame": rows.map((r) => `| ${[...r].join(" ")} |`).join("\n"),
      };
      for (const [name, form] of Object.entries(forms)) assert.equal((await model.solve(form)).text, solved, name);
      const told = (form) => model.solve(form).then(() => "solved", (e) => `${e.code}: ${e.message}`);
      assert.match(await told(digits.slice(1)), /^puzzle: line 1: 80 cells/);
      assert.match(await told([...digits.slice(1), 26]), /^puzzle: a cell is 26, want a digit or a character/);
      assert.match(await told([...digits.slice(1), 0.5]), /^puzzle: a cell is 0.5/);
      assert.match(await told({ tokens: [1, 300] }), /^puzzle: tokens are whole numbers/);
      assert.match(await told({ cells: digits }), /^puzzle: a puzzle is a string, a list of rows/);
      for (const form of [7, null, undefined, true, {}]) assert.match(await told(form), /^puzzle: a puzzle is a string, a list/);
    });

    test("unknown options are errors", async () => {
      const told = (promise) => promise.then(() => "solved", (e) => `${e.code}: ${e.message}`);
      assert.match(await told(model.solve(easy, { restart: 3 })), /^option: unknown option restart: want maxSegments, restarts/);
      assert.match(await told(model.solve(easy, { onstep() {} })), /^option: unknown option onstep/);
      assert.match(await told(model.solve(easy, { onResult() {} })), /^option: unknown option onResult/);
      assert.match(await told(model.solveAll([easy], { onStep() {} })), /^option: unknown option onStep/);
      assert.match(await told(model.steps(easy, { timeout: 1 }).next()), /^option: unknown option timeout/);
      assert.match(await told(model.solve(easy, { check: "no" })), /^option: .*check is a string, want true or false/);
      assert.match(await told(model.solve(easy, null)), /^option: options are an object, not null/);
      assert.match(await told(HRM.load(modelPath, { worker, threads: 2 })), /^option: unknown option threads: want progress/);
      assert.equal((await model.solve(easy, { signal: undefined, restarts: undefined })).text, solved);
    });

    test("steps settle to the solution", async () => {
      const steps = [];
      for await (const step of model.steps(easy)) steps.push(step);
      const last = steps.at(-1);
      assert.equal(last.solution.text, solved);
      assert.ok(steps.slice(0, -1).every((s) => !s.solution));
      assert.equal(steps.length, last.solution.totalSegments);
      assert.equal(last.done, true);
      for (const s of steps) {
        assert.equal(s.confidence.length, 81);
        assert.ok(s.confidence.every((c) => c > 0 && c <= 1));
        assert.equal(s.tokens.length, 81);
        assert.ok(Number.isFinite(s.halting));
        assert.deepEqual(s.guessed, []);
      }
      assert.deepEqual(steps.map((s) => s.elapsed), steps.map((s) => s.elapsed).sort((a, b) => a - b));
    });

    test("an answer that breaks the rules says so, and further attempts what they guess", async () => {
      const s = await model.solve(impossible, {
        maxSegments: 1, restarts: 2, anyway: true,
        onStep: ({ attempt, guessed }) => {
          assert.equal(guessed.length > 0, attempt > 0);
          assert.ok(guessed.every((i) => impossible[i] === "."));
        },
      });
      assert.equal(s.valid, false);
      assert.match(s.reason, /wrong answer: .*; the puzzle cannot be solved: it has no solution/);
      assert.equal(s.attempts, 3);
      assert.equal(s.totalSegments, 3);
      const again = await model.solve(impossible, { maxSegments: 1, restarts: 2, anyway: true });
      assert.equal(again.text, s.text, "the same seed gives the same answer");
    });

    test("bad puzzles and options", async () => {
      const bad = await model.solve("53").catch((e) => e);
      assert.equal(bad.code, "puzzle");
      assert.match(bad.message, /line 1: 2 cells/);
      assert.match((await model.solve(easy.replace("5", "x")).catch((e) => e)).message, /column 1: found 'x'/);
      assert.equal(await code(model.solve(`5${easy.slice(1, 8)}5${easy.slice(9)}`)), "puzzle"); // 5 twice in a row
      assert.equal(await code(model.solve([1, 2, 3])), "puzzle");
      assert.equal(await code(model.solve({ tokens: Array(81).fill(300) })), "puzzle");
      assert.equal(await code(model.solve({ tokens: Array(81).fill(99) })), "puzzle");
      assert.equal(await code(model.solve(null)), "puzzle");
      assert.equal(await code(model.solve(`${easy}\n${easy}`)), "puzzle");
      assert.equal(await code(model.solve(easy, { restarts: -1 })), "option");
      assert.equal(await code(model.solve(easy, { maxSegments: "8" })), "option");
      assert.equal((await model.solve(easy)).text, solved, "and it goes on");
    });

    test("what has no one answer is refused, as on the command line", async () => {
      const none = await model.solve(impossible).catch((e) => e);
      assert.equal(`${none.code}: ${none.message}`, "unsolvable: cannot be solved: it has no solution");
      assert.equal(await code(model.solve(easy.replace(/[1-5]/g, "."))), "unsolvable"); // several
      assert.equal((await model.solveAll([impossible, easy]))[1].text, solved);
      const s = await model.solve(impossible, { anyway: true, restarts: 0, maxSegments: 2 });
      assert.deepEqual([s.valid, s.attempts, s.firstPass, s.rows, s.cols, s.timedOut], [false, 1, { segments: s.segments, valid: false }, 9, 9, false]);
      const late = await model.solve(impossible, { anyway: true, restarts: 1 << 20, timeLimit: 50 });
      assert.ok(late.timedOut && late.elapsed < 30_000);
      assert.deepEqual((await model.solve(easy)).firstPass, { segments: 1, valid: true });
    });

    test("many puzzles, in order", async () => {
      const seen = new Set();
      const results = await model.solveAll([easy, "no puzzle", solved, easy], { onResult: (i) => seen.add(i) });
      assert.deepEqual(results.map((r) => r.text), [solved, undefined, solved, solved]);
      assert.ok(results[1] instanceof HRMError);
      assert.equal(seen.size, 4);
    });

    test("aborts", async () => {
      assert.equal(await code(model.solve(easy, { signal: AbortSignal.abort() })), "aborted");
      const stop = new AbortController();
      let steps = 0;
      const endless = model.solve(impossible, { restarts: 1000, anyway: true, signal: stop.signal, onStep: () => { if (++steps === 2) stop.abort(); } });
      const waiting = model.solve(easy);
      assert.equal(await code(endless), "aborted");
      assert.equal((await waiting).text, solved);
      assert.equal(steps, 2);
      for await (const step of model.steps(impossible, { restarts: 1000, anyway: true })) if (step.segment === 2) break;
      await assert.rejects(async () => {
        const late = new AbortController();
        for await (const _ of model.steps(impossible, { restarts: 1000, anyway: true, signal: late.signal })) late.abort();
      }, { code: "aborted", name: "AbortError" });
      assert.equal((await model.solve(easy)).text, solved, "and it goes on");
    });
  });
}

test("a disposed model", { skip }, async () => {
  const model = await HRM.load(modelPath, { workers: 1 });
  const running = model.solve(impossible, { restarts: 1000 }).catch((e) => e);
  const waiting = model.solve(easy).catch((e) => e);
  await Promise.all([model.dispose(), model.dispose()]);
  await model.dispose();
  assert.equal((await running).code, "disposed");
  assert.equal((await waiting).code, "disposed");
  assert.equal((await model.solve(easy).catch((e) => e)).code, "disposed");
});

test("a timer of a disposed model wakes nothing", { skip }, async (t) => {
  let program;
  const { run } = Go.prototype;
  t.mock.method(Go.prototype, "run", function start(instance) {
    program = this;
    return run.call(this, instance);
  });
  const model = await HRM.load(modelPath, { worker: false });
  let woken = false;
  program._scheduledTimeouts.set(-1, setTimeout(() => { woken = true; }, 10)); // as that of a sleeping goroutine
  await model.dispose();
  await new Promise((resolve) => { setTimeout(resolve, 30); });
  assert.equal(woken, false);
});

test("an answer on its way while its model is disposed of", { skip }, async () => {
  for (let i = 0; i < 20; i++) {
    const model = await HRM.load(modelPath, { workers: 1 });
    const running = model.solve(impossible).catch((e) => e);
    await model.dispose(); // node ends here, with status 13, if nothing keeps it until the thread has ended
    assert.equal((await running).code, "disposed");
  }
});

test("a model that was not disposed does not keep node alive", { skip }, () => {
  const program = `import { HRM } from "@hrmgo/hrm";
    const m = await HRM.load(${JSON.stringify(modelPath)});
    console.log((await m.solve(${JSON.stringify(easy)})).text);`;
  const out = execFileSync(process.execPath, ["--input-type=module", "-e", program], { cwd: import.meta.dirname, timeout: 60_000, encoding: "utf8" });
  assert.equal(out.trim(), solved);
});
