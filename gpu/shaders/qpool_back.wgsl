// Backward of qpool for q_halt, a position a thread: a token's share of its lane's dq,
//   dtok = dq[lane] * exp(q[lane] - (z . w + bias)) / tokens
// and dz += dtok * w; dtok [lanes, positions, 2] is zero for q_continue and for what is no token.
struct Params { rows: u32, positions: u32, prefix: u32, grids: u32, d: u32 }
{{params}}
{{ro "dq" "f32"}}
{{ro "q" "f32"}}
{{ro "z" "f32"}}
{{ro "w" "f32"}}
{{ro "bias" "f32"}}
{{ro "grids" "u32"}}
{{rw "dz" "f32"}}
{{rw "dtok" "vec2<f32>"}}
{{flat}}
    if (e >= p.rows) { return; }
    let lane = e / p.positions;
    let position = e % p.positions;
    let end = grids[p.grids + 4u * lane];
    dtok[e] = vec2<f32>();
    if (position < p.prefix || position >= end) { return; }
    var own = bias[0];
    for (var k = 0u; k < p.d; k++) { own += z[e * p.d + k] * w[k]; }
    let share = dq[2u * lane] * exp(q[2u * lane] - own) / f32(end - p.prefix);
    dtok[e] = vec2<f32>(share, 0.0);
    for (var k = 0u; k < p.d; k++) { dz[e * p.d + k] += share * w[k]; }
}
