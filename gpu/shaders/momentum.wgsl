// With v = g * norm[at], the clipped gradient: m = beta * m + v, o = v + beta * m.
struct Params { n: u32, beta: f32, at: u32 }
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
    o[e] = v + p.beta * mom;
}
