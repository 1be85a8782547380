import { Chart } from "./chart.js";
import { compare } from "./compare.js";
import { examples } from "./examples.js";
import { MazeBoard, randomMaze, tools } from "./maze.js";
import { Player } from "./player.js";
import { Source, builtin, explain } from "./source.js";
import { SudokuBoard, parseSudoku } from "./sudoku.js";

const $ = (id) => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const duration = (ms) => (ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(2)} s`);
const count = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

const look = (words) => { $("cell").textContent = words.replace(/^./, (c) => c.toUpperCase()); };
const boards = {
  sudoku: new SudokuBoard({ onEdit: edited, onLook: look }),
  maze: new MazeBoard({ onEdit: edited, onLook: look }),
};
let board = null;
let solving = null; // AbortController of the puzzle under way
let comparing = false;

const chart = new Chart($("chart"));
let points = [];
const player = new Player((step, i) => showStep(step, i));

// --- the board ------------------------------------------------------------

function choose(kind) {
  if (board?.task === kind) return;
  stop();
  board = boards[kind];
  $("board").replaceChildren(board.element);
  for (const k of ["sudoku", "maze"]) {
    $(`kind-${k}`).setAttribute("aria-pressed", k === kind);
    $(`${k}-tools`).hidden = k !== kind;
  }
  edited();
  board.look();
}

/** The puzzle changed: what was thought about the former one is gone. */
function edited() {
  if (!board) return;
  stop();
  if (board.step) board.show(null);
  player.reset();
  showPoints([], -1);
  $("replay").hidden = true;
  for (const id of ["time", "segments", "attempt", "halting"]) $(id).textContent = "–";
  if (document.activeElement !== $("text")) $("text").value = boards.sudoku.text;
  ready();
}

/** Says whether the puzzle can be solved, and why not. */
function ready() {
  const { model } = source;
  const problem = board.problem();
  const other = model && model.task !== board.task;
  $("solve").disabled = Boolean(solving) || !model || other || problem !== "";
  $("stop").disabled = !solving;
  $("compare").disabled = comparing || $("solve").disabled;
  if (solving || !model) return;
  say(problem || (other
    ? `The model at hand solves ${model.task} puzzles. For a ${board.task}, load a ${board.task} model below.`
    : board.task === "sudoku" ? "Ready. Type digits, paste a puzzle, or choose an example." : "Ready. Draw a maze, or take a random one."));
}

function say(text) { $("status").textContent = text; }

// --- thinking ---------------------------------------------------------------

async function solve() {
  if ($("solve").disabled) return;
  const stopper = (solving = new AbortController());
  board.show(null);
  player.reset($("slow").checked && !calm.matches ? 260 : 0);
  points = [];
  say("Thinking…");
  ready();
  let solution = null;
  let error = null;
  try {
    const options = { restarts: Number($("attempts").value) - 1, signal: stopper.signal };
    for await (const step of source.model.steps(board.text, options)) {
      solution = step.solution ?? null;
      player.push(step);
    }
    performance.mark("hrm-answer", { detail: { text: solution.text, valid: solution.valid } });
    await player.end();
  } catch (e) {
    error = e;
  }
  if (solving !== stopper) return; // the puzzle was changed meanwhile
  solving = null;
  if (error) player.skip();
  ready();
  finish(solution, error);
}

function stop() {
  solving?.abort();
  solving = null;
}

function finish(solution, error) {
  const n = player.steps.length;
  if (error?.code === "aborted") return say(`Stopped after ${count(n, "segment")}.`);
  if (error) return fail(error);
  $("time").textContent = duration(solution.elapsed);
  board.show(player.steps.findLast((s) => s.text === solution.text), true); // of several attempts, the best one
  if (solution.valid) {
    const tries = solution.attempts > 1 ? `, at the ${ordinal(solution.attempts)} attempt` : "";
    return say(`Solved in ${duration(solution.elapsed)}: ${count(solution.totalSegments, "segment")}${tries}.`);
  }
  const why = solution.reason.replace(/^wrong answer: (not a shortest path: )?/, "");
  return say(`Not solved after ${count(solution.attempts, "attempt")}: ${why}.${solution.attempts < 32 ? " More attempts may help." : ""}`);
}

const ordinal = (n) => `${n}${n % 100 > 10 && n % 100 < 14 ? "th" : ["th", "st", "nd", "rd"][n % 10] ?? "th"}`;

function showStep(step, i) {
  board.show(step);
  for (const s of player.steps.slice(points.length)) {
    const mean = s.confidence.reduce((a, b) => a + b, 0) / s.confidence.length;
    points.push({ attempt: s.attempt, segment: s.segment, halt: sigmoid(s.halting), mean });
  }
  showPoints(points.slice(0, Math.max(i, player.shown) + 1), i);
  $("time").textContent = duration(step.elapsed);
  $("segments").textContent = i + 1;
  $("attempt").textContent = step.attempt + 1;
  $("halting").textContent = `${Math.round(100 * points[i].halt)} %`;
  $("replay").hidden = player.shown < 1;
  $("segment").max = player.shown + 1;
  $("segment").value = i + 1;
  $("segment-name").textContent = `segment ${step.segment}${step.attempt > 0 ? ` of attempt ${step.attempt + 1}` : ""}`;
}

function showPoints(list, at) {
  if (list.length === 0) points = [];
  chart.set(list, at);
}

// --- the model --------------------------------------------------------------

const source = new Source({
  progress({ loaded, total }, name) {
    $("progress").hidden = false;
    if (total) $("progress").value = loaded / total;
    else $("progress").removeAttribute("value");
    say(`Loading ${name}: ${megabytes(loaded)}${total ? ` of ${megabytes(total)}` : ""}`);
  },
  loaded(model, name, isBuiltin) {
    $("progress").hidden = true;
    $("error").hidden = true;
    $("builtin").hidden = isBuiltin;
    describe(model, name);
    document.body.dataset.ready = model.task;
    if (board?.task === model.task) edited();
    else choose(model.task);
  },
  failed(error) {
    $("progress").hidden = true;
    fail(error);
    ready();
    if (!source.model) say("No model is loaded.");
  },
});

const megabytes = (n) => `${(n / 1e6).toFixed(1)} MB`;

function fail(error) {
  $("error-text").textContent = explain(error);
  $("error").hidden = false;
  $("error-builtin").hidden = source.model !== null;
  if (!solving) say("That did not work: see the message above.");
}

function describe(model, name) {
  const { info, device } = model;
  list($("facts"), { Model: name, Kind: `${info.family.toUpperCase()}, ${info.hidden} wide`, Task: info.task, Device: `${device.kind}, ${device.name}`, Why: device.reason });
  const meta = Object.fromEntries(Object.entries(info.meta).sort().filter(([, v]) => !v.includes("\n")));
  list($("meta-list"), meta);
  $("meta").hidden = Object.keys(meta).length === 0;
}

function list(dl, facts) {
  dl.replaceChildren(...Object.entries(facts).map(([k, v]) => {
    const div = document.createElement("div");
    const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
    dt.textContent = k.replaceAll("_", " ");
    dd.textContent = v;
    div.append(dt, dd);
    return div;
  }));
}

/** Fills the list of devices, one after the other. */
async function compareDevices() {
  stop();
  comparing = true;
  ready();
  const facts = { WebAssembly: "…", WebGPU: "…" };
  list($("devices"), facts);
  for await (const { device, text } of compare(source.at, board.text)) {
    facts[device] = text;
    list($("devices"), facts);
  }
  comparing = false;
  ready();
}

function open(file) {
  stop();
  source.load(file, file.name);
}

// --- controls ---------------------------------------------------------------

function button(text, onClick, attributes = {}) {
  const b = document.createElement("button");
  b.type = "button";
  b.textContent = text;
  for (const [k, v] of Object.entries(attributes)) b.setAttribute(k, v);
  b.addEventListener("click", onClick);
  return b;
}

function fillControls() {
  const turn = {};
  for (const [level, list] of Object.entries(examples)) {
    $("examples").append(button(level.replace(/^./, (c) => c.toUpperCase()), () => {
      turn[level] = ((turn[level] ?? -1) + 1) % list.length;
      boards.sudoku.text = list[turn[level]];
    }));
  }
  for (const d of "123456789") $("pad").append(button(d, () => boards.sudoku.put(d), { "aria-label": `Digit ${d}` }));
  $("pad").append(button("⌫", () => boards.sudoku.put("."), { "aria-label": "Blank" }));
  for (const [mark, name] of Object.entries(tools)) {
    $("tools").append(button(name, (e) => {
      boards.maze.tool = mark;
      for (const b of $("tools").children) b.setAttribute("aria-pressed", b === e.target);
    }, { "aria-pressed": mark === "#" }));
  }
}

function takeText(text) {
  const { text: puzzle, error } = parseSudoku(text);
  $("text-note").textContent = error ?? "";
  $("text").setAttribute("aria-invalid", Boolean(error));
  if (puzzle) boards.sudoku.text = puzzle;
}

function wire() {
  $("solve").addEventListener("click", solve);
  $("stop").addEventListener("click", () => solving?.abort());
  $("clear").addEventListener("click", () => board.clear());
  $("kind-sudoku").addEventListener("click", () => choose("sudoku"));
  $("kind-maze").addEventListener("click", () => choose("maze"));
  $("random").addEventListener("click", () => { boards.maze.text = randomMaze(); });
  $("text").addEventListener("input", (e) => takeText(e.target.value));
  $("text").addEventListener("focus", (e) => e.target.select());
  $("segment").addEventListener("input", (e) => showStep(player.steps[e.target.value - 1], e.target.value - 1));
  $("error-close").addEventListener("click", () => { $("error").hidden = true; });
  for (const id of ["error-builtin", "builtin"]) $(id).addEventListener("click", () => source.load(builtin, "the built-in model"));
  $("device").addEventListener("change", (e) => { stop(); source.choose(e.target.value); });
  $("compare").addEventListener("click", compareDevices);
  $("file").addEventListener("change", (e) => {
    if (e.target.files[0]) open(e.target.files[0]);
    e.target.value = "";
  });
  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape") solving?.abort();
    if (e.key === "Enter" && e.target.getAttribute("role") === "gridcell") solve();
  });
  document.addEventListener("paste", (e) => {
    if (e.target === $("text") || board.task !== "sudoku") return;
    e.preventDefault();
    takeText(e.clipboardData.getData("text"));
  });
}

function wireDrop() {
  const hasFile = (e) => [...(e.dataTransfer?.types ?? [])].includes("Files");
  let depth = 0; // dragenter and dragleave come for every element on the way
  const show = (on) => $("drop").classList.toggle("on", on);
  addEventListener("dragenter", (e) => { if (hasFile(e)) show(++depth > 0); });
  addEventListener("dragleave", (e) => { if (hasFile(e)) show(--depth > 0); });
  addEventListener("dragover", (e) => { if (hasFile(e)) e.preventDefault(); });
  addEventListener("drop", (e) => {
    if (!hasFile(e)) return;
    e.preventDefault();
    show((depth = 0) > 0);
    if (e.dataTransfer.files[0]) open(e.dataTransfer.files[0]);
  });
}

fillControls();
wire();
wireDrop();
const address = new URLSearchParams(location.search).get("model");
const loading = source.load(address ? new URL(address, location.href).href : builtin, address ?? "the built-in model");
boards.sudoku.text = examples.medium[0];
choose("sudoku");
say("Loading the model…");
await loading;
