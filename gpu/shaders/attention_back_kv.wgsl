// dv_j = sum over i of w_ij dctx_i and dk_j = scale * sum over i of ds_ij q_i, for {{.Threads}} keys a
// workgroup, after attention_back_q has left delta in stats.
{{template "attention" .}}
{{ro "qkv" .Type}}
{{ro "grids" "u32"}}
{{if .Relations}}{{ro "bias" "f32"}}{{end}}
{{ro "dctx" .Type}}
{{ro "stats" "f32"}}
{{rw "dqkv" .Type}}
{{template "load" .}}
var<workgroup> tq: array<array<vec4<f32>, {{.H4}}>, {{.Tile}}>;
var<workgroup> tg: array<array<vec4<f32>, {{.H4}}>, {{.Tile}}>;
var<workgroup> tl: array<vec2<f32>, {{.Tile}}>; // log-sum and delta
{{if .Relations}}var<workgroup> tb: array<f32, 8>;{{end}}
{{template "unrotate" .}}
fn gradient(base: u32, c: u32) -> vec4<f32> {
{{- if .Vec}}
    return dctx[(base >> 2u) + c];
}
{{- else}}
    return vec4<f32>({{range $i := seq 4}}{{if $i}}, {{end}}gradient1(base, c * 4u + {{$i}}u){{end}});
}

fn gradient1(base: u32, c: u32) -> f32 {
    {{if mod .Head 4}}if (c >= {{.Head}}u) { return 0.0; }
    {{end}}return dctx[base + c];
}
{{- end}}

@compute @workgroup_size({{.Threads}})
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) t: u32) {
{{template "enter"}}
    let own = wid.x * {{.Threads}}u + t;
    let j = min(own, n - 1u);
    let head = wid.y;
    let first = wid.z * p.positions;
    let stat = (wid.z * p.heads + head) * p.positions;
    let at = (first + j) * p.ld + head * {{.Head}}u + p.d;
{{range $c := seq .H4}}    let k{{$c}} = rotated(at, j, {{$c}}u);
    let v{{$c}} = plain(at + p.d, {{$c}}u);
    var d{{$c}} = vec4<f32>();
    var e{{$c}} = vec4<f32>();
{{end}}{{if .Relations}}    if (t < 8u) { tb[t] = bias[head * 8u + t]; }
{{end}}    for (var i0 = 0u; i0 < n; i0 += {{.Tile}}u) {
        for (var e = t; e < {{mul .Tile .H4}}u; e += {{.Threads}}u) {
            let i = min(i0 + e / {{.H4}}u, n - 1u);
            let c = e % {{.H4}}u;
            tq[e / {{.H4}}u][c] = p.scale * rotated((first + i) * p.ld + head * {{.Head}}u, i, c);
            tg[e / {{.H4}}u][c] = gradient((first + i) * p.d + head * {{.Head}}u, c);
            if (c == 0u) { tl[e / {{.H4}}u] = vec2<f32>(stats[stat + i], stats[p.lanes * p.heads * p.positions + stat + i]); }
        }
        workgroupBarrier();
        let count = min({{.Tile}}u, n - i0);
        for (var i = 0u; i < count; i++) {
{{range $c := seq .H4}}            let q{{$c}} = tq[i][{{$c}}];
            let g{{$c}} = tg[i][{{$c}}];
{{end}}            var s = q0 * k0;
            var dw = g0 * v0;
{{range $c := seq .H4}}{{if $c}}            s += q{{$c}} * k{{$c}};
            dw += g{{$c}} * v{{$c}};
{{end}}{{end}}{{if .Relations}}            s.x += tb[seen_by(j, i0 + i) & 7u];
{{end}}            let w = exp(s.x + s.y + s.z + s.w - tl[i].x);
            let ds = w * (dw.x + dw.y + dw.z + dw.w - tl[i].y);
{{range $c := seq .H4}}            d{{$c}} += ds * q{{$c}};
            e{{$c}} += w * g{{$c}};
{{end}}        }
        workgroupBarrier();
    }
    if (own >= n) {
        if (own < p.positions) {
            none((first + own) * p.ld + head * {{.Head}}u + p.d);
            none((first + own) * p.ld + head * {{.Head}}u + 2u * p.d);
        }
        return;
    }
{{template "gradient" (part . "at" "d" "j")}}    let to = at + p.d;
{{range $c := seq .H4}}{{if $.Vec}}    dqkv[(to >> 2u) + {{$c}}u] = e{{$c}};
{{else}}{{range $n := seq 4}}{{if lt (add (mul 4 $c) $n) $.Head}}    dqkv[to + {{add (mul 4 $c) $n}}u] = e{{$c}}[{{$n}}];
{{end}}{{end}}{{end}}{{end}}}
