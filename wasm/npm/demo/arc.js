import { another, answered, blank, examplesOf, find, first, format, names, pack, parse, rules, same, side } from "./arcs.js";
import { drawGrid, pair, picture } from "./arcpaint.js";
import { Grid } from "./grid.js";

const forms = 8; // in which the model learned the rules: turned and mirrored
const cells = side * side;

/** A grid that is drawn by a rule's colours, and the model's looks at what comes of it. */
export class ArcBoard {
  task = "arc";
  bars = "cells that are not right";
  again = "try";
  tries = 0;
  pace = 1.6; // there are few looks, and all of them are worth seeing
  options = { votes: forms };
  rule = find("flood");
  colour = 0; // the one of the brush

  /** onEdit(whole) is called when the grid changes; onRule when another rule is chosen; paint(name) is the value of a custom property. */
  constructor({ onEdit, onRule, colour }) {
    Object.assign(this, { onEdit, onRule, paint: colour });
    this.look = null;
    this.given = first(this.rule).map((row) => [...row]);
    this.element = document.createElement("div");
    this.element.className = "arc";
    this.grid = new Grid({
      size: side, name: "Your input", className: "colours", onKey: (key, i) => this.#key(key, i),
      onPaint: (i, begins) => this.#press(i, begins),
    });
    for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => this.#release());
    this.#build();
  }

  #build() {
    const make = (name, ...children) => {
      const e = document.createElement("div");
      e.className = name;
      e.append(...children);
      return e;
    };
    const titled = (text, ...children) => {
      const p = document.createElement("p");
      p.textContent = text;
      return make("part", p, ...children);
    };
    this.shown = make("examples");
    this.palette = make("palette");
    this.palette.setAttribute("role", "group");
    this.palette.setAttribute("aria-label", "Colour of the brush");
    this.answer = make("grid colours answer", ...Array.from({ length: cells }, () => document.createElement("i")));
    this.answer.setAttribute("role", "img");
    this.right = document.createElement("canvas");
    this.right.setAttribute("role", "img");
    this.verdict = document.createElement("span");
    this.element.append(
      titled("Three examples of a rule", this.shown),
      make("pair", titled("Your input", this.grid.element, this.palette), titled("Its answer", this.answer, make("right", this.right, this.verdict))),
    );
    this.#ruled();
  }

  /** The rule is another one. */
  #ruled() {
    this.colour = this.rule.colours[0];
    this.shown.replaceChildren(...examplesOf(this.rule).map((example, k) => {
      const canvas = document.createElement("canvas");
      pair(canvas, example, this.paint);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Example ${k + 1}. ${words(example.input)} becomes ${words(example.output)}`);
      return canvas;
    }));
    this.palette.replaceChildren(...[0, ...this.rule.colours].map((colour) => {
      const b = document.createElement("button");
      b.type = "button";
      b.dataset.colour = colour;
      paintAs(b, "--colour", colour);
      b.setAttribute("aria-label", names[colour]);
      b.addEventListener("click", () => this.#choose(colour));
      return b;
    }));
    this.#choose(this.colour);
  }

  #choose(colour) {
    this.colour = colour;
    for (const b of this.palette.children) b.setAttribute("aria-pressed", Number(b.dataset.colour) === colour);
  }

  focus() { this.grid.cells[this.grid.at].focus({ preventScroll: true }); }

  get text() { return format(this.rule, this.given); }
  set text(text) {
    const { rule, grid } = parse(text, this.rule);
    this.put(rule, grid);
  }

  get hash() { return `#a=${pack(this.rule, this.given)}`; }

  /** A text as one for this board: {text}, or {error}. */
  read(text) {
    const { rule, grid, error } = parse(text, this.rule);
    return error ? { error } : { text: format(rule, grid), more: 0 };
  }

  /** Another input, perhaps of another rule. */
  put(rule, grid) {
    const other = rule !== this.rule;
    Object.assign(this, { rule, given: grid.map((row) => [...row]) });
    if (other) this.#ruled();
    this.#edited(true);
    this.onRule();
  }

  another() { this.put(this.rule, another(this.rule)); }
  clear() { this.put(this.rule, blank()); }

  #edited(whole) {
    this.show(null);
    this.onEdit(whole);
  }

  // --- drawing ------------------------------------------------------------------

  #key(key, i) {
    const colour = { " ": this.colour, Backspace: 0, Delete: 0, ".": 0 }[key] ?? (/^\d$/.test(key) ? Number(key) : -1);
    if (colour !== 0 && !this.rule.colours.includes(colour)) return false;
    if (key !== " " && colour > 0) this.#choose(colour);
    if (this.#mark(i, colour)) this.#edited(true);
    return true;
  }

  #mark(i, colour) {
    const [r, c] = [Math.floor(i / side), i % side];
    if (this.given[r][c] === colour) return false;
    this.given[r][c] = colour;
    return true;
  }

  /** A press on a cell that has the brush's colour already wipes. */
  #press(i, begins) {
    if (begins) this.brush = this.given.flat()[i] === this.colour ? 0 : this.colour;
    this.stroke = this.#mark(i, this.brush) || (!begins && this.stroke);
    if (this.stroke) this.#edited(false);
  }

  #release() {
    if (this.stroke) this.onEdit(true);
    this.stroke = false;
  }

  // --- what is known of it --------------------------------------------------------

  examine() {
    if (this.given.flat().every((colour) => colour === 0)) return { kind: "empty", title: "An empty grid.", text: "Draw something, in the colours of the rule." };
    return { kind: "one", title: "Ready.", text: "Which rule do the examples follow? What does it make of your input?" };
  }

  looks({ maxSegments }) { return maxSegments; }

  /** What the model is asked: a task in the public form. */
  get puzzle() {
    return { name: this.rule.name, train: examplesOf(this.rule), test: [{ input: this.given, output: this.rule.apply(this.given) }] };
  }

  /** What a step of the model comes to, after the look before it (null: the first). */
  describe(step, before) {
    const sure = Array.from({ length: cells }, (_, i) => step.confidence[30 * Math.floor(i / side) + i % side]);
    return this.#look({ step, sure, mean: sure.reduce((a, b) => a + b) / cells, said: answered(step.text), former: before?.said ?? null });
  }

  #look(look) {
    const right = this.rule.apply(this.given);
    const flat = look.said.flat();
    const wrong = new Set(right.flat().flatMap((colour, i) => (flat[i] === colour ? [] : [i])));
    const changed = look.former ? flat.filter((colour, i) => colour !== look.former.flat()[i]).length : 0;
    return { ...look, right, wrong, changed, count: wrong.size, answer: JSON.stringify(look.said) };
  }

  /** The answer that most of the forms gave: one more picture, after the looks. */
  verdictOf(last, { text, vote, valid }) {
    const share = vote.candidates[0].votes / vote.forms;
    const look = this.#look({ step: last.step, sure: Array(cells).fill(share), mean: share, said: answered(text), former: last.said });
    return { ...look, vote, label: "vote", solved: Boolean(valid) };
  }

  /** What is said of the rule when it is over. */
  honest() { return `The rule: ${this.rule.says}`; }

  // --- showing --------------------------------------------------------------------

  /** Shows a look, or with null the input alone. */
  show(look) {
    this.look = look;
    this.grid.cells.forEach((cell, i) => {
      const colour = this.given.flat()[i];
      paintAs(cell, "--colour", colour);
      cell.setAttribute("aria-label", `${this.grid.place(i)}: ${names[colour]}`);
    });
    const said = look?.said.flat();
    [...this.answer.children].forEach((cell, i) => {
      const colour = said?.[i] ?? null;
      const former = look?.former?.flat()[i] ?? null;
      cell.className = [colour === null ? "none" : "", look?.wrong.has(i) ? "wrong" : ""].join(" ").trim();
      cell.dataset.former = former === colour ? "" : former ?? "";
      paintAs(cell, "--colour", colour ?? 0);
      paintAs(cell, "--former", former ?? 0);
      cell.style.setProperty("--sure", look ? look.sure[i].toFixed(2) : 0);
    });
    this.answer.setAttribute("aria-label", look ? `Its answer: ${words(look.said)}; ${look.count} cells are not right` : "Its answer: none yet");
    this.#truth(look);
  }

  /** The right answer, once it has given its own. */
  #truth(look) {
    const over = Boolean(look?.vote);
    this.right.parentElement.classList.toggle("open", over);
    const scale = globalThis.devicePixelRatio || 1;
    Object.assign(this.right, { width: 60 * scale, height: 60 * scale });
    const right = over ? look.right : blank();
    drawGrid(this.right.getContext("2d"), { x: 0, y: 0, side: 60 * scale }, right, this.paint);
    this.right.setAttribute("aria-label", over ? `The right answer: ${words(right)}` : "The right answer, later");
    this.verdict.textContent = !over ? "The right answer comes after its own." : same(look.said, right) ? "The right answer is the same." : "The right answer; the cells with a frame differ.";
  }

  /** Again, after the colours changed. */
  draw() {
    examplesOf(this.rule).forEach((example, k) => pair(this.shown.children[k], example, this.paint));
    this.#truth(this.look);
  }

  thumb(canvas, look) {
    canvas.width = canvas.height = 126;
    drawGrid(canvas.getContext("2d"), { x: 0, y: 0, side: 126 }, look.said, this.paint, look.wrong);
  }

  picture(box) { picture(box, { board: this, examples: examplesOf(this.rule) }); }
}

const paintAs = (element, property, colour) => element.style.setProperty(property, `var(--arc-${colour})`);

/** A grid for those who do not see it. */
function words(grid) {
  const rows = grid.flatMap((row, r) => {
    const seen = row.flatMap((colour, c) => (colour ? [`${names[colour]} ${c + 1}`] : []));
    return seen.length > 0 ? [`row ${r + 1}: ${seen.join(", ")}`] : [];
  });
  return rows.join("; ") || "all black";
}

/** Puts a button for each rule before what an element has, a picture of its first example; returns what draws them. */
export function fillRules(element, board, chosen) {
  const draw = () => rules.forEach((rule, i) => pair(element.children[i].firstChild, examplesOf(rule)[0], board.paint));
  element.prepend(...rules.map((rule, i) => {
    const b = document.createElement("button");
    b.type = "button";
    b.dataset.rule = rule.name;
    b.setAttribute("aria-label", `Rule ${i + 1}: right for ${rule.right} of 100 inputs`);
    const small = document.createElement("small");
    small.textContent = `${rule.right} of 100`;
    b.append(document.createElement("canvas"), small);
    b.addEventListener("click", () => chosen(() => board.put(rule, first(rule))));
    return b;
  }));
  draw();
  return draw;
}
