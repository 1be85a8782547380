// How grids of colours are drawn on a canvas.
import { side as cells } from "./arcs.js";

/** Draws a grid into a box {x, y, side}; wrong: the cells that get a frame. */
export function drawGrid(pen, { x, y, side }, grid, colour, wrong = new Set()) {
  const pitch = side / cells;
  const edge = (k) => Math.round(k * pitch);
  const gap = Math.max(1, pitch * 0.06);
  pen.fillStyle = colour("--arc-gap");
  pen.fillRect(x, y, side, side);
  grid.flat().forEach((value, i) => {
    const [r, c] = [Math.floor(i / cells), i % cells];
    const box = [x + edge(c) + gap / 2, y + edge(r) + gap / 2, edge(c + 1) - edge(c) - gap, edge(r + 1) - edge(r) - gap];
    pen.fillStyle = value === null ? colour("--surface") : colour(`--arc-${value}`);
    pen.fillRect(...box);
    if (!wrong.has(i)) return;
    const thick = Math.max(2, pitch * 0.12);
    Object.assign(pen, { strokeStyle: colour("--arc-wrong"), lineWidth: thick });
    pen.strokeRect(box[0] + thick / 2, box[1] + thick / 2, box[2] - thick, box[3] - thick);
  });
}

/** An example on a canvas of its own: input, arrow, output. */
export function pair(canvas, { input, output }, colour) {
  const scale = 2;
  const [side, gap] = [60 * scale, 22 * scale];
  Object.assign(canvas, { width: 2 * side + gap, height: side });
  const pen = canvas.getContext("2d");
  drawGrid(pen, { x: 0, y: 0, side }, input, colour);
  arrow(pen, side + gap / 2, side / 2, gap * 0.24, colour);
  drawGrid(pen, { x: side + gap, y: 0, side }, output, colour);
}

function arrow(pen, x, y, h, colour) {
  Object.assign(pen, { strokeStyle: colour("--muted"), lineWidth: Math.max(2, h * 0.36), lineCap: "round", lineJoin: "round" });
  pen.beginPath();
  pen.moveTo(x - h, y);
  pen.lineTo(x + h, y);
  pen.moveTo(x + h * 0.2, y - h * 0.8);
  pen.lineTo(x + h, y);
  pen.lineTo(x + h * 0.2, y + h * 0.8);
  pen.stroke();
}

/** Examples, input and answer into a square of a picture to save. */
export function picture({ pen, x, y, side }, { board, examples }) {
  const { look, given, paint } = board;
  const small = side * 0.13;
  const third = side / 3;
  examples.forEach(({ input, output }, k) => {
    const left = x + k * third + third * 0.02;
    drawGrid(pen, { x: left, y: y + side * 0.04, side: small }, input, paint);
    arrow(pen, left + small + side * 0.025, y + side * 0.04 + small / 2, side * 0.012, paint);
    drawGrid(pen, { x: left + small + side * 0.05, y: y + side * 0.04, side: small }, output, paint);
  });
  const large = side * 0.44;
  const top = y + side * 0.32;
  drawGrid(pen, { x: x + side * 0.02, y: top, side: large }, given, paint);
  arrow(pen, x + side / 2, top + large / 2, side * 0.016, paint);
  if (look) drawGrid(pen, { x: x + side * 0.54, y: top, side: large }, look.said, paint, look.wrong);
}
