import assert from "node:assert/strict";
import { test } from "node:test";
import { HRM } from "@hrmgo/hrm";
import { examples, looks } from "../../demo/examples.js";
import { clashes, examine, parse, solutions } from "../../demo/rules.js";
import { sizes } from "../../demo/sizes.js";
import { easy, modelPath, skip, solved } from "./setup.js";

const blank = ".".repeat(81);

test("what a text means", () => {
  const drawn = easy.match(/.{9}/g).map((r) => r.match(/.{3}/g).map((c) => [...c].join(" ")).join(" | "));
  drawn.splice(6, 0, "------+-------+------");
  const rows = easy.match(/.{9}/g).map((r) => [...r].map((c) => (c === "." ? 0 : Number(c))));
  for (const [name, text] of Object.entries({
    line: easy, zeros: easy.replaceAll(".", "0"), quotes: `"${easy}",`, drawn: drawn.join("\n"), rows: JSON.stringify(rows), flat: JSON.stringify(rows.flat()),
    object: JSON.stringify({ id: 1, puzzle: easy, solution: solved }), nulls: JSON.stringify(rows.flat().map((d) => d || null)),
    csv: `source,question,answer,rating\nx,${easy.replaceAll(".", "0")},${solved},3\n`, link: `see https://example.com/#s=${easy} there`, address: `#s=${easy}`,
    dashes: easy.replaceAll(".", "-"), nine: drawn.join("\n").replace(/^-.*\n/m, ""),
  })) assert.equal(parse(text).text, easy, name);
  assert.deepEqual(parse(`${easy}\n${blank}\n`), { text: easy, more: 1 });
  for (const [text, error] of [["12", "2 of 81 cells."], ["", "0 of 81 cells."], ["hello", /“h” is no digit/], ["[1,2", "3 of 81 cells."], ["[[[]]]", "0 of 81 cells."], ["null", /“n”/], [easy.replace("5", "🙂"), /“🙂”/]]) {
    const got = parse(text);
    assert.equal(got.text, undefined, text);
    if (typeof error === "string" && !text.startsWith("[1")) assert.equal(got.error, error);
    else assert.ok(got.error, text);
  }
});

test("sudokus of every size, as people write them", () => {
  const four = "1.....3....2.4..";
  const six = sizes[6].easy[0];
  const sixteen = sizes[16].easy[0];
  const rows = (text, n) => text.match(new RegExp(`.{${n}}`, "g"));
  const numbers = (text, blank) => [...text].map((c) => (c === "." ? blank : Number.parseInt(c, 17)));
  const frame = rows(six, 6).flatMap((r, i) => [...(i % 2 ? [] : ["+-------+-------+"]), `| ${[...r.slice(0, 3)].join(" ")} | ${[...r.slice(3)].join(" ")} |`]).join("\n");
  const letters = (text) => text.replace(/\w/g, (c) => "ABCDEFGHIJKLMNOP"[Number.parseInt(c, 17) - 1]);
  for (const [name, text, want] of [
    ["line", four, four], ["zeros", four.replaceAll(".", "0"), four], ["rows", rows(four, 4).join("\n"), four], ["letters", "A... ..C. ...B .D..", four],
    ["small letters", "a.....c....b.d..", four], ["from 0", "0.....2....1.3..", four], ["link", `https://example.com/hrm/#s=${four}`, four],
    ["lists", JSON.stringify(rows(four, 4).map((r) => numbers(r, 0))), four], ["strings", JSON.stringify({ grid: rows(four, 4) }), four],
    ["frame", frame, six], ["rules", rows(six, 6).flatMap((r, i) => (i % 2 ? [r, "------"] : [r])).join("\n"), six], ["table", `question,answer\n${six.replaceAll(".", "0")},${"1".repeat(36)}`, six],
    ["16", sixteen, sixteen], ["16 rows", rows(sixteen, 16).join("\n"), sixteen], ["16 numbers", rows(sixteen, 16).map((r) => numbers(r, ".").join(" ")).join("\n"), sixteen],
    ["16 lists", JSON.stringify(rows(sixteen, 16).map((r) => numbers(r, null))), sixteen], ["16 letters", letters(sixteen), sixteen], ["16 strings", JSON.stringify(rows(sixteen, 16)), sixteen],
    ["16 from 0", [...sixteen].map((c) => (c === "." ? c : (Number.parseInt(c, 17) - 1).toString(16))).join(""), sixteen], ["nine of letters", letters(easy), easy],
  ]) assert.equal(parse(text).text, want, name);
  assert.deepEqual(parse(`${four}\n${four}\n${four}\n${four}\n`), { text: four, more: 3 }); // and no 8 x 8
  assert.deepEqual(parse(`# two of them\n${six}\n${six}`), { text: six, more: 1 });
  for (const [text, side, error] of [
    ["12", 4, "2 of 16 cells."], ["1.....7....2.4..", 9, "“7” is no digit of 4 × 4."], ["1.....7....2.4..", 4, "“7” is no digit and no blank."], ["12ab", 16, "4 of 256 cells."], ["12ab", 9, "“a” is no digit and no blank."],
    [".".repeat(25), 9, "25 of 81 cells."],
  ]) assert.deepEqual(parse(text, side), { error }, text);
});

test("the truth about a puzzle", () => {
  assert.equal(examine(easy).solution, solved);
  for (const [puzzle, kind, words] of [
    [blank, "empty", ""], [`55${blank.slice(2)}`, "contradiction", "5 stands twice in row 1"], [`5${".".repeat(8)}5${blank.slice(10)}`, "contradiction", "column 1"],
    [`1${blank.slice(1)}`, "several", "One clue is too few"], [easy.replace("53", ".."), "several", ""],
    [`532${easy.slice(3)}`, "contradiction", ""], [`${"12345678"}.${".........".repeat(7)}${"........9"}`, "contradiction", "together"],
  ]) {
    const got = examine(puzzle);
    assert.equal(got.kind, kind, puzzle);
    assert.ok(got.text.includes(words), got.text);
  }
  for (const puzzle of Object.values(sizes).flatMap((levels) => Object.values(levels).flat())) {
    const { found, whole } = solutions(puzzle);
    assert.ok(whole && found.length === 1 && clashes(found[0]).size === 0, puzzle);
  }
  for (const [puzzle, kind, words] of [
    [".".repeat(16), "empty", ""], [`11${".".repeat(34)}`, "contradiction", "1 stands twice in row 1"], [`1.....1${".".repeat(29)}`, "contradiction", "1 stands twice in column 1"],
    [`1.......1${".".repeat(27)}`, "contradiction", "1 stands twice in box 1"], [`1...........1...${".".repeat(20)}`, "contradiction", "column 1"], [`G${".".repeat(254)}G`, "several", ""],
    [`12${".".repeat(14)}`, "several", "2 clues are too few: no puzzle with fewer than 4"], ["12.....3........", "contradiction", "together"],
  ]) {
    const got = examine(puzzle);
    assert.equal(got.kind, kind, puzzle);
    assert.ok(got.text.includes(words), `${puzzle}: ${got.text}`);
  }
  // One of the hardest to refute: the search gives up in time.
  const hard = ".....5.8....6.1.43..........1.5........1.6...3.......553.....61........4.........";
  const began = performance.now();
  assert.match(examine(hard).kind, /contradiction|unknown/);
  assert.ok(performance.now() - began < 2000); // 0.12 s, on a machine with nothing else to do
});

test("the page says how many looks its puzzles take", { skip }, async () => {
  const model = await HRM.load(modelPath);
  for (const [level, puzzles] of Object.entries(examples)) {
    const results = await model.solveAll(puzzles);
    assert.ok(results.every((r) => r.valid), level);
    const all = results.map((r) => r.totalSegments);
    const [least, most] = [Math.min(...all), Math.max(...all)];
    assert.equal(looks[level], least === most ? `${least} look${least === 1 ? "" : "s"}` : `${least}–${most} looks`, `${level}: ${all}`);
  }
  await model.dispose();
});

test("any text is a puzzle or an error", () => {
  let state = 1;
  const random = (n) => { state = (state * 48271) % 2147483647; return state % n; };
  const parts = [easy, easy.slice(0, 40), "\n", "{", "[", "]", "}", "\"", ",", "5", "0", ".", "-", "|", "#s=", "%", "null", "🙂", " ", "x", "1e9", ":", "puzzle"];
  const lengths = Object.fromEntries(Object.keys(sizes).map((n) => [n * n, n]));
  for (let i = 0; i < 5000; i++) {
    const text = Array.from({ length: random(12) }, () => parts[random(parts.length)]).join("");
    const { text: puzzle, error } = parse(text);
    assert.ok(puzzle === undefined ? error.length > 0 : /^[1-9A-G.]+$/.test(puzzle) && puzzle.length in lengths, JSON.stringify(text));
    if (puzzle) examine(puzzle);
  }
});
