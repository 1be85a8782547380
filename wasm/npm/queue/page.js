// The page that hrm-scale serve --worker-page serves.
import { HRM } from "../lib/index.js";
import { QueueWorker, pauseWhenAway } from "../lib/queue.js";
import { wsconnect } from "./nats.js";

const $ = (id) => document.getElementById(id);
const say = (words) => { $("says").textContent = words; };

const model = HRM.load("model.hrm", { files: new URL("../dist/", import.meta.url), device: "wasm" });
let worker = null;
let rate = { at: 0, puzzles: 0 };

function show(state, error) {
  for (const id of ["puzzles", "valid", "returned", "name"]) $(id).textContent = state[id];
  const seconds = (performance.now() - rate.at) / 1000;
  if (seconds >= 5) {
    $("rate").textContent = ((state.puzzles - rate.puzzles) / seconds).toFixed(1);
    rate = { at: performance.now(), puzzles: state.puzzles };
  }
  const idle = state.thinking > 0 ? `Thinking about ${state.thinking === 1 ? "a batch" : `${state.thinking} batches`}.` : "Waiting for puzzles.";
  say(error ? `Trying again: ${error.message}` : state.pauses.length > 0 ? `Paused: ${state.pauses.join(", ")}.` : idle);
}

async function work() {
  const { user, pass, inbox, queue, name, restarts } = await (await fetch("connect.json", { method: "POST" })).json();
  const nats = await wsconnect({
    servers: new URL("queue", location.href.replace(/^http/, "ws")).href, user, pass, inboxPrefix: inbox, name,
    maxReconnectAttempts: -1, ignoreClusterUpdates: true,
  });
  worker = new QueueWorker(nats, await model, { queue, name, restarts, onChange: show });
  rate = { at: performance.now(), puzzles: 0 };
  const end = await pauseWhenAway(worker);
  show(worker.state);
  $("toggle").textContent = "Stop";
  $("toggle").disabled = false;
  try {
    await worker.run();
  } finally {
    end();
    await nats.close();
  }
}

$("toggle").addEventListener("click", async () => {
  if (worker) return worker.stop();
  $("toggle").disabled = true;
  try {
    await work();
    say("Stopped. What was not answered is given back.");
  } catch (error) {
    say(`It failed: ${error.message}`);
  }
  worker = null;
  $("toggle").textContent = "Start";
  $("toggle").disabled = false;
});

model.then(() => { say("Ready."); $("toggle").disabled = false; }, (error) => say(`It cannot be loaded: ${error.message}`));
