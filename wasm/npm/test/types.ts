// What a caller writes in TypeScript compiles: `tsc` checks this file, nothing runs it.
import { HRM, HRMError, clearCache, type Solution, type Step } from "@hrmgo/hrm";
import { arc, maze, sudoku } from "@hrmgo/hrm/models";
import { QueueWorker, pauseWhenAway, type QueueConnection } from "@hrmgo/hrm/queue";

const stop = new AbortController();
const model: HRM = await HRM.load("sudoku.hrm", {
  task: "sudoku", device: "auto", cache: true, integrity: "sha256-…", workers: 2, signal: stop.signal,
  progress: ({ loaded, total }) => console.log(loaded, total ?? "?"),
});
const solution: Solution = await model.solve("53..7....", { maxSegments: 16, restarts: 3, signal: stop.signal });
const valid: boolean | null = solution.valid;
for await (const step of model.steps(new Uint8Array(81))) {
  const s: Step = step;
  console.log(s.text, s.confidence[0] * 100, s.halting > 0, s.solution?.attempts, valid);
}
for (const result of await model.solveAll(["…"], { onResult: (i) => console.log(i) })) {
  if (result instanceof HRMError) console.log(result.code === "puzzle", result.status);
  else console.log(result.text);
}
console.log(model.device.kind, model.device.reason, model.info.meta["licence"]);
await model.dispose();
await clearCache();
await HRM.load(await fetch("x"), { files: new URL("https://example.com/") });
await HRM.load(new File([], "x.hrm"), { wasm: await WebAssembly.compile(new Uint8Array()) });
await sudoku({ signal: AbortSignal.timeout(1) });
await (await maze()).solve("S.\n.G", { rows: 2, cols: 2 });
declare const nats: QueueConnection;
const lent = new QueueWorker(nats, model, { restarts: 127, onChange: ({ puzzles, pauses }, error) => console.log(puzzles, pauses.join(), error?.message) });
const away = await pauseWhenAway(lent);
await lent.run();
away();
const rules = await arc();
const { vote } = await rules.solve({ name: rules.info.puzzles[0], train: [{ input: [[1]], output: [[2]] }], test: [{ input: [[1]] }] }, { votes: 4 });
console.log(vote?.forms, vote?.candidates[0].votes);
// @ts-expect-error there is no such device
await HRM.load("x", { device: "tpu" });
// @ts-expect-error its task is known
await sudoku({ task: "maze" });
