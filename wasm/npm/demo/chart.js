const svg = "http://www.w3.org/2000/svg";
const margin = { left: 34, right: 14, top: 38, bottom: 22 };

/** What clashes, as bars, and how much the model wants to stop, as a line, look by look. */
export class Chart {
  constructor(element, { go }) {
    this.element = element;
    this.looks = [];
    this.at = -1;
    this.end = -1;
    this.name = "";
    new ResizeObserver(() => this.draw()).observe(element);
    element.addEventListener("click", (e) => {
      const i = Math.round((e.clientX - element.getBoundingClientRect().left - this.#x(0)) / (this.#x(1) - this.#x(0)));
      go(Math.max(0, Math.min(this.looks.length - 1, i)));
    });
  }

  /** looks so far; at: the one that is shown; end: the one that is the answer, -1 before there is one; name: of the bars. */
  set(looks, at, end, name) {
    Object.assign(this, { looks, at, end, name });
    this.draw();
  }

  #x(i) {
    const slots = Math.max(7, this.looks.length);
    const wide = (this.width - margin.left - margin.right) / slots;
    return margin.left + wide * (i + 0.5);
  }

  draw() {
    this.width = Math.max(200, this.element.clientWidth || 320);
    const height = (this.height = Math.max(100, this.element.clientHeight || 176));
    this.element.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
    const top = Math.max(5, ...this.looks.map((l) => l.count));
    const y = (v) => margin.top + (height - margin.top - margin.bottom) * (1 - v);
    this.element.replaceChildren(...this.#frame(y, top), ...this.#guesses(y), ...this.#bars(y, top), ...this.#line(y), ...this.#end(y));
    this.element.setAttribute("aria-label", this.#words());
  }

  #frame(y, top) {
    const right = this.width - margin.right;
    const parts = [
      make("line", { class: "axis", x1: margin.left, x2: right, y1: y(1), y2: y(1) }),
      make("line", { class: "axis threshold", x1: margin.left, x2: right, y1: y(0.5), y2: y(0.5) }),
      make("line", { class: "axis", x1: margin.left, x2: right, y1: y(0), y2: y(0) }),
    ];
    if (this.looks.length > 0) {
      for (const [v, text] of [[0, "0"], [1, top]]) parts.push(make("text", { class: "tick", x: margin.left - 8, y: y(v) + 4, "text-anchor": "end" }, text));
    }
    const every = Math.ceil(this.looks.length / 20);
    this.looks.forEach((l, i) => {
      if (i % every === 0) parts.push(make("text", { class: `tick${i === this.at ? " now" : ""}`, x: this.#x(i), y: this.height - 6, "text-anchor": "middle" }, l.label ?? l.step.segment));
    });
    return parts;
  }

  /** A line where each guess begins. */
  #guesses(y) {
    const parts = [];
    let free = 0; // where the next label has room
    this.looks.forEach(({ step, again }, i) => {
      if (i === 0 || step.attempt === this.looks[i - 1].step.attempt) return;
      const x = (this.#x(i) + this.#x(i - 1)) / 2;
      parts.push(make("line", { class: "guess", x1: x, x2: x, y1: y(1), y2: y(0) }));
      if (x < free) return;
      free = x + 56;
      parts.push(make("text", { class: "tick", x: x + 3, y: y(1) - 8 }, `${again} ${step.attempt}`));
    });
    return parts;
  }

  #bars(y, top) {
    const wide = this.#x(1) - this.#x(0);
    return this.looks.map((l, i) => make("rect", {
      class: `bar${i === this.at ? " now" : ""}`, x: this.#x(i) - wide * 0.3, width: wide * 0.6, rx: Math.min(3, wide * 0.2),
      y: y(l.count / top), height: Math.max(0, y(0) - y(l.count / top)),
    }));
  }

  #line(y) {
    let d = "";
    this.looks.forEach((l, i) => {
      const begins = i === 0 || l.step.attempt !== this.looks[i - 1].step.attempt;
      d += `${begins ? "M" : "L"}${this.#x(i).toFixed(1)} ${y(l.halt).toFixed(1)}`;
    });
    const parts = [make("path", { class: "halt", d })];
    if (this.looks[this.at]) parts.push(make("circle", { class: "now", cx: this.#x(this.at), cy: y(this.looks[this.at].halt), r: 4.5 }));
    return parts;
  }

  #end(y) {
    const look = this.looks[this.end];
    if (!look || look.halt <= 0.5) return [];
    const x = this.#x(this.end);
    const right = x + 30 > this.width - margin.right;
    return [make("text", { class: "its", x: right ? this.width - margin.right : x, y: y(1) - 22, "text-anchor": right ? "end" : "middle" }, "that’s it")];
  }

  #words() {
    const l = this.looks.at(-1);
    if (!l) return "No looks yet";
    return `${this.looks.length} looks; ${this.name}: ${this.looks.map((k) => k.count).join(", ")}. In the last one it ${l.halt > 0.5 ? "wants" : "does not want"} to stop.`;
  }
}

function make(name, attributes, text) {
  const e = document.createElementNS(svg, name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (text !== undefined) e.textContent = text;
  return e;
}
