{{- /* a workgroup of 8 rows, 32 threads a row, Each groups of four numbers a thread */ -}}
{{define "rows" -}}
var<workgroup> part: array<array<vec4<f32>, 8>, 8>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) num: vec3<u32>, @builtin(local_invocation_index) t: u32) {
    let x = t & 31u;
    let row = (wid.y * num.x + wid.x) * 8u + (t >> 5u);
    let d4 = p.d >> 2u;
    let o = row * d4;
    var sum = 0.0;
{{- end}}
{{define "column"}}x + {{mul . 32}}u{{end}}
{{- /* the sum over a row's threads, the same in all of them */ -}}
{{define "total"}}    part[t >> 5u][x >> 2u][x & 3u] = sum;
    workgroupBarrier();
    var sums = vec4<f32>();
{{range $n := seq 8}}    sums += part[t >> 5u][{{$n}}];
{{end}}    let total = sums.x + sums.y + sums.z + sums.w;
{{- end}}
