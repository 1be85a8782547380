// Solves the lines of standard input with the package, in node or in Chromium, and prints
// a line of JSON for each, with the names of hrm solve --json:
//
//	node doors.mjs node|chromium < puzzles.txt
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("..", import.meta.url));

/** Runs in either: what the package says of the puzzles. */
async function ask(models, puzzles) {
  const { sudoku } = await import(models);
  const model = await sudoku({ device: "wasm" });
  const results = await model.solveAll(puzzles, { timeLimit: 0 });
  await model.dispose();
  return results.map((r) => (r instanceof Error ? { error: r.message } : {
    answer: r.text, valid: r.valid, segments: r.segments, attempts: r.attempts, total_segments: r.totalSegments,
    first_pass_valid: r.firstPass.valid, first_pass_segments: r.firstPass.segments,
  }));
}

async function inChromium(puzzles) {
  const types = { ".js": "text/javascript", ".wasm": "application/wasm", "": "text/html" };
  const server = createServer((req, res) => {
    try {
      const path = normalize(new URL(req.url, "http://host").pathname);
      const body = path === "/" ? "<!doctype html><title>doors</title>" : readFileSync(join(folder, path));
      res.writeHead(200, { "content-type": types[path === "/" ? "" : extname(path)] ?? "application/octet-stream" }).end(body);
    } catch {
      res.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { launch, skip } = await import("./web/browser.js");
  if (skip) throw new Error(skip);
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    return await page.evaluate(`(${ask})("/lib/models.js", ${JSON.stringify(puzzles)})`);
  } finally {
    await browser.close();
    server.close();
  }
}

try {
  const puzzles = readFileSync(0, "utf8").split(/\s+/).filter(Boolean);
  const results = process.argv[2] === "chromium" ? await inChromium(puzzles) : await ask("@hrmgo/hrm/models", puzzles);
  for (const r of results) console.log(JSON.stringify(r));
} catch (error) {
  console.error(error);
  process.exitCode = 2; // 1 would be puzzles that are not solved
}
