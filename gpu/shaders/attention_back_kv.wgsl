// dv_j = sum over i of w_ij dctx_i and dk_j = scale * sum over i of ds_ij q_i, for 64 keys a
// workgroup, after attention_back_q has left delta in stats.
{{template "attention" .}}
{{ro "qkv" "f32"}}
{{ro "tables" "u32"}}
{{if .Relations}}{{ro "bias" "f32"}}{{end}}
{{ro "dctx" "f32"}}
{{ro "stats" "f32"}}
{{rw "dqkv" "f32"}}
var<workgroup> tq: array<vec4<f32>, {{mul .Tile .H4}}>;
var<workgroup> tg: array<vec4<f32>, {{mul .Tile .H4}}>;
var<workgroup> tl: array<vec2<f32>, {{.Tile}}>; // log-sum and delta
{{template "unrotate" .}}
fn gradient(base: u32, c: u32) -> f32 {
    {{if mod .Head 4}}if (c >= {{.Head}}u) { return 0.0; }
    {{end}}return dctx[base + c];
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) t: u32) {
    let j = wid.x * 64u + t;
    let head = wid.y;
    let first = wid.z * p.positions;
    let stat = (wid.z * p.heads + head) * p.positions;
    var k: array<vec4<f32>, {{.H4}}>;
    var v: array<vec4<f32>, {{.H4}}>;
    var dk: array<vec4<f32>, {{.H4}}>;
    var dv: array<vec4<f32>, {{.H4}}>;
    let at = (first + j) * p.ld + head * {{.Head}}u;
    if (j < p.positions) {
        for (var c = 0u; c < {{.H4}}u; c++) {
            k[c] = rotated(at + p.d, j, c);
            v[c] = plain(at + 2u * p.d, c);
        }
    }
    for (var i0 = 0u; i0 < p.positions; i0 += {{.Tile}}u) {
        for (var e = t; e < {{mul .Tile .H4}}u; e += 64u) {
            let i = min(i0 + e / {{.H4}}u, p.positions - 1u);
            let c = e % {{.H4}}u;
            let base = (first + i) * p.d + head * {{.Head}}u;
            tq[e] = p.scale * rotated((first + i) * p.ld + head * {{.Head}}u, i, c);
            tg[e] = vec4<f32>({{range $i := seq 4}}{{if $i}}, {{end}}gradient(base, c * 4u + {{$i}}u){{end}});
            if (c == 0u) { tl[e / {{.H4}}u] = vec2<f32>(stats[stat + i], stats[p.lanes * p.heads * p.positions + stat + i]); }
        }
        workgroupBarrier();
        if (j < p.positions) {
            let count = min({{.Tile}}u, p.positions - i0);
            for (var i = 0u; i < count; i++) {
                var s = {{if .Relations}}bias[head * 8u + relation(i0 + i, j)]{{else}}0.0{{end}};
                var dw = 0.0;
                for (var c = 0u; c < {{.H4}}u; c++) {
                    s += dot(tq[i * {{.H4}}u + c], k[c]);
                    dw += dot(tg[i * {{.H4}}u + c], v[c]);
                }
                let w = exp(s - tl[i].x);
                let ds = w * (dw - tl[i].y);
                for (var c = 0u; c < {{.H4}}u; c++) {
                    dk[c] += ds * tq[i * {{.H4}}u + c];
                    dv[c] += w * tg[i * {{.H4}}u + c];
                }
            }
        }
        workgroupBarrier();
    }
    if (j >= p.positions) { return; }
    for (var c = 0u; c < {{.Head}}u; c++) {
        dqkv[at + p.d + c] = unrotate(&dk, j, c);
        dqkv[at + 2u * p.d + c] = dv[c >> 2u][c & 3u];
    }
}
