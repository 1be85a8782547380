import { Chart } from "./chart.js";
import { examples, looks } from "./examples.js";
import { Film } from "./film.js";
import { Player } from "./player.js";
import { examine } from "./rules.js";
import { Source, builtin, explain, hasGPU } from "./source.js";
import { SudokuBoard } from "./sudoku.js";
import { Typing } from "./typing.js";
import { capital, detail, outcome, title } from "./words.js";

const $ = (id) => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

const boards = { sudoku: new SudokuBoard({ onEdit: edited, onPick: () => typing.pick() }) }; // a maze's comes with its model
let board = boards.sudoku;
let verdict = null; // what examine says of the puzzle
let thinking = null; // AbortController of the puzzle under way
let wish = true; // solve as soon as the model is there: the first visit plays by itself
let solution = null;

const player = new Player({ show, state: transport });
const film = new Film($("film"), { colours, go: (i) => player.go(i) });
const chart = new Chart($("chart"), { go: (i) => player.go(i) });
const typing = new Typing(boards.sudoku, { taken: () => choose("sudoku"), solve: think, wrong: transport, opened: () => { if (player.playing) player.pause(); } });

// --- the puzzle ---------------------------------------------------------------

function choose(task) {
  if (board.task !== task) {
    board = boards[task];
    $("board").replaceChildren(board.element);
    edited();
  }
  $("bars").textContent = board.bars;
  $("maze-tools").hidden = task !== "maze";
  document.body.dataset.board = task;
}

/** The puzzle changed: what was thought about the former one is gone. */
function edited() {
  if (!board.element.isConnected) return;
  stop();
  reset();
  verdict = board.task === "sudoku" ? examine(board.text) : board.examine();
  typing.changed(board);
  for (const b of $("levels").children) b.setAttribute("aria-pressed", examples[b.dataset.level].includes(board.text));
  introduce();
  transport();
}

function reset() {
  solution = null;
  player.reset();
  film.reset();
  chart.set([], -1, -1, board.bars);
  delete document.body.dataset.done;
  if (board.look) board.show(null);
}

/** Says what is known before anyone thinks. */
function introduce() {
  const { model } = source;
  if (!model && verdict.kind === "one") return;
  const other = model && model.task !== board.task;
  say(other ? `This model solves ${model.task} puzzles.` : verdict.title, other ? "Load another one under the hood." : verdict.text);
}

function say(words, more = "") {
  $("title").textContent = words;
  $("detail").textContent = more;
}

/** For those who do not see the page; not every look. */
function announce(words) { $("live").textContent = words; }

// --- thinking -----------------------------------------------------------------

async function think() {
  const { model } = source;
  if (!model) return void (wish = true);
  if (verdict.kind === "empty" || model.task !== board.task) return;
  stop();
  reset();
  const stopper = (thinking = new AbortController());
  if (!calm.matches) player.play();
  say("Thinking…");
  announce("Thinking");
  transport();
  try {
    let last = null;
    const restarts = Number($("guesses").value);
    for await (const step of model.steps(board.text, { restarts, signal: stopper.signal })) {
      if (thinking !== stopper) return;
      last = take(step, last);
    }
    performance.mark("hrm-answer", { detail: { text: solution.text, valid: solution.valid } });
    end();
  } catch (error) {
    if (thinking !== stopper) return;
    thinking = null;
    player.end(player.looks.length - 1);
    player.skip();
    if (error.code !== "aborted") fail(error);
    else if (player.looks.length === 0) introduce();
  }
}

/** Makes a look of a step. */
function take(step, before) {
  const look = board.describe(step, before?.step.attempt === step.attempt ? before : null);
  look.again = board.again;
  look.halt = sigmoid(step.halting);
  look.mean = step.confidence.reduce((a, b) => a + b, 0) / step.confidence.length;
  solution = step.solution ?? null;
  look.solved = Boolean(solution?.valid);
  player.push(look);
  return look;
}

function end() {
  thinking = null;
  const { looks } = player;
  measure(looks);
  const best = looks.findLastIndex((l) => l.step.text === solution.text); // of several attempts
  player.end(best < 0 ? looks.length - 1 : best);
  if (!player.playing) player.skip();
  transport();
}

function stop() {
  thinking?.abort();
  thinking = null;
}

/** The time of a look, which the first one of a page has not warmed up for. */
function measure(looks) {
  const times = looks.map((l, i) => l.step.elapsed - (looks[i - 1]?.step.elapsed ?? 0)).sort((a, b) => a - b);
  const median = times[Math.floor((times.length - 1) / 2)];
  $("n-look").textContent = `${median < 10 ? median.toFixed(1) : Math.round(median)} ms`;
  $("n-where").textContent = solution.device.startsWith("webgpu") ? "a look, on your GPU" : "a look, on your processor";
}

/** Shows one look; the film and the chart have those that were seen. */
function show(look, i) {
  const { looks, last, whole } = player;
  const over = whole && i === last && !(player.playing && last < looks.length - 1);
  const seen = Math.max(film.looks.length, over ? looks.length : i + 1);
  for (const l of looks.slice(film.looks.length, seen)) film.add(l, title(l, board.task));
  board.show(look);
  film.mark(i);
  chart.set(looks.slice(0, seen), i, whole && seen > last ? last : -1, board.bars);
  if (over && solution) conclude(look);
  else say(title(look, board.task), detail(look));
}

function conclude(look) {
  const ended = `${outcome(player.looks, solution)}${board.task === "maze" ? ` ${board.honest()}` : ""}`;
  say(solution.valid ? title(look, board.task) : "It did not find the answer.", ended);
  announce(`${$("title").textContent} ${ended}`);
  document.body.dataset.done = solution.valid ? "solved" : "unsolved";
}

// --- the transport ------------------------------------------------------------

/** What the button would do now. */
function transport() {
  const { looks, at, playing, whole, atEnd } = player;
  const bad = !["one", "unknown", "empty"].includes(verdict.kind);
  const fresh = looks.length === 0 && !thinking;
  $("play").textContent = playing || (thinking && calm.matches) ? "Pause"
    : fresh ? (bad ? "Let it try anyway" : !source.model && wish ? "Starts when loaded" : "Solve")
      : atEnd && whole ? "Play again" : "Play";
  $("play").disabled = typing.wrong || (fresh && (verdict.kind === "empty" || Boolean(source.model && source.model.task !== board.task)));
  $("back").disabled = at <= 0;
  $("next").disabled = at >= looks.length - 1;
  $("compare").disabled = verdict.kind !== "one" || source.model?.task !== board.task;
  document.body.dataset.state = playing ? "playing" : thinking ? "thinking" : fresh ? "fresh" : "still";
}

function press() {
  if (player.looks.length === 0 && !thinking) {
    if (!source.model) {
      wish = !wish;
      return transport();
    }
    return think();
  }
  if (player.playing) return player.pause();
  if (thinking && calm.matches) return stop();
  return player.play();
}

// --- the model ----------------------------------------------------------------

const source = new Source({
  progress(part, name) {
    $("progress").hidden = false;
    $("progress").value = part;
    if (player.looks.length === 0 && ["one", "unknown"].includes(verdict?.kind)) say(`Loading ${name}: ${Math.round(100 * part)} %`, wish ? "The puzzle starts by itself." : "");
  },
  async loaded(model, name, isBuiltin, bytes) {
    if (!boards[model.task]) await makeMazeBoard();
    $("progress").hidden = true;
    $("error").hidden = true;
    $("builtin").hidden = isBuiltin;
    describe(model, name, bytes);
    document.body.dataset.ready = model.task;
    performance.mark("hrm-ready");
    if (board.task !== model.task) choose(model.task);
    if (player.looks.length === 0) introduce();
    transport();
    if (wish && ["one", "unknown"].includes(verdict.kind)) think();
    wish = false;
    remember();
  },
  failed(error) {
    $("progress").hidden = true;
    wish = false;
    fail(error);
    if (!source.model) say("No network is loaded.", "See the message below.");
    transport();
  },
});

function fail(error) {
  $("error-text").textContent = explain(error);
  $("error").hidden = false;
  $("error-builtin").hidden = source.model !== null;
}

function describe(model, name, bytes) {
  const { info, device } = model;
  const megabytes = `${(bytes / 1e6).toFixed(2)} MB`;
  $("n-parameters").textContent = info.parameters?.toLocaleString("en") ?? "–";
  $("n-bytes").textContent = megabytes;
  const training = info.meta.training_config ?? "";
  const [, hours, minutes] = /^for: (?:(\d+)h)?(?:(\d+)m)?/m.exec(training) ?? [];
  $("n-training").textContent = minutes || hours ? [hours && `${hours} h`, minutes && minutes !== "0" && `${minutes} min`].filter(Boolean).join(" ") : "–";
  $("n-trained").textContent = info.meta.training_device?.startsWith("webgpu") ? "training, one GPU" : "training";
  const kind = { trm: "TRM, a Tiny Recursive Model", hrm: "HRM, a Hierarchical Reasoning Model" }[info.family];
  list($("facts"), { Model: name, Kind: `${kind}, ${info.hidden} wide`, Task: info.task, "Runs on": device.name });
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

/** Chooses a device; one that cannot be had leaves the present one at work. */
async function chooseDevice(device) {
  stop();
  const error = await source.choose(device);
  $("device").value = source.device;
  if (!error) return;
  $("error").hidden = true;
  say("The GPU cannot be used.", `${explain(error)} It goes on, on your processor.`);
}

async function compareDevices() {
  stop();
  const facts = { WebAssembly: "…", WebGPU: "…" };
  $("compare").disabled = true;
  list($("devices"), facts);
  const { compare } = await import("./compare.js");
  for await (const { device, text } of compare(source.at, board.text)) {
    facts[device] = text;
    list($("devices"), facts);
  }
  transport();
}

async function openFile(file) {
  if (/\.hrm$/i.test(file.name)) return void source.load(file, file.name);
  if (file.size > 1e6) return fail({ message: `${file.name} is too large for a puzzle, and its name does not end in .hrm` });
  return typing.take(await file.text(), file.name);
}

// --- the page -----------------------------------------------------------------

/** Works offline from the second visit on. */
function remember() {
  if (!navigator.serviceWorker || navigator.serviceWorker.controller) return;
  navigator.serviceWorker.register("sw.js").catch(() => {}); // plain http, or forbidden
}

const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(name).trim();
function colours() {
  return {
    given: colour("--thumb-given"), sure: colour("--thumb-sure"), unsure: colour("--thumb-unsure"), bad: colour("--thumb-bad"), over: colour("--thumb-bad"),
    "#": colour("--wall"), " ": colour("--surface"), o: colour("--accent"), S: colour("--accent"), G: colour("--ink"),
  };
}

function button(text, onClick, attributes = {}) {
  const b = document.createElement("button");
  b.type = "button";
  b.textContent = text;
  for (const [k, v] of Object.entries(attributes)) b.setAttribute(k, v);
  b.addEventListener("click", onClick);
  return b;
}

function fillLevels() {
  const turn = {};
  for (const [level, puzzles] of Object.entries(examples)) {
    const b = button(capital(level), () => {
      choose("sudoku");
      turn[level] = puzzles.includes(board.text) ? (puzzles.indexOf(board.text) + 1) % puzzles.length : turn[level] ?? 0;
      typing.set(puzzles[turn[level]], true);
      think();
    }, { "data-level": level, "aria-pressed": "false" });
    const small = document.createElement("small");
    small.textContent = looks[level];
    b.append(small);
    $("levels").append(b);
  }
}

async function makeMazeBoard() {
  const { MazeBoard, randomMaze, tools } = await import("./maze.js");
  boards.maze = new MazeBoard({ onEdit: edited });
  for (const [mark, name] of Object.entries(tools)) {
    $("maze-tools").append(button(name, (e) => {
      boards.maze.tool = mark;
      for (const b of $("maze-tools").children) b.setAttribute("aria-pressed", b === e.target);
    }, { "aria-pressed": mark === "#" }));
  }
  $("maze-tools").append(button("New maze", () => { boards.maze.text = randomMaze(); }), button("Clear maze", () => boards.maze.clear()));
}

async function savePicture() {
  const look = player.looks[player.at];
  const { picture } = await import("./picture.js");
  const blob = await picture(boards.sudoku, look ? title(look, "sudoku") : verdict.title, colour);
  const a = document.createElement("a");
  a.href = URL.createObjectURL(blob);
  a.download = look ? `sudoku-look-${player.at + 1}.png` : "sudoku.png";
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
}

async function copyLink() {
  try {
    await navigator.clipboard.writeText(location.href);
    $("link").textContent = "Copied";
  } catch {
    $("link").textContent = "It is in the address";
  }
  announce($("link").textContent);
  setTimeout(() => { $("link").textContent = "Copy link"; }, 2000);
}

function goTo(e) {
  const target = $(e.target.dataset.to);
  e.preventDefault(); // the address holds the puzzle
  if ($("hood").contains(target)) $("hood").open = true;
  target.scrollIntoView({ behavior: calm.matches ? "instant" : "smooth" });
  (target.id === "board" ? board.grid.cells[board.grid.at] : target).focus({ preventScroll: true });
}

function wire() {
  $("play").addEventListener("click", press);
  $("back").addEventListener("click", () => player.go(player.at - 1));
  $("next").addEventListener("click", () => player.go(player.at + 1));
  $("speed").addEventListener("change", (e) => { player.pace = Number(e.target.value); });
  $("link").addEventListener("click", copyLink);
  $("save").addEventListener("click", savePicture);
  for (const a of document.querySelectorAll("[data-to]")) a.addEventListener("click", goTo);
  $("error-close").addEventListener("click", () => { $("error").hidden = true; });
  for (const id of ["error-builtin", "builtin"]) $(id).addEventListener("click", () => source.load(builtin, "the built-in model"));
  $("device").addEventListener("change", (e) => chooseDevice(e.target.value));
  $("compare").addEventListener("click", compareDevices);
  $("file").addEventListener("change", (e) => {
    if (e.target.files[0]) openFile(e.target.files[0]);
    e.target.value = "";
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => film.redraw());
  document.addEventListener("keydown", shortcut);
  $("hood").addEventListener("toggle", async () => {
    const there = $("hood").open && await hasGPU();
    if (there) for (const id of ["device-row", "compare"]) $(id).hidden = false;
  });
}

function shortcut(e) {
  if (e.target.matches("input, textarea, select") || e.ctrlKey || e.metaKey || e.altKey) return;
  const inGrid = e.target.getAttribute?.("role") === "gridcell";
  if (e.key === "Enter" && inGrid) think();
  else if (e.key === "Escape") { stop(); player.end(player.looks.length - 1); player.skip(); }
  else if (e.key === "k") press();
  else if (e.key === "," ) player.go(player.at - 1);
  else if (e.key === "." && !inGrid) player.go(player.at + 1);
}

function wireDrop() {
  const hasFile = (e) => [...(e.dataTransfer?.types ?? [])].includes("Files");
  let depth = 0; // dragenter and dragleave come for every element on the way
  const over = (on) => $("drop").classList.toggle("on", on);
  addEventListener("dragenter", (e) => { if (hasFile(e)) over(++depth > 0); });
  addEventListener("dragleave", (e) => { if (hasFile(e)) over(--depth > 0); });
  addEventListener("dragover", (e) => { if (hasFile(e)) e.preventDefault(); });
  addEventListener("drop", (e) => {
    if (!hasFile(e)) return;
    e.preventDefault();
    over((depth = 0) > 0);
    if (e.dataTransfer.files[0]) openFile(e.dataTransfer.files[0]);
  });
}

fillLevels();
wire();
wireDrop();
const address = new URLSearchParams(location.search).get("model");
const loading = source.load(address ? new URL(address, location.href).href : builtin, address ?? "the built-in model");
$("board").append(board.element);
document.body.dataset.board = "sudoku";
typing.restore(examples.extreme[0]);
await loading;
