// y = u * r with u = h + the sum of the parts of s, which lie stride apart, and r = 1/sqrt(mean(u^2) + eps), rows of d numbers.
// r is kept for the backward pass.
struct Params { rows: u32, d: u32, eps: f32, parts: u32, stride: u32 }
{{params}}
{{ro "h" .Type}}
{{ro "s" .Type}}
{{rw "y" .Type}}
{{rw "r" "f32"}}
{{if .Vec}}{{template "rows" .}}
{{range $n := seq .Each}}    var u{{$n}} = vec4<f32>();
    if (row < p.rows && {{template "column" $n}} < d4) {
        u{{$n}} = h[o + {{template "column" $n}}];
        for (var z = 0u; z < p.parts; z++) { u{{$n}} += s[z * (p.stride >> 2u) + o + {{template "column" $n}}]; }
    }
    sum += dot(u{{$n}}, u{{$n}});
{{end}}{{template "total"}}
    let k = 1.0 / sqrt(total / f32(p.d) + p.eps);
    if (row >= p.rows) { return; }
    if (x == 0u) { r[row] = k; }
{{range $n := seq .Each}}    if ({{template "column" $n}} < d4) { y[o + {{template "column" $n}}] = u{{$n}} * k; }
{{end}}}
{{else}}var<workgroup> part: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) num: vec3<u32>, @builtin(local_invocation_index) t: u32) {
    let row = wid.y * num.x + wid.x;
    let o = row * p.d;
    var sum = 0.0;
    if (row < p.rows) {
        for (var i = t; i < p.d; i += 64u) {
            var u = h[o + i];
            for (var z = 0u; z < p.parts; z++) { u += s[z * p.stride + o + i]; }
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
{{end}}
