// out[at + 2 * lane + c] = z[lane, 0] . w[c] + bias[c] for c = q_halt, q_continue, one lane
// a workgroup; z [lanes, positions, d].
struct Params { lanes: u32, stride: u32, d: u32, at: u32 }
{{params}}
{{ro "z" "f32"}}
{{ro "w" "f32"}}
{{ro "bias" "f32"}}
{{rw "out" "f32"}}
var<workgroup> part: array<vec2<f32>, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) t: u32) {
    let lane = wid.x;
    var sum = vec2<f32>();
    for (var i = t; i < p.d; i += 64u) { sum += z[lane * p.stride + i] * vec2<f32>(w[i], w[p.d + i]); }
    {{reduce}}
    if (t < 2u) { out[p.at + 2u * lane + t] = part[0][t] + bias[t]; }
}
