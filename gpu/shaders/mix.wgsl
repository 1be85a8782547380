// y = a * x + b * y
struct Params { n: u32, a: f32, b: f32 }
{{params}}
{{ro "x" "f32"}}
{{rw "y" "f32"}}
{{flat}}
    if (e >= p.n) { return; }
    y[e] = p.a * x[e] + p.b * y[e];
}
