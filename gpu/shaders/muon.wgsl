// w = keep * w - rate * o, where o is a slot that starts at start, with strides between the rows and the columns.
{{if .EMA}}// ema += mu * (w - ema)
{{end}}struct Params { n: u32, cols: u32, start: u32, row: u32, col: u32, keep: f32, rate: f32, mu: f32 }
{{params}}
{{ro "o" "f32"}}
{{rw "w" "f32"}}
{{if .EMA}}{{rw "ema" "f32"}}{{end}}
{{flat}}
    if (e >= p.n) { return; }
    let out = w[e] * p.keep - p.rate * o[p.start + (e / p.cols) * p.row + (e % p.cols) * p.col];
    w[e] = out;
    {{if .EMA}}ema[e] += p.mu * (out - ema[e]);{{end}}
}
