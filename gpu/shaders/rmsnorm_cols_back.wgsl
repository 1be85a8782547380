// du = r * (dy - y * mean over rows(dy * y)), per lane and column.
struct Params { lanes: u32, rows: u32, d: u32 }
{{params}}
{{ro "y" "f32"}}
{{ro "r" "f32"}}
{{ro "dy" "f32"}}
{{rw "du" "f32"}}
{{flat}}
    if (e >= p.lanes * p.d) { return; }
    let o = e / p.d * p.rows * p.d + e % p.d;
    var sum = 0.0;
    for (var i = 0u; i < p.rows; i++) { sum += dy[o + i * p.d] * y[o + i * p.d]; }
    let mean = sum / f32(p.rows);
    for (var i = 0u; i < p.rows; i++) {
        let x = o + i * p.d;
        du[x] = r[e] * (dy[x] - y[x] * mean);
    }
}
