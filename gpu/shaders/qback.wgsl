// Backward of the halting head, column i a thread: dz[lane, 0] += dq[lane] . w,
// dw += sum over lanes of dq[lane]^T z[lane, 0], dbias += sum over lanes of dq[lane].
struct Params { lanes: u32, stride: u32, d: u32 }
{{params}}
{{ro "dq" "f32"}}
{{ro "z" "f32"}}
{{ro "w" "f32"}}
{{rw "dz" "f32"}}
{{rw "dw" "f32"}}
{{rw "dbias" "f32"}}
{{flat}}
    if (e >= p.d) { return; }
    var g = vec2<f32>();
    var b = 0.0;
    for (var lane = 0u; lane < p.lanes; lane++) {
        let o = lane * p.stride + e;
        let v = vec2<f32>(dq[2u * lane], dq[2u * lane + 1u]);
        dz[o] += v.x * w[e] + v.y * w[p.d + e];
        g += v * z[o];
        if (e < 2u) { b += v[e]; }
    }
    dw[e] += g.x;
    dw[p.d + e] += g.y;
    if (e < 2u) { dbias[e] += b; }
}
