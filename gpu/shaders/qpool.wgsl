// out[at + 2 * lane + c] = -log(mean over the lane's tokens i of exp(-(z[i] . w[c] + bias[c])))
// for c = q_halt, q_continue, one lane a workgroup; z [lanes, positions, d]. A thread keeps the
// least of its tokens and the sum of exp(least - q).
struct Params { d: u32, positions: u32, prefix: u32, grids: u32, at: u32 }
{{params}}
{{ro "z" "f32"}}
{{ro "w" "f32"}}
{{ro "bias" "f32"}}
{{ro "grids" "u32"}}
{{rw "out" "f32"}}
var<workgroup> least: array<vec2<f32>, 64>;
var<workgroup> part: array<vec2<f32>, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) t: u32) {
    let lane = wid.x;
    let end = grids[p.grids + 4u * lane];
    var low = vec2<f32>(3e38);
    var sum = vec2<f32>();
    for (var i = p.prefix + t; i < end; i += 64u) {
        let row = (lane * p.positions + i) * p.d;
        var q = vec2<f32>(bias[0], bias[1]);
        for (var k = 0u; k < p.d; k++) { q += z[row + k] * vec2<f32>(w[k], w[p.d + k]); }
        let next = min(low, q);
        sum = sum * exp(next - low) + exp(next - q);
        low = next;
    }
    least[t] = low;
    workgroupBarrier();
    var all = low;
    for (var i = 0u; i < 64u; i++) { all = min(all, least[i]); }
    sum *= exp(all - low);
    {{reduce}}
    if (t < 2u) { out[p.at + 2u * lane + t] = all[t] - log(part[0][t] / f32(end - p.prefix)); }
}
