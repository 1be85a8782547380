// The rms norm over positions: per lane and column of [rows, d],
// y = u * r with u = h + s and r = 1/sqrt(mean over rows(u^2) + eps).
struct Params { lanes: u32, rows: u32, d: u32, eps: f32 }
{{params}}
{{ro "h" "f32"}}
{{ro "s" "f32"}}
{{rw "y" "f32"}}
{{rw "r" "f32"}}
{{flat}}
    if (e >= p.lanes * p.d) { return; }
    let o = e / p.d * p.rows * p.d + e % p.d;
    var sum = 0.0;
    for (var i = 0u; i < p.rows; i++) {
        let u = h[o + i * p.d] + s[o + i * p.d];
        y[o + i * p.d] = u;
        sum += u * u;
    }
    let k = 1.0 / sqrt(sum / f32(p.rows) + p.eps);
    r[e] = k;
    for (var i = 0u; i < p.rows; i++) { y[o + i * p.d] *= k; }
}
