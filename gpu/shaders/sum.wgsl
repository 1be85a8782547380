// y[i] {{if .Add}}+{{end}}= scale * sum over z of a[z * stride + i]
{{if .Many}}// Four threads an element, each with every fourth z.
{{end}}struct Params { n: u32, parts: u32, stride: u32, scale: f32 }
{{params}}
{{ro "a" "f32"}}
{{rw "y" "f32"}}
{{if .Many}}var<workgroup> part: array<array<f32, 64>, 4>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) num: vec3<u32>, @builtin(local_invocation_index) t: u32) {
    let x = t & 63u;
    let e = (wid.y * num.x + wid.x) * 64u + x;
    var s = 0.0;
    if (e < p.n) {
        for (var z = t >> 6u; z < p.parts; z += 4u) { s += a[z * p.stride + e]; }
    }
    part[t >> 6u][x] = s;
    workgroupBarrier();
    if (e >= p.n || t >= 64u) { return; }
    s = part[0][x] + part[1][x] + part[2][x] + part[3][x];
{{else}}{{flat}}
    if (e >= p.n) { return; }
    var s = 0.0;
    for (var z = 0u; z < p.parts; z++) { s += a[z * p.stride + e]; }
{{end}}    y[e] {{if .Add}}+{{end}}= p.scale * s;
}
