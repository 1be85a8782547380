// A sudoku's grid of any side that has boxes: what its cells have in common.

/** Digits as they are written: A is 10. */
export const digits = "123456789ABCDEFG";

/** The number that a sign stands for, 0 for a blank. */
export const value = (sign) => digits.indexOf(sign) + 1;

export const sideOf = (cells) => Math.sqrt(cells.length);

const made = new Map();

/** Of a side: high and wide, a box; units, the row, column and box of each cell as numbers below 3 * side; members, their cells; names, of a cell's units. */
export function geometry(side) {
  if (!made.has(side)) made.set(side, make(side));
  return made.get(side);
}

function make(side) {
  let high = 1;
  for (let r = 2; r * r <= side; r++) if (side % r === 0) high = r;
  const wide = side / high; // boxes lie down: 6 x 6 has some of 2 x 3
  const units = Array.from({ length: side * side }, (_, i) => {
    const [row, column] = [Math.floor(i / side), i % side];
    return [row, side + column, 2 * side + Math.floor(row / high) * high + Math.floor(column / wide)];
  });
  const members = Array.from({ length: 3 * side }, (_, u) => units.flatMap((of, i) => (of.includes(u) ? [i] : [])));
  const names = (i) => ["row", "column", "box"].map((name, k) => `${name} ${units[i][k] - k * side + 1}`);
  return { side, high, wide, units, members, names };
}
