// An engine in a worker, of a browser or of node. Messages are
//   {id, method: "open" | "solve", args}   answered by {id, value} or {id, error},
//                                          after a {id, step} for each segment
//   {method: "stop"}
import { Engine } from "./engine.js";
import { pack } from "./errors.js";

const parent = typeof WorkerGlobalScope === "undefined" ? (await import("node:worker_threads")).parentPort : self;
let engine;

const methods = {
  async open(_, program, bytes, options) {
    engine = await Engine.start(program);
    return engine.open(bytes, options);
  },
  solve(id, puzzle, options, watched) {
    return engine.solve(puzzle, options, watched ? (step) => parent.postMessage({ id, step }) : null);
  },
};

async function answer({ id, method, args }) {
  if (method === "stop") return engine?.stop();
  try {
    parent.postMessage({ id, value: await methods[method](id, ...args) });
  } catch (error) {
    parent.postMessage({ id, error: pack(error) });
  }
}

if (parent === globalThis) parent.onmessage = (e) => answer(e.data);
else parent.on("message", answer);
parent.postMessage({ started: true });
