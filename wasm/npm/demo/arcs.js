// Grids of the third board as text: for the address, for typing, for the model.
import { chances, input, rules, same, side, task } from "./rulebook.js";

export { rules, same, side };

/** The colours, as screen readers say them. */
export const names = ["black", "blue", "red", "green", "yellow", "grey", "pink", "orange", "light blue", "maroon"];

const tasks = Object.fromEntries(rules.map((rule) => [rule.name, shown(rule)]));

/** Three examples with all the colours that the rule was learned with, and an input. */
function shown(rule) {
  for (let seed = rule.seed ?? 20; ; seed++) {
    const found = task(rule, seed, 3, 1);
    const seen = new Set(found.train.flatMap(({ input, output }) => [...input.flat(), ...output.flat()]));
    if (rule.colours.every((colour) => seen.has(colour))) return found;
  }
}

/** The three examples of a rule that are shown, and by which the model is told its colours. */
export const examplesOf = (rule) => tasks[rule.name].train;

/** The input to begin with. */
export const first = (rule) => tasks[rule.name].test[0].input;

export const find = (name) => rules.find((rule) => rule.name === name);

/** An input of a rule that the model was not shown. */
export const another = (rule) => input(rule, chances(Math.floor(Math.random() * 2 ** 32)));

export const blank = () => Array.from({ length: side }, () => Array(side).fill(0));

export const format = (rule, grid) => `${rule.name}\n${grid.map((row) => row.join("")).join("\n")}`;
export const pack = (rule, grid) => `${rule.name}.${grid.flat().join("")}`;

/** The model's answer, a grid of any size, on the board: null where it has no cell. */
export function answered(text) {
  const rows = JSON.parse(text);
  return Array.from({ length: side }, (_, r) => Array.from({ length: side }, (_, c) => rows[r]?.[c] ?? null));
}

/** Text from anywhere: {rule, grid}, or {error}. rule: the one that it is for where the text names none. */
export function parse(text, rule) {
  const link = /[#?&]a=([a-z]+)\.(\d+)/.exec(text);
  let [named, body] = link ? [link[1], link[2]] : [/^\s*([a-z]+)\s/.exec(text)?.[1], text];
  if (named !== undefined) {
    rule = find(named);
    if (!rule) return { error: `“${named}” is none of the rules: ${rules.map((r) => r.name).join(", ")}.` };
    body = body.replace(/^\s*[a-z]+/, "");
  }
  const odd = /[^\d\s,;[\]."']/.exec(body);
  if (odd) return { error: `“${odd[0]}” is no colour: digits from 0, black, to 9.` };
  const digits = body.replace(/[^\d.]/g, "").replaceAll(".", "0");
  if (digits.length !== side * side) return { error: `${digits.length} cells; the grid has ${side} rows of ${side}.` };
  const grid = digits.match(new RegExp(`.{${side}}`, "g")).map((row) => [...row].map(Number));
  const strange = grid.flat().find((colour) => colour > 0 && !rule.colours.includes(colour));
  if (strange !== undefined) return { error: `${names[strange]}, ${strange}, is none of this rule’s colours: ${[0, ...rule.colours].map((c) => `${c} ${names[c]}`).join(", ")}.` };
  return { rule, grid };
}
