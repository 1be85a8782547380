// One optimizer step on the flat buffers; t counts from 1:
//   w *= keep = 1 - lr*wd;  m += (1-b1)*(g-m);  v = b2*v + (1-b2)*g*g
{{if .Atan2}}//   w -= lr/(1-b1^t) * atan2(m, sqrt(v)/sqrt(1-b2^t))
{{else}}//   w -= lr * (m/(1-b1^t)) / (sqrt(v/(1-b2^t)) + eps)
{{end -}}
{{if .EMA}}//   ema += (1-mu)*(w-ema)
{{end -}}
struct Params { n: u32, keep: f32, rate: f32, b1: f32, b2: f32, root: f32, eps: f32, mu: f32, c1: f32, c2: f32, at: u32 }
{{params}}
{{ro "g" "f32"}}
{{ro "norm" "f32"}}
{{rw "w" "f32"}}
{{rw "m" "f32"}}
{{rw "v" "f32"}}
{{if .EMA}}{{rw "ema" "f32"}}{{end}}

// angle is atan2(y, x) for x >= 0, by the polynomials of Cephes' atanf: the
// built-in may be wrong by 4096 units in the last place.
fn angle(y: f32, x: f32) -> f32 {
    if (y == 0.0) { return 0.0; }
    let t = abs(y);
    var base = 0.0;
    var z = 0.0;
    if (t > 2.414213562373095 * x) {
        base = 1.5707963267948966;
        z = -x / t;
    } else if (t > 0.4142135623730950 * x) {
        base = 0.7853981633974483;
        z = (t - x) / (t + x);
    } else {
        z = t / x;
    }
    let q = z * z;
    let a = base + (((8.05374449538e-2 * q - 1.38776856032e-1) * q + 1.99777106478e-1) * q - 3.33329491539e-1) * q * z + z;
    return select(-a, a, y > 0.0);
}
{{flat}}
    if (e >= p.n) { return; }
    let gr = g[e] * norm[p.at];
    let mom = m[e] + p.c1 * (gr - m[e]);
    let sq = p.b2 * v[e] + p.c2 * gr * gr;
    m[e] = mom;
    v[e] = sq;
    {{if .Atan2}}let out = w[e] * p.keep - p.rate * angle(mom, sqrt(sq) * p.root);
    {{else}}let out = w[e] * p.keep - p.rate * mom / (sqrt(sq) * p.root + p.eps);
    {{end}}w[e] = out;
    {{if .EMA}}ema[e] += p.mu * (out - ema[e]);{{end}}
}
