{{if .Back}}// The gradient of the candidates [lanes, positions], x being that of logits [lanes, tokens, vocab];
// zero behind a lane's.
{{else}}// Logits [lanes, tokens, vocab] of x, those of candidates [lanes, positions]: token first + k of a cell has
// that of its candidate k, one that no candidate stands for -1e9; zero behind a lane's tokens.
{{end}}struct Params { n: u32, tokens: u32, positions: u32, vocab: u32, first: u32, grids: u32 }
{{params}}
{{ro "x" "f32"}}
{{ro "grids" "u32"}}
{{rw "y" "f32"}}
{{flat}}
    if (e >= p.n) { return; }
{{if .Back}}    let lane = e / p.positions;
    let i = e % p.positions;
    let grid = p.grids + 4u * lane;
    var v = 0.0;
    if (i < grids[grid]) {
        let n = grids[grid + 2u];
        v = x[(lane * p.tokens + i / n) * p.vocab + p.first + i % n];
    }
    y[e] = v;
{{else}}    let lane = e / p.vocab / p.tokens;
    let cell = e / p.vocab % p.tokens;
    let n = grids[p.grids + 4u * lane + 2u];
    let k = e % p.vocab - p.first; // wraps below the first
    var v = select(0.0, -1e9, cell < n * n);
    if (cell < n * n && k < n) { v = x[lane * p.positions + cell * n + k]; }
    y[e] = v;
{{end}}}
