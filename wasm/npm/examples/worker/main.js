// The page sends puzzles to its own worker, which has the model in its thread.
const $ = (id) => document.getElementById(id);
const worker = new Worker(new URL("./solver.js", import.meta.url), { type: "module" });

worker.onmessage = (e) => { $("answer").textContent = e.data; };
$("solve").onclick = () => worker.postMessage($("puzzle").value);
