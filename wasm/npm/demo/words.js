// What the page says about looks, in a visitor's words.
export const percent = (x) => `${Math.round(100 * x)} %`;
export const count = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;
export const capital = (s) => s.replace(/^./, (c) => c.toUpperCase());
export const duration = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

const which = ({ step, again, vote }) => (vote ? "Vote" : step.attempt > 0 ? `${capital(again)} ${step.attempt}, look ${step.segment}` : `Look ${step.segment}`);
const clash = (n) => (n === 1 ? "1 cell clashes" : `${n} cells clash`);

/** The sentence about a look. */
export function title(look, task) {
  return `${which(look)}: ${({ maze: mazeTitle, arc: arcTitle }[task] ?? sudokuTitle)(look)}.`;
}

function sudokuTitle({ step, solved, count: n, over }) {
  if (solved) return "solved";
  const gone = over > 0 ? `${count(over, "clue")} overwritten` : "";
  if (n > 0 || gone) return [n > 0 && clash(n), gone].filter(Boolean).join(", ");
  return step.done ? "nothing clashes" : "nothing clashes, it looks again";
}

function mazeTitle(look) {
  if (look.solved) return `a shortest way, ${count(look.marked ? look.path.length + 1 : look.path.length - 1, "step")}`;
  if (look.marked) return `it changed ${count(look.changed, "cell")}`;
  return `${Math.floor(100 * (1 - look.count / look.cells))} % of cells lead to G`;
}

function arcTitle({ vote, solved, count: n }) {
  if (vote) return `${vote.candidates[0].votes} of ${vote.forms} say this, and it is ${solved ? "right" : "wrong"}`;
  return n === 0 ? "this is right" : `${count(n, "cell")} ${n === 1 ? "is" : "are"} not right`;
}

/** The grey line under it. */
export function detail(look, task) {
  if (look.vote) return `It was asked in ${look.vote.forms} forms, turned and mirrored.`;
  const parts = task === "maze" ? mazeDetail(look) : sudokuDetail(look);
  return [...parts, `wants to stop: ${percent(look.halt)}`].join(" ").replace(/\. w/, ". W") + ".";
}

function sudokuDetail({ step, changed, mean }) {
  const { length } = step.guessed ?? [];
  const began = step.segment > 1 ? `It changed ${count(changed, "cell")}.`
    : step.attempt === 0 ? "It fills in everything at once."
      : length > 0 ? `It fills ${count(length, "cell")} by a guess and looks again.` : "It begins again.";
  return [began, `${percent(mean)} certain,`];
}

function mazeDetail({ step, changed, marked, arrows, arrives, path }) {
  if (marked) return [step.segment > 1 ? `It changed ${count(changed, "cell")}.` : "It marks a way at once."];
  const began = step.segment > 1 ? `It changed ${count(changed, "arrow")}.` : step.attempt > 0 ? "It begins again." : `It writes ${count(arrows, "arrow")}.`;
  return [began, arrives ? "From S they lead to G." : path.length > 1 ? `From S they lead ${count(path.length - 1, "step")} and no further.` : "None leads on from S."];
}

const took = (looks, { elapsed }) => `${count(looks.length, "look")} in ${duration(elapsed)}`;

/** How a sudoku ended, with the first pass by itself where there were more. */
export function outcome(looks, solution) {
  const first = looks.filter((l) => l.step.attempt === 0);
  const time = took(looks, solution);
  if (solution.attempts === 1 && solution.valid) return `In the first pass, without a guess: ${time}.`;
  const { count: n } = first.at(-1);
  const pass = `First pass: ${count(first.length, "look")}, ${n > 0 ? `${clash(n)} at its end` : "not right at its end"}.`;
  if (solution.valid) return `${pass} Guess ${solution.attempts - 1} led to the answer: ${time}.`;
  if (solution.attempts === 1) return `${pass} Not solved: ${why(solution)}.`;
  return `${pass} Guess 1 to ${solution.attempts - 1} led nowhere: ${time}. Shown is its best: ${why(solution)}.`;
}

/** How a maze ended; look: the one of the answer. */
export function mazeOutcome(looks, solution, look) {
  const tries = solution.attempts > 1 ? `, in ${solution.attempts} tries` : "";
  const came = solution.valid ? "" : look.marked ? `${capital(why(solution))}. `
    : look.arrives ? `It has ${count(look.path.length - 1, "step")}. ` : `From S the arrows lead ${count(look.path.length - 1, "step")} and no further. `;
  return `${came}${took(looks, solution)}${tries}.`.replace(/^./, (c) => c.toUpperCase());
}

/** How a grid of colours ended. */
export function arcOutcome(looks, solution, { vote }) {
  return `${capital(took(looks.filter((l) => !l.vote), solution))}, at ${vote.forms} forms of it at once, turned and mirrored.`;
}

/** The sentence about a puzzle that was not solved. */
export function unsolved(look, task) {
  if (task === "arc") return title(look, task);
  if (task !== "maze") return "It did not find the answer.";
  return look.arrives ? "It found a way, but not a shortest one." : "It did not find the way.";
}

const why = ({ reason }) => reason.replace(/^wrong answer: (not a shortest path: )?/, "");
