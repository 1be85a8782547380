// x = x / (sqrt(trace) + 1e-7) in every slot, trace being that of the slot's Gram matrix [side, side].
struct Params { n: u32, slot: u32, side: u32 }
{{params}}
{{ro "gram" "f32"}}
{{rw "x" "f32"}}
{{flat}}
    if (e >= p.n) { return; }
    let at = (e / p.slot) * p.side * p.side;
    var trace = 0.0;
    for (var i = 0u; i < p.side; i++) { trace += gram[at + i * (p.side + 1u)]; }
    x[e] = x[e] / (sqrt(trace) + 1.0e-7);
}
