/** A thumbnail for every look; a click, or the arrow keys, go there. */
export class Film {
  /** draw(canvas, look) draws a thumbnail; go(i) shows a look. */
  constructor(element, { draw, go }) {
    this.element = element;
    this.draw = draw;
    this.looks = [];
    element.addEventListener("click", (e) => {
      const button = e.target.closest("button");
      if (button) go([...element.children].indexOf(button));
    });
    element.addEventListener("keydown", (e) => {
      const to = { ArrowLeft: this.at - 1, ArrowRight: this.at + 1, Home: 0, End: this.looks.length - 1 }[e.key];
      if (to === undefined || !this.looks[to]) return;
      e.preventDefault();
      e.stopPropagation();
      go(to);
      element.children[to].focus();
    });
    this.reset();
    new ResizeObserver(() => this.mark(this.at)).observe(element); // the look on show stays in sight
  }

  reset() {
    this.looks = [];
    this.at = -1;
    this.element.replaceChildren();
  }

  /** words: of the look, for those who do not see it. */
  add(look, words) {
    const button = document.createElement("button");
    button.type = "button";
    button.tabIndex = -1;
    button.setAttribute("aria-label", words);
    const name = document.createElement("span");
    name.textContent = look.label ?? look.step.segment;
    const { attempt, segment } = look.step;
    if (attempt > 0 && segment === 1) button.dataset.guess = `${look.again} ${attempt}`;
    const canvas = document.createElement("canvas");
    button.append(canvas, name);
    this.looks.push(look);
    this.element.append(button);
    this.draw(canvas, look);
  }

  mark(i) {
    const [before, now] = [this.element.children[this.at], this.element.children[i]];
    if (before) {
      before.removeAttribute("aria-current");
      before.tabIndex = -1;
    }
    this.at = i;
    if (!now) return;
    now.setAttribute("aria-current", "true");
    now.tabIndex = 0;
    const { offsetLeft, offsetWidth } = now;
    const { clientWidth } = this.element;
    this.element.scrollTo({ left: offsetLeft - (clientWidth - offsetWidth) / 2, behavior: "instant" });
  }

  /** Again, after the colours changed. */
  redraw() { this.looks.forEach((look, i) => this.draw(this.element.children[i].firstChild, look)); }
}
