// Writes the tasks that the page's third model learns, in the public form of ARC: so many
// examples of each rule to learn from, and others to be asked about.
//
//	node wasm/npm/train/rules.mjs [EXAMPLES [TESTS [SEED]]] > rules.json
//
// docs/arc.md says how it was trained.
import { lessons, task } from "../demo/rulebook.js";

const [examples, tests, seed] = [1000, 40, 1].map((missing, i) => Number(process.argv[2 + i] ?? missing));
console.log(JSON.stringify(Object.fromEntries(lessons.map((rule, i) => [rule.name, task(rule, 1000 * seed + i, examples, tests)]))));
