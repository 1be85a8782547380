// ctx[i] = sum over j of softmax_j(scale * q_i . k_j + bias[class(i, j)]) v_j, per lane and
// head, for {{.Threads}} x {{.Rows}} queries a workgroup. Keys and values pass through shared memory
// in tiles and the softmax is accumulated as they come, {{.Step}} keys at a time, so P x P is
// never stored. RoPE is applied to q and k as they are loaded.
// stats[lane, head, i] = log of the softmax's sum, for the backward pass.
{{template "attention" .}}
{{ro "qkv" .Type}}
{{ro "grids" "u32"}}
{{if .Relations}}{{ro "bias" "f32"}}{{end}}
{{rw "ctx" .Type}}
{{rw "stats" "f32"}}
{{template "load" .}}
var<workgroup> tk: array<array<vec4<f32>, {{.H4}}>, {{.Tile}}>;
var<workgroup> tv: array<array<vec4<f32>, {{.H4}}>, {{.Tile}}>;
{{if .Relations}}var<workgroup> tb: array<f32, 8>;{{end}}

@compute @workgroup_size({{.Threads}})
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) t: u32) {
    let head = wid.y;
{{template "enter"}}
    let first = wid.z * p.positions;
{{range $r := seq .Rows}}    let own{{$r}} = (wid.x * {{$.Rows}}u + {{$r}}u) * {{$.Threads}}u + t;
    let i{{$r}} = min(own{{$r}}, n - 1u);
    let at{{$r}} = (first + i{{$r}}) * p.ld + head * {{$.Head}}u;
    var top{{$r}} = -3.0e38;
    var sum{{$r}} = 0.0;
{{range $c := seq $.H4}}    let q{{$r}}_{{$c}} = p.scale * rotated(at{{$r}}, i{{$r}}, {{$c}}u);
    var o{{$r}}_{{$c}} = vec4<f32>();
{{end}}{{end}}{{if .Relations}}    if (t < 8u) { tb[t] = bias[head * 8u + t]; }
{{end}}    for (var j0 = 0u; j0 < n; j0 += {{.Tile}}u) {
        for (var e = t; e < {{mul .Tile .H4}}u; e += {{.Threads}}u) {
            let j = min(j0 + e / {{.H4}}u, n - 1u);
            let base = (first + j) * p.ld + head * {{.Head}}u;
            tk[e / {{.H4}}u][e % {{.H4}}u] = rotated(base + p.d, j, e % {{.H4}}u);
            tv[e / {{.H4}}u][e % {{.H4}}u] = plain(base + 2u * p.d, e % {{.H4}}u);
        }
        workgroupBarrier();
        let count = min({{.Tile}}u, n - j0);
        for (var j = 0u; j < count; j += {{.Step}}u) {
{{range $r := seq .Rows}}{{if $.Relations}}            let seen{{$r}} = seen(i{{$r}}, j0 + j);
{{end}}            var m{{$r}} = top{{$r}};
{{range $s := seq $.Step}}            var s{{$r}}_{{$s}} = -3.0e38;
{{end}}{{end}}{{range $s := seq .Step}}            if (j + {{$s}}u < count) {
{{range $c := seq $.H4}}                let k{{$c}} = tk[j + {{$s}}u][{{$c}}];
{{end}}{{range $r := seq $.Rows}}                var dot{{$r}} = q{{$r}}_0 * k0;
{{range $c := seq $.H4}}{{if $c}}                dot{{$r}} += q{{$r}}_{{$c}} * k{{$c}};
{{end}}{{end}}                s{{$r}}_{{$s}} = dot{{$r}}.x + dot{{$r}}.y + dot{{$r}}.z + dot{{$r}}.w{{if $.Relations}} + tb[(seen{{$r}} >> {{mul 4 $s}}u) & 7u]{{end}};
                m{{$r}} = max(m{{$r}}, s{{$r}}_{{$s}});
{{end}}            }
{{end}}{{range $r := seq .Rows}}            let shrink{{$r}} = exp(top{{$r}} - m{{$r}});
            top{{$r}} = m{{$r}};
            sum{{$r}} *= shrink{{$r}};
{{range $c := seq $.H4}}            o{{$r}}_{{$c}} *= shrink{{$r}};
{{end}}{{end}}{{range $s := seq .Step}}            {
{{range $r := seq $.Rows}}                let w{{$r}} = exp(s{{$r}}_{{$s}} - m{{$r}});
                sum{{$r}} += w{{$r}};
{{end}}{{range $c := seq $.H4}}                let v{{$c}} = tv[j + {{$s}}u][{{$c}}];
{{range $r := seq $.Rows}}                o{{$r}}_{{$c}} += w{{$r}} * v{{$c}};
{{end}}{{end}}            }
{{end}}        }
        workgroupBarrier();
    }
{{range $r := seq .Rows}}    if (own{{$r}} < n) {
        let to = (first + i{{$r}}) * p.d + head * {{$.Head}}u;
{{range $c := seq $.H4}}        let y{{$c}} = o{{$r}}_{{$c}} / sum{{$r}};
{{if $.Vec}}        ctx[(to >> 2u) + {{$c}}u] = y{{$c}};
{{else}}{{range $n := seq 4}}{{if lt (add (mul 4 $c) $n) $.Head}}        ctx[to + {{add (mul 4 $c) $n}}u] = y{{$c}}[{{$n}}];
{{end}}{{end}}{{end}}{{end}}        stats[(wid.z * p.heads + head) * p.positions + i{{$r}}] = top{{$r}} + log(sum{{$r}});
    } else if (own{{$r}} < p.positions) {
        let to = (first + own{{$r}}) * p.d + head * {{$.Head}}u;
        for (var c = 0u; c < {{if $.Vec}}{{$.H4}}{{else}}{{$.Head}}{{end}}u; c++) { ctx[{{if $.Vec}}(to >> 2u){{else}}to{{end}} + c] = {{$.Type}}(); }
    }
{{end}}}
