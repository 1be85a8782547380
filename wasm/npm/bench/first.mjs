// From opening the demo page to its first answer in Chromium: fetch, compile,
// load the embedded model, which solves its puzzle by itself. Each round has a new
// profile, so nothing is cached.
//
//	go run ./wasm/build && node wasm/npm/bench/first.mjs [ROUNDS]
import { demo, folder, launch, skip } from "../test/web/browser.js";

if (skip) throw new Error(skip);
const rounds = Number(process.argv[2] ?? 9);
const made = folder();
const server = await demo(made.path);

const ready = [];
let arrived = []; // [bytes, address] of what came until the model was ready, as it came: compressed
const answered = [];
try {
  for (let r = 0; r < rounds; r++) {
    const browser = await launch();
    const page = await browser.newPage({ reducedMotion: "reduce" });
    const network = await page.context().newCDPSession(page);
    await network.send("Network.enable");
    const addresses = new Map();
    const came = [];
    network.on("Network.requestWillBeSent", ({ requestId, request }) => addresses.set(requestId, request.url));
    network.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => came.push([encodedDataLength, addresses.get(requestId) ?? "?"]));
    await page.goto(server.url);
    await page.waitForFunction(() => performance.getEntriesByName("hrm-ready").length > 0, null, { timeout: 60_000 });
    arrived = [...came];
    await page.waitForFunction(() => performance.getEntriesByName("hrm-answer").length > 0, null, { timeout: 60_000 });
    const [atReady, atAnswer] = await page.evaluate(() => ["hrm-ready", "hrm-answer"].map((name) => performance.getEntriesByName(name)[0].startTime));
    ready.push(atReady);
    answered.push(atAnswer);
    await browser.close();
  }
} finally {
  await server.stop();
  made.remove();
}
const middle = (list) => list.sort((a, b) => a - b)[list.length >> 1];
const sum = arrived.reduce((bytes, [n]) => bytes + n, 0);
console.log(`${(sum / 1e6).toFixed(3)} MB until ready, 1.5 wanted: ${arrived.sort(([a], [b]) => b - a).map(([n, url]) => `${new URL(url).pathname} ${n}`).join(", ")}`);
for (const [name, list] of [["ready", ready], ["first answer", answered]]) {
  console.log(`${name}: ${middle(list).toFixed(0)} ms median, ${list[0].toFixed(0)} best, of ${rounds}`);
}
