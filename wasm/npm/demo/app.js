import { ArcBoard, fillRules } from "./arc.js";
import { Chart } from "./chart.js";
import { Drawing } from "./drawing.js";
import { examples, looks as howMany, maze } from "./examples.js";
import { describe, list, measured } from "./facts.js";
import { Film } from "./film.js";
import { MazeBoard } from "./maze.js";
import { Player } from "./player.js";
import { sizes } from "./sizes.js";
import { Source, builtins, explain, hasGPU } from "./source.js";
import { SudokuBoard } from "./sudoku.js";
import { Typing } from "./typing.js";
import { arcOutcome, capital, detail, mazeOutcome, outcome, title, unsolved } from "./words.js";

const $ = (id) => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(name).trim();

const boards = {
  sudoku: new SudokuBoard({ onEdit: edited, onPick: () => typing.pick(), colour }),
  maze: new MazeBoard({ onEdit: edited, onSay: announce, onTool: () => drawing.changed(), colour }),
  arc: new ArcBoard({ onEdit: edited, onRule: ruled, colour }),
};
let board = null;
let verdict = null; // what examine says of the puzzle
let thinking = null; // AbortController of the puzzle under way
let wish = true; // solve as soon as the model is there: the first visit plays by itself
let solution = null;

const player = new Player({ show, state: transport });
const film = new Film($("film"), { draw: (canvas, look) => board.thumb(canvas, look), go: (i) => player.go(i) });
const chart = new Chart($("chart"), { go: (i) => player.go(i) });
const typing = new Typing(boards, { taken: choose, solve: think, wrong: transport, opened: () => { if (player.playing) player.pause(); } });
const drawing = new Drawing(boards.maze, { visit: (f) => typing.visit(f), picked: think });

// --- the puzzle ---------------------------------------------------------------

/** Brings the board of a task, and its model. */
function choose(task) {
  if (board?.task === task) return;
  stop();
  if (board) reset();
  board = boards[task];
  source.task = task;
  player.slower = board.pace;
  document.body.dataset.board = task;
  $("board").replaceChildren(board.element);
  $("bars").textContent = board.bars;
  for (const b of $("tasks").children) {
    b.setAttribute("aria-pressed", b.dataset.task === task);
    if (b.dataset.task === task) $("tasks").hidden = b.hidden = false;
  }
  typing.use(board);
  present();
  if (!source.model) wish = true;
  edited();
  source.open();
}

/** The model of the task, or that there is none yet. */
function present() {
  const { slot, task } = source;
  describe(slot);
  if (slot) document.body.dataset.ready = task;
  else delete document.body.dataset.ready;
  $("builtin").hidden = !slot || isBuiltin(slot) || !source.builtin;
  $("sizes").hidden = !source.sizes;
  $("device").value = slot?.device ?? "wasm";
}

const isBuiltin = ({ at }) => Object.values(builtins).includes(at);

/** The puzzle changed: what was thought about the former one is gone. whole: it is not amid a stroke. */
function edited(whole = true) {
  if (!board) return;
  stop();
  reset();
  verdict = board.examine(whole);
  if (whole) typing.changed(board);
  if (board === boards.maze) drawing.changed();
  if (board === boards.sudoku) sized();
  introduce();
  transport();
}

/** What goes with the sudoku's size: its puzzles, and another model perhaps. */
function sized() {
  const { side, text } = board;
  if (source.side !== side || $("levels").childElementCount === 0) {
    source.side = side;
    document.body.toggleAttribute("data-sizes", side !== 9);
    fillLevels(side);
    present();
    source.open();
  }
  for (const b of $("levels").children) b.setAttribute("aria-pressed", sizes[side][b.dataset.level].includes(text));
  for (const b of $("sizes").children) b.setAttribute("aria-pressed", Number(b.dataset.side) === side);
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
  if (source.model || verdict.kind !== "one") return say(verdict.title, verdict.text);
  const size = board === boards.sudoku && builtins.sudoku ? " of this size" : "";
  if (!source.builtin) say(`There is no network for ${board.task}s${size} here.`, "Drop a .hrm file on the page.");
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
  if (verdict.kind === "empty") return;
  stop();
  reset();
  const stopper = (thinking = new AbortController());
  if (!calm.matches) player.play();
  say("Thinking…");
  announce("Thinking");
  transport();
  try {
    let last = null;
    const restarts = Math.min(board.tries, Number($("guesses").value));
    for await (const step of model.steps(board.puzzle ?? board.text, { ...board.options, restarts, anyway: true, maxSegments: board.looks(model.info), signal: stopper.signal })) {
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
  solution = step.solution ?? null;
  look.mean ??= step.confidence.reduce((a, b) => a + b, 0) / step.confidence.length;
  look.solved = Boolean(solution?.valid) && !board.verdictOf;
  const both = solution && board.verdictOf ? [look, board.verdictOf(look, solution)] : [look];
  for (const l of both) player.push(Object.assign(l, { again: board.again, halt: sigmoid(step.halting) }));
  return look;
}

function end() {
  thinking = null;
  const { looks } = player;
  measured(looks, solution.device);
  const best = looks.findLastIndex((l) => l.answer === solution.text); // of several attempts
  player.end(best < 0 ? looks.length - 1 : best);
  if (calm.matches) player.skip();
  transport();
}

function stop() {
  thinking?.abort();
  thinking = null;
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
  else say(title(look, board.task), detail(look, board.task));
}

function conclude(look) {
  const ended = [{ sudoku: outcome, maze: mazeOutcome, arc: arcOutcome }[board.task](player.looks, solution, look), board.honest?.()].filter(Boolean).join(" ");
  say(solution.valid ? title(look, board.task) : unsolved(look, board.task), ended);
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
  $("play").disabled = typing.wrong || (fresh && (verdict.kind === "empty" || !(source.model || source.builtin)));
  $("back").disabled = at <= 0;
  $("next").disabled = at >= looks.length - 1;
  $("compare").disabled = verdict.kind !== "one" || !source.model;
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
  async loaded(task, slot) {
    $("progress").hidden = true;
    $("error").hidden = true;
    performance.mark("hrm-ready");
    choose(task);
    if (source.slot !== slot && !isBuiltin(slot)) typing.set(boards.sudoku.last(9) ?? examples.extreme[0]); // it knows no other size
    present();
    const { info } = source.model;
    if (task === "maze") drawing.limit(info.anyShape ? null : info);
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

/** Chooses a device; one that cannot be had leaves the present one at work. */
async function chooseDevice(device) {
  stop();
  const error = await source.choose(device);
  $("device").value = source.slot?.device ?? "wasm";
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
  for await (const { device, text } of compare(source.slot.at, board.puzzle ?? board.text, board.options)) {
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

function button(text, onClick, attributes = {}) {
  const b = document.createElement("button");
  b.type = "button";
  b.textContent = text;
  for (const [k, v] of Object.entries(attributes)) b.setAttribute(k, v);
  b.addEventListener("click", onClick);
  return b;
}

/** A size is chosen with the puzzle that was here last, or the first hard one. */
function fillSizes() {
  for (const side of Object.keys(sizes).map(Number)) {
    $("sizes").append(button(`${side} × ${side}`, () => {
      choose("sudoku");
      const [first] = Object.values(sizes[side]).at(-1);
      if (board.side !== side) typing.visit(() => typing.set(board.last(side) ?? first));
      think();
    }, { "data-side": side, "aria-pressed": "false" }));
  }
}

function fillLevels(side) {
  const turn = {};
  $("levels").dataset.count = Object.keys(sizes[side]).length;
  $("levels").replaceChildren(...Object.entries(sizes[side]).map(([level, puzzles]) => {
    const b = button(capital(level), () => {
      choose("sudoku");
      turn[level] = puzzles.includes(board.text) ? (puzzles.indexOf(board.text) + 1) % puzzles.length : turn[level] ?? 0;
      typing.visit(() => typing.set(puzzles[turn[level]]));
      think();
    }, { "data-level": level, "aria-pressed": "false" });
    const small = document.createElement("small");
    small.textContent = side === 9 ? howMany[level] : clues(puzzles);
    b.append(small);
    return b;
  }));
}

/** How many clues puzzles have, in words. */
function clues(puzzles) {
  const counts = puzzles.map((p) => p.replaceAll(".", "").length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return `${least === most ? most : `${least}–${most}`} clues`;
}

/** The rules of the third board, to choose from. */
const drawRules = fillRules($("rules"), boards.arc, (put) => {
  typing.visit(put);
  think();
});

/** Another rule, or another input for it. */
function ruled() {
  for (const b of $("rules").querySelectorAll("[data-rule]")) b.setAttribute("aria-pressed", b.dataset.rule === boards.arc.rule.name);
}

/** The boards that there are models for, where it is more than one. */
function fillTasks() {
  for (const task of Object.keys(boards)) {
    const b = button(task === "arc" ? "ARC" : capital(task), () => {
      typing.visit(() => choose(task));
      scrollTo({ top: 0, behavior: "instant" }); // on a phone's side the header lies below
      if (wish) think();
    }, { "data-task": task, "aria-pressed": "false" });
    b.hidden = !builtins[task];
    $("tasks").append(b);
  }
  $("tasks").hidden = Object.keys(boards).filter((task) => builtins[task]).length < 2;
}

async function savePicture() {
  const look = player.looks[player.at];
  const { picture } = await import("./picture.js");
  const blob = await picture(board, look ? title(look, board.task) : verdict.title, colour);
  const a = document.createElement("a");
  a.href = URL.createObjectURL(blob);
  a.download = `${board.task}${look ? `-look-${player.at + 1}` : ""}.png`;
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
  (target.id === "board" ? board : target).focus({ preventScroll: true });
}

function wire() {
  $("play").addEventListener("click", press);
  $("back").addEventListener("click", () => player.go(player.at - 1));
  $("next").addEventListener("click", () => player.go(player.at + 1));
  $("speed").addEventListener("change", (e) => { player.pace = Number(e.target.value); });
  $("another").addEventListener("click", () => {
    typing.visit(() => boards.arc.another());
    think();
  });
  $("link").addEventListener("click", copyLink);
  $("save").addEventListener("click", savePicture);
  for (const a of document.querySelectorAll("[data-to]")) a.addEventListener("click", goTo);
  $("error-close").addEventListener("click", () => { $("error").hidden = true; });
  for (const id of ["error-builtin", "builtin"]) $(id).addEventListener("click", () => source.load(source.builtin ?? Object.values(builtins)[0], "the built-in model"));
  $("device").addEventListener("change", (e) => chooseDevice(e.target.value));
  $("compare").addEventListener("click", compareDevices);
  $("file").addEventListener("change", (e) => {
    if (e.target.files[0]) openFile(e.target.files[0]);
    e.target.value = "";
  });
  for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
    matchMedia(query).addEventListener("change", () => {
      film.redraw();
      boards.maze.draw();
      boards.arc.draw();
      drawRules();
    });
  }
  document.addEventListener("keydown", shortcut);
  $("hood").addEventListener("toggle", async () => {
    const there = $("hood").open && await hasGPU();
    if (there) for (const id of ["device-row", "compare"]) $(id).hidden = false;
  });
}

function shortcut(e) {
  if (e.target.matches("input, textarea, select") || e.ctrlKey || e.metaKey || e.altKey) return;
  const inGrid = $("board").contains(e.target);
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

fillSizes();
fillTasks();
wire();
wireDrop();
const address = new URLSearchParams(location.search).get("model");
const loading = address ? source.load(new URL(address, location.href).href, address) : null;
boards.sudoku.given = [...examples.extreme[0]];
boards.maze.maze = boards.maze.read(maze).maze;
if (!typing.restore()) choose(source.task);
await loading;
