// x = x / (norm + 1e-7)
struct Params { n: u32 }
{{params}}
{{ro "norm" "f32"}}
{{rw "x" "f32"}}
{{flat}}
    if (e >= p.n) { return; }
    x[e] = x[e] / (norm[0] + 1.0e-7);
}
