// part[z, i, j] = sum over some rows of dy[r, c] * x[r+i-k/2, c+j-k/2], k = {{.K}}, on the grid of each
// lane's tokens: part z has {{if eq .Type "f32"}}a channel{{else}}four channels{{end}} and a tap a thread, and share rows.
struct Params { n: u32, width: u32, positions: u32, prefix: u32, grids: u32, rows: u32, share: u32 }
{{params}}
{{ro "dy" .Type}}
{{ro "x" .Type}}
{{ro "grids" "u32"}}
{{rw "part" .Type}}
{{flat}}
    if (e >= p.n) { return; }
    let channel = e % p.width;
    let tap = i32(e / p.width % {{mul .K .K}}u);
    let down = tap / {{.K}} - {{div .K 2}};
    let right = tap % {{.K}} - {{div .K 2}};
    let begin = e / p.width / {{mul .K .K}}u * p.share;
    var sum = {{.Type}}();
    for (var row = begin; row < min(p.rows, begin + p.share); row++) {
        let position = row % p.positions;
        let grid = p.grids + row / p.positions * 4u;
        if (position < p.prefix || position >= grids[grid]) { continue; }
        let cols = i32(grids[grid + 2u]);
        let cell = i32(position - p.prefix);
        let r = cell / cols + down;
        let c = cell % cols + right;
        if (r < 0 || c < 0 || r >= i32(grids[grid + 1u]) || c >= cols) { continue; }
        sum += dy[row * p.width + channel] * x[u32(i32(row) + down * cols + right) * p.width + channel];
    }
    part[e] = sum;
}
