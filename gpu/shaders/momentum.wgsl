// With v = g * norm[at], the clipped gradient: m = beta * m + v, o = v + beta * m,
// where o is a slot that starts at start, with strides between the rows and the columns.
struct Params { n: u32, cols: u32, start: u32, row: u32, col: u32, beta: f32, at: u32 }
{{params}}
{{ro "g" "f32"}}
{{ro "norm" "f32"}}
{{rw "m" "f32"}}
{{rw "o" "f32"}}
{{flat}}
    if (e >= p.n) { return; }
    let v = g[e] * norm[p.at];
    let mom = p.beta * m[e] + v;
    m[e] = mom;
    o[p.start + (e / p.cols) * p.row + (e % p.cols) * p.col] = v + p.beta * mom;
}
