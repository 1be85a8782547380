{{if .Last}}// out[at] = norm = sqrt(sum of a), out[at+1] = the factor that clips it to limit (0: never).
{{else}}// out[workgroup] = the sum of its share of a^2.
{{end}}struct Params { n: u32, at: u32, limit: f32 }
{{params}}
{{ro "a" "f32"}}
{{rw "out" "f32"}}
var<workgroup> part: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) num: vec3<u32>, @builtin(local_invocation_index) t: u32) {
    var sum = 0.0;
    for (var i = wid.x * 64u + t; i < p.n; i += num.x * 64u) { sum += a[i]{{if not .Last}} * a[i]{{end}}; }
    {{reduce}}
    {{if .Last}}if (t > 0u) { return; }
    let norm = sqrt(part[0]);
    out[p.at] = norm;
    out[p.at + 1u] = select(1.0, p.limit / norm, p.limit > 0.0 && norm > p.limit);
    {{else}}if (t == 0u) { out[wid.x] = part[0]; }{{end}}
}
