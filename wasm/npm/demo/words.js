// What the page says about looks, in a visitor's words.
export const percent = (x) => `${Math.round(100 * x)} %`;
export const count = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;
export const capital = (s) => s.replace(/^./, (c) => c.toUpperCase());
export const duration = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

const which = ({ step, again }) => (step.attempt > 0 ? `${capital(again)} ${step.attempt}, look ${step.segment}` : `Look ${step.segment}`);
const clash = (n) => (n === 1 ? "1 cell clashes" : `${n} cells clash`);

/** The sentence about a look. */
export function title(look, task) {
  const { step, count: n } = look;
  if (look.solved) return `${which(look)}: solved.`;
  if (task === "maze") return `${which(look)}: it changed ${count(look.changed, "cell")}.`;
  const over = look.over > 0 ? `${count(look.over, "clue")} overwritten` : "";
  if (n > 0 || over) return `${which(look)}: ${[n > 0 && clash(n), over].filter(Boolean).join(", ")}.`;
  return `${which(look)}: ${step.done ? "nothing clashes." : "nothing clashes, it looks again."}`;
}

/** The grey line under it. */
export function detail(look) {
  const { step } = look;
  const { length } = step.guessed ?? [];
  const began = step.segment > 1 ? `It changed ${count(look.changed, "cell")}.`
    : step.attempt === 0 ? "It fills in everything at once."
      : length > 0 ? `It fills ${count(length, "cell")} by a guess and looks again.` : "It begins again.";
  return `${began} ${percent(look.mean)} certain, wants to stop: ${percent(look.halt)}.`;
}

/** How a puzzle ended, with the first pass by itself where there were more. */
export function outcome(looks, solution) {
  const first = looks.filter((l) => l.step.attempt === 0);
  const time = `${count(looks.length, "look")} in ${duration(solution.elapsed)}`;
  if (solution.attempts === 1 && solution.valid) return `In the first pass, without a guess: ${time}.`;
  const end = first.at(-1);
  const pass = `First pass: ${count(first.length, "look")}, ${end.count > 0 ? `${clash(end.count)} at its end` : "not right at its end"}.`;
  if (solution.valid) return `${pass} ${capital(end.again)} ${solution.attempts - 1} led to the answer: ${time}.`;
  if (solution.attempts === 1) return `${pass} Not solved: ${why(solution)}.`;
  return `${pass} ${capital(end.again)} 1 to ${solution.attempts - 1} led nowhere: ${time}. Shown is its best: ${why(solution)}.`;
}

const why = ({ reason }) => reason.replace(/^wrong answer: (not a shortest path: )?/, "");
