// act = silu(g) * u with g = gu[o, 0, x] and u = gu[o, 1, x], gu [outer, 2, n]:
// dg = dact * u * s * (1 + g * (1 - s)), du = dact * g * s, s = sigmoid(g).
struct Params { total: u32, n: u32 }
{{params}}
{{ro "gu" "f32"}}
{{ro "dact" "f32"}}
{{rw "dgu" "f32"}}
{{flat}}
    if (e >= p.total) { return; }
    let i = e / p.n * 2u * p.n + e % p.n;
    let g = gu[i];
    let s = 1.0 / (1.0 + exp(-g));
    dgu[i] = dact[e] * gu[i + p.n] * s * (1.0 + g * (1.0 - s));
    dgu[i + p.n] = dact[e] * g * s;
}
