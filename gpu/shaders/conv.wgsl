// y[r, c] = {{if .Back}}x[r, c] + {{end}}sum over i, j < {{.K}} of w[{{if .Back}}k-1-i, k-1-j{{else}}i, j{{end}}] * x[r+i-k/2, c+j-k/2] on the grid of each lane's
// tokens, a position and {{if eq .Type "f32"}}a channel{{else}}four channels{{end}} a thread. What is no token gets {{if .Back}}x{{else}}zero{{end}}.
struct Params { n: u32, width: u32, positions: u32, prefix: u32, grids: u32 }
{{params}}
{{ro "x" .Type}}
{{ro "w" .Type}}
{{ro "grids" "u32"}}
{{rw "y" .Type}}
{{flat}}
    if (e >= p.n) { return; }
    let row = e / p.width;
    let channel = e % p.width;
    let position = row % p.positions;
    let grid = p.grids + row / p.positions * 4u;
    var sum = {{if .Back}}x[e]{{else}}{{.Type}}(){{end}};
    if (position >= p.prefix && position < grids[grid]) {
        let rows = i32(grids[grid + 1u]);
        let cols = i32(grids[grid + 2u]);
        let cell = i32(position - p.prefix);
        let top = cell / cols - {{div .K 2}};
        let left = cell % cols - {{div .K 2}};
        let first = i32(row) - cell; // of the lane's cells
        for (var i = max(0, -top); i < min({{.K}}, rows - top); i++) {
            for (var j = max(0, -left); j < min({{.K}}, cols - left); j++) {
                let tap = {{if .Back}}{{add (mul .K .K) -1}} - {{end}}(i * {{.K}} + j);
                sum += w[u32(tap) * p.width + channel] * x[u32(first + (top + i) * cols + left + j) * p.width + channel];
            }
        }
    }
    y[e] = sum;
}
