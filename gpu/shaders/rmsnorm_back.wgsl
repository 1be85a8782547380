// du = r * (dy - y * mean(dy * y)), one row of d numbers a workgroup.
struct Params { rows: u32, d: u32 }
{{params}}
{{ro "y" "f32"}}
{{ro "r" "f32"}}
{{ro "dy" "f32"}}
{{rw "du" "f32"}}
var<workgroup> part: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) num: vec3<u32>, @builtin(local_invocation_index) t: u32) {
    let row = wid.y * num.x + wid.x;
    let o = row * p.d;
    var sum = 0.0;
    if (row < p.rows) {
        for (var i = t; i < p.d; i += 64u) { sum += dy[o + i] * y[o + i]; }
    }
    {{reduce}}
    if (row >= p.rows) { return; }
    let mean = part[0] / f32(p.d);
    for (var i = t; i < p.d; i += 64u) { du[o + i] = r[row] * (dy[o + i] - y[o + i] * mean); }
}
