// y = u * r with u = h + s and r = 1/sqrt(mean(u^2) + eps), one row of d
// numbers a workgroup. r is kept for the backward pass.
struct Params { rows: u32, d: u32, eps: f32 }
{{params}}
{{ro "h" "f32"}}
{{ro "s" "f32"}}
{{rw "y" "f32"}}
{{rw "r" "f32"}}
var<workgroup> part: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) num: vec3<u32>, @builtin(local_invocation_index) t: u32) {
    let row = wid.y * num.x + wid.x;
    let o = row * p.d;
    var sum = 0.0;
    if (row < p.rows) {
        for (var i = t; i < p.d; i += 64u) {
            let u = h[o + i] + s[o + i];
            y[o + i] = u;
            sum += u * u;
        }
    }
    {{reduce}}
    if (row >= p.rows) { return; }
    let k = 1.0 / sqrt(part[0] / f32(p.d) + p.eps);
    if (t == 0u) { r[row] = k; }
    for (var i = t; i < p.d; i += 64u) { y[o + i] *= k; }
}
