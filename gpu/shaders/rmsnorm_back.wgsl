// du = r * (dy - y * mean(dy * y)), rows of d numbers.
struct Params { rows: u32, d: u32 }
{{params}}
{{ro "y" .Type}}
{{ro "r" "f32"}}
{{ro "dy" .Type}}
{{rw "du" .Type}}
{{if .Vec}}{{template "rows" .}}
{{range $n := seq .Each}}    var y{{$n}} = vec4<f32>();
    var g{{$n}} = vec4<f32>();
    if (row < p.rows && {{template "column" $n}} < d4) {
        y{{$n}} = y[o + {{template "column" $n}}];
        g{{$n}} = dy[o + {{template "column" $n}}];
    }
    sum += dot(y{{$n}}, g{{$n}});
{{end}}{{template "total"}}
    let mean = total / f32(p.d);
    if (row >= p.rows) { return; }
    let k = r[row];
{{range $n := seq .Each}}    if ({{template "column" $n}} < d4) { du[o + {{template "column" $n}}] = k * (g{{$n}} - y{{$n}} * mean); }
{{end}}}
{{else}}var<workgroup> part: array<f32, 64>;

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
{{end}}
