// units[kind, lane, i] = 1/sqrt(n) * the sum of x over n candidates of a sudoku of n x n cells: those
// of digit i % n in row, column or box i / n, and those of cell i. A unit and {{if eq .Type "f32"}}a channel{{else}}four channels{{end}} a
// thread. 64 units of each kind follow in turn, as they read the same.
struct Params { n: u32, width: u32, positions: u32, cells: u32, lanes: u32, units: u32, grids: u32 }
{{params}}
{{ro "x" .Type}}
{{ro "grids" "u32"}}
{{rw "units" .Type}}
{{flat}}
    if (e >= p.n) { return; }
    let channel = e % p.width;
    let row = e / p.width;
    let kind = (row >> 6u) & 3u;
    let unit = ((row >> 8u) << 6u) + (row & 63u);
    let lane = unit / p.cells;
    let i = unit % p.cells;
    var n = 0u;
    if (lane < p.lanes) { n = grids[p.grids + 4u * lane + 2u]; }
    var sum = {{.Type}}();
    if (i < n * n) {
        let high = grids[p.grids + 4u * lane + 3u]; // rows of a box
        let line = i / n;
        // the first candidate; cells side by side, and how far apart they and their rows lie
        var first = line * n * n + i % n;
        var wide = n;
        var step = n;
        if (kind == 1u) {
            first = line * n + i % n;
            step = n * n;
        } else if (kind == 2u) {
            wide = n / high;
            first = ((line / high * high) * n + line % high * wide) * n + i % n;
        } else if (kind == 3u) {
            first = i * n;
            step = 1u;
        }
        for (var r = 0u; r < n / wide; r++) {
            var at = (lane * p.positions + first + r * n * n) * p.width + channel;
            for (var c = 0u; c < wide; c++) {
                sum += x[at];
                at += step * p.width;
            }
        }
        sum *= inverseSqrt(f32(n));
    }
    units[(kind * p.units + unit) * p.width + channel] = sum;
}
