// Mazes of 30 x 30 in Chromium with the embedded model, one worker, beside breadth-first
// search. They are made as the page makes them: random walls, S and G far apart.
//
//	npm ci --prefix wasm/npm/test/web && go run ./wasm/build && node wasm/npm/bench/maze.mjs [MAZES]
import { demo, folder, launch, skip } from "../test/web/browser.js";

if (skip) throw new Error(skip);
const mazes = Number(process.argv[2] ?? 25);
const made = folder();
const server = await demo(made.path);
const browser = await launch();

/** In the page: solves mazes one after another; {device, rows: [{ms, looks, valid, steps, search}]}. */
async function solve(count) {
  const { HRM } = await import("/lib/index.js");
  const { format, kinds, shortest, timed } = await import("/mazes.js");
  const { chances } = await import("/rulebook.js");
  const chance = chances(1);
  const model = await HRM.load("/maze.hrm", { workers: 1, device: "wasm" });
  const made = Array.from({ length: count + 1 }, () => kinds.random(30, 30, chance));
  const searches = made.map(timed);
  const rows = [];
  for (const [i, maze] of made.entries()) { // the first warms up
    if (i === 1) await globalThis.warm();
    const began = performance.now();
    const { valid, totalSegments } = await model.solve(format(maze));
    const ms = performance.now() - began;
    if (i > 0) rows.push({ ms, looks: totalSegments, valid, steps: shortest(maze), search: searches[i] });
  }
  return { device: model.device.name, rows };
}

const middle = (list) => list.sort((a, b) => a - b)[list.length >> 1];
try {
  const page = await browser.newPage();
  await page.goto(new URL("lib/index.d.ts", server.url).href); // a page without scripts of its own
  const metrics = await page.context().newCDPSession(page);
  await metrics.send("Performance.enable");
  const spent = async () => (await metrics.send("Performance.getMetrics")).metrics.find(({ name }) => name === "ProcessTime").value;
  let began;
  await page.exposeFunction("warm", async () => { began = await spent(); });
  const { device, rows } = await page.evaluate(solve, mazes);
  const processor = 1000 * (await spent() - began) / mazes;
  const of = (key) => rows.map((r) => r[key]);
  const [ms, search] = [middle(of("ms")), middle(of("search"))];
  console.log(`${device}: ${rows.length} mazes of 30 x 30, ${rows.filter((r) => r.valid).length} right, ${middle(of("steps"))} steps in the middle one`);
  console.log(`model: ${ms.toFixed(0)} ms median (${Math.min(...of("ms")).toFixed(0)} to ${Math.max(...of("ms")).toFixed(0)}), ${middle(of("looks"))} looks; ${processor.toFixed(0)} ms of the processor a maze, all tries\n`
    + `${rows.filter((r) => r.ms < 400).length} of ${rows.length} in under 400 ms`);
  console.log(`breadth-first search: ${(1000 * search).toFixed(0)} µs median, ${Math.round(ms / search)} times as fast`);
} finally {
  await browser.close();
  await server.stop();
  made.remove();
}
