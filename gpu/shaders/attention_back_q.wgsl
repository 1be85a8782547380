// With w = softmax, delta_i = dctx_i . ctx_i and ds_ij = w_ij * (dctx_i . v_j - delta_i):
// dq_i = scale * sum over j of ds_ij k_j, for {{.Threads}} queries a workgroup. delta is kept in
// the second half of stats. drel[lane, tile, head, class] is the sum of ds.
{{template "attention" .}}
{{ro "qkv" .Type}}
{{ro "grids" "u32"}}
{{if .Relations}}{{ro "bias" "f32"}}{{end}}
{{ro "ctx" .Type}}
{{ro "dctx" .Type}}
{{rw "stats" "f32"}}
{{rw "dqkv" .Type}}
{{if .Relations}}{{rw "drel" "f32"}}
var<workgroup> classes: array<f32, {{mul .Threads 8}}>;
var<workgroup> tb: array<f32, 8>;{{end}}
{{template "load" .}}
var<workgroup> tk: array<array<vec4<f32>, {{.H4}}>, {{.Tile}}>;
var<workgroup> tv: array<array<vec4<f32>, {{.H4}}>, {{.Tile}}>;
{{template "unrotate" .}}
@compute @workgroup_size({{.Threads}})
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) num: vec3<u32>, @builtin(local_invocation_index) t: u32) {
{{template "enter"}}
    let own = wid.x * {{.Threads}}u + t;
    let i = min(own, n - 1u);
    let head = wid.y;
    let first = wid.z * p.positions;
    let at = (first + i) * p.d + head * {{.Head}}u;
    let source = (first + i) * p.ld + head * {{.Head}}u;
    let stat = (wid.z * p.heads + head) * p.positions + i;
    let lse = stats[stat];
    var dots = vec4<f32>();
{{range $c := seq .H4}}{{if $.Vec}}    let g{{$c}} = dctx[(at >> 2u) + {{$c}}u];
    dots += g{{$c}} * ctx[(at >> 2u) + {{$c}}u];
{{else}}    var g{{$c}} = vec4<f32>();
{{range $n := seq 4}}{{if lt (add (mul 4 $c) $n) $.Head}}    g{{$c}}[{{$n}}] = dctx[at + {{add (mul 4 $c) $n}}u];
    dots[{{$n}}] += g{{$c}}[{{$n}}] * ctx[at + {{add (mul 4 $c) $n}}u];
{{end}}{{end}}{{end}}    let q{{$c}} = p.scale * rotated(source, i, {{$c}}u);
    var d{{$c}} = vec4<f32>();
{{end}}    let delta = dots.x + dots.y + dots.z + dots.w;
    if (own < n) { stats[p.lanes * p.heads * p.positions + stat] = delta; }
{{if .Relations}}    var low = vec4<f32>(); // sums of classes 0 to 3
    var high = vec4<f32>();
    if (t < 8u) { tb[t] = bias[head * 8u + t]; }
{{end}}    for (var j0 = 0u; j0 < n; j0 += {{.Tile}}u) {
        for (var e = t; e < {{mul .Tile .H4}}u; e += {{.Threads}}u) {
            let j = min(j0 + e / {{.H4}}u, n - 1u);
            let base = (first + j) * p.ld + head * {{.Head}}u;
            tk[e / {{.H4}}u][e % {{.H4}}u] = rotated(base + p.d, j, e % {{.H4}}u);
            tv[e / {{.H4}}u][e % {{.H4}}u] = plain(base + 2u * p.d, e % {{.H4}}u);
        }
        workgroupBarrier();
        let count = min({{.Tile}}u, n - j0);
        for (var j = 0u; j < count; j++) {
{{range $c := seq .H4}}            let k{{$c}} = tk[j][{{$c}}];
{{end}}            var s = q0 * k0;
            var dw = g0 * tv[j][0];
{{range $c := seq .H4}}{{if $c}}            s += q{{$c}} * k{{$c}};
            dw += g{{$c}} * tv[j][{{$c}}];
{{end}}{{end}}{{if .Relations}}            let kind = seen(i, j0 + j) & 7u;
            s.x += tb[kind];
{{end}}            let ds = exp(s.x + s.y + s.z + s.w - lse) * (dw.x + dw.y + dw.z + dw.w - delta);
{{range $c := seq .H4}}            d{{$c}} += ds * k{{$c}};
{{end}}{{if .Relations}}            low += select(vec4<f32>(), vec4<f32>(ds), vec4<u32>(kind) == vec4<u32>(0u, 1u, 2u, 3u));
            high += select(vec4<f32>(), vec4<f32>(ds), vec4<u32>(kind) == vec4<u32>(4u, 5u, 6u, 7u));
{{end}}        }
        workgroupBarrier();
    }
    if (own < n) {
{{range $c := seq .H4}}        d{{$c}} *= p.scale;
{{end}}{{template "gradient" (part . "source" "d" "i")}}    } else if (own < p.positions) {
        none((first + own) * p.ld + head * {{.Head}}u);
    }
    {{if .Relations}}
    if (own >= n) { low = vec4<f32>(); high = vec4<f32>(); }
{{range $n := seq 4}}    classes[t * 8u + {{$n}}u] = low[{{$n}}];
    classes[t * 8u + {{add 4 $n}}u] = high[{{$n}}];
{{end}}    workgroupBarrier();
    if (t < 8u) {
        var s = 0.0;
        for (var k = 0u; k < {{.Threads}}u; k++) { s += classes[k * 8u + t]; }
        drel[((wid.z * num.x + wid.x) * p.heads + head) * 8u + t] = s;
    }
    {{end}}
}
