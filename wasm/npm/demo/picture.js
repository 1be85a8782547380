// The look that is shown, as a picture to save.
import { geometry } from "./geometry.js";

const width = 1080;
const side = 960;
const left = (width - side) / 2;
const font = (size, weight = 400) => `${weight} ${size}px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif`;

/** A PNG of a board with its look; colour(name) is the value of a custom property. */
export async function picture(board, words, colour) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = 1280;
  const pen = canvas.getContext("2d");
  const fill = (name, x, y, w, h) => {
    pen.fillStyle = colour(name);
    pen.fillRect(x, y, w, h);
  };
  const write = (text, x, y, name, style, align = "left") => {
    Object.assign(pen, { fillStyle: colour(name), font: style, textAlign: align, textBaseline: "alphabetic" });
    pen.fillText(text, x, y);
  };
  fill("--bg", 0, 0, width, canvas.height);
  write("Watch a small network change its mind", left, 92, "--ink", font(42, 700));
  const top = 132;
  fill("--surface", left, top, side, side);
  if (board.picture) board.picture({ pen, x: left, y: top, side });
  else sudoku(board, top, colour, { pen, fill, write });
  write(words, left, top + side + 76, "--ink", font(38, 650));
  write("hrm: a network in your browser, github.com/hrmgo/hrm", left, top + side + 128, "--muted", font(26));
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
}

function sudoku(board, top, colour, tools) {
  const n = board.side;
  const cell = side / n;
  for (let i = 0; i < n * n; i++) drawCell(board, i, left + (i % n) * cell, top + Math.floor(i / n) * cell, cell, tools);
  lines(tools.pen, colour, top, n);
}

const inks = { given: "--ink", over: "--bad", bad: "--bad", sure: "--sure", unsure: "--ink" };

function drawCell({ look, given }, i, x, y, cell, { pen, fill, write }) {
  const kind = look ? look.kinds[i] : "given";
  const digit = look ? look.digits[i] : given[i];
  if (kind === "bad" || kind === "over") fill("--bad-tint", x, y, cell, cell);
  if (kind === "unsure") {
    pen.globalAlpha = Math.min(1, 0.12 + (1 - look.step.confidence[i]) * 0.6);
    fill("--unsure", x, y, cell, cell);
    pen.globalAlpha = 1;
  }
  if (digit === ".") return;
  const part = (pixels) => (pixels * cell * 9) / side; // of a cell, in pixels of those of 9 x 9
  write(digit, x + cell / 2, y + cell * 0.7, inks[kind], font(part(58), kind === "given" ? 700 : 400), "center");
  if (kind === "bad" || kind === "over") fill("--bad", x + cell / 2 - part(19), y + cell * 0.76, part(38), part(4));
  const former = kind === "over" ? given[i] : look?.former?.[i];
  if (!former || former === "." || former === digit) return;
  write(former, x + cell - part(18), y + part(29), "--muted", font(part(22)), "center");
  fill("--muted", x + cell - part(27), y + part(20), part(18), part(2));
}

function lines(pen, colour, top, n) {
  const { high, wide } = geometry(n);
  const cell = side / n;
  const line = (k, of, box) => {
    pen.fillStyle = colour(k % of ? "--line" : "--frame");
    const thick = k % of ? 1.5 : 4;
    pen.fillRect(...box(k * cell - thick / 2, thick));
  };
  for (const edges of [false, true]) { // those of boxes over the others
    for (let k = 0; k <= n; k++) {
      if ((k % wide === 0) === edges) line(k, wide, (at, thick) => [left + at, top, thick, side]);
      if ((k % high === 0) === edges) line(k, high, (at, thick) => [left, top + at, side, thick]);
    }
  }
}
