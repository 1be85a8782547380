// x[lane, i] = scale * (embedding{{if .Learned}} + pos[i]{{end}}): the puzzle's row of the table over the prefix,
// zero beyond its dim numbers, then the tokens'. tokens [lanes, positions] is -1 in the prefix.
struct Params { total: u32, positions: u32, d: u32, dim: u32, scale: f32 }
{{params}}
{{ro "tokens" "i32"}}
{{ro "table" "f32"}}
{{if .Learned}}{{ro "pos" "f32"}}{{end}}
{{if .Puzzle}}{{ro "ids" "u32"}}
{{ro "puzzle" "f32"}}{{end}}
{{rw "x" "f32"}}
{{flat}}
    if (e >= p.total) { return; }
    let at = e % (p.positions * p.d);
    let tok = tokens[e / p.d];
    var v = 0.0;
    if (tok >= 0) { v = table[u32(tok) * p.d + e % p.d]; }
    {{if .Puzzle}}if (tok < 0 && at < p.dim) { v = puzzle[ids[e / (p.positions * p.d)] * p.dim + at]; }{{end}}
    x[e] = p.scale * (v{{if .Learned}} + pos[at]{{end}});
}
