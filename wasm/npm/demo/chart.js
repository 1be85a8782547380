const svg = "http://www.w3.org/2000/svg";
const height = 132;
const margin = { left: 34, right: 10, top: 10, bottom: 20 };

/** How much the halting head wants to stop, and the mean confidence, by segment. */
export class Chart {
  constructor(element) {
    this.element = element;
    this.points = [];
    this.at = -1;
    new ResizeObserver(() => this.draw()).observe(element);
  }

  /** points: {attempt, segment, halt, mean}, the last two from 0 to 1; at: the one that is shown. */
  set(points, at) {
    this.points = points;
    this.at = at;
    this.draw();
  }

  draw() {
    const width = Math.max(200, this.element.clientWidth || 320);
    this.element.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const n = Math.max(4, this.points.length);
    const x = (i) => margin.left + 8 + ((width - margin.left - margin.right - 16) * i) / (n - 1);
    const y = (v) => margin.top + (height - margin.top - margin.bottom) * (1 - v);
    this.element.replaceChildren(...this.#frame(width, y), ...this.#attempts(x), ...this.#line(x, y, "mean"), ...this.#line(x, y, "halt"), ...this.#now(x, y));
    this.element.setAttribute("aria-label", this.#words());
  }

  #frame(width, y) {
    const parts = [];
    for (const v of [0, 0.5, 1]) {
      parts.push(make("line", { class: v === 0.5 ? "threshold" : "axis", x1: margin.left, x2: width - margin.right, y1: y(v), y2: y(v) }));
      parts.push(make("text", { class: "tick", x: margin.left - 6, y: y(v) + 4, "text-anchor": "end" }, `${100 * v}%`));
    }
    parts.push(make("text", { class: "tick", x: width - margin.right, y: y(0.5) - 4, "text-anchor": "end" }, "stops above"));
    parts.push(make("text", { class: "tick", x: margin.left, y: height - 4 }, "segments"));
    return parts;
  }

  /** A line where each further attempt begins. */
  #attempts(x) {
    const parts = [];
    this.points.forEach((p, i) => {
      if (i > 0 && p.attempt !== this.points[i - 1].attempt) {
        parts.push(make("line", { class: "attempt", x1: (x(i) + x(i - 1)) / 2, x2: (x(i) + x(i - 1)) / 2, y1: margin.top, y2: height - margin.bottom }));
      }
    });
    return parts;
  }

  #line(x, y, name) {
    let d = "";
    this.points.forEach((p, i) => {
      const begins = i === 0 || p.attempt !== this.points[i - 1].attempt;
      d += `${begins ? "M" : "L"}${x(i).toFixed(1)} ${y(p[name]).toFixed(1)}`;
    });
    const parts = [make("path", { class: name, d })];
    if (this.points.length <= 40) {
      this.points.forEach((p, i) => parts.push(make("circle", { class: name, cx: x(i), cy: y(p[name]), r: 2.5 })));
    }
    return parts;
  }

  #now(x, y) {
    const p = this.points[this.at];
    return p ? [make("circle", { class: "now", cx: x(this.at), cy: y(p.halt), r: 5 })] : [];
  }

  #words() {
    const p = this.points.at(-1);
    if (!p) return "No segments yet";
    return `${this.points.length} segments; in the last one the model ${p.halt > 0.5 ? "wants" : "does not want"} to stop (${Math.round(100 * p.halt)} %), mean confidence ${Math.round(100 * p.mean)} %`;
  }
}

function make(name, attributes, text) {
  const e = document.createElementNS(svg, name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (text) e.textContent = text;
  return e;
}
