// With w = softmax, delta_i = dctx_i . ctx_i and ds_ij = w_ij * (dctx_i . v_j - delta_i):
// dq_i = scale * sum over j of ds_ij k_j, for 64 queries a workgroup. delta is kept in
// the second half of stats. drel[lane, tile, head, class] is the sum of ds.
{{template "attention" .}}
{{ro "qkv" "f32"}}
{{ro "tables" "u32"}}
{{if .Relations}}{{ro "bias" "f32"}}{{end}}
{{ro "ctx" "f32"}}
{{ro "dctx" "f32"}}
{{rw "stats" "f32"}}
{{rw "dqkv" "f32"}}
{{if .Relations}}{{rw "drel" "f32"}}
var<workgroup> classes: array<f32, 512>;{{end}}
var<workgroup> tk: array<vec4<f32>, {{mul .Tile .H4}}>;
var<workgroup> tv: array<vec4<f32>, {{mul .Tile .H4}}>;
{{template "unrotate" .}}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) num: vec3<u32>, @builtin(local_invocation_index) t: u32) {
    let i = wid.x * 64u + t;
    let head = wid.y;
    let first = wid.z * p.positions;
    let at = (first + i) * p.d + head * {{.Head}}u;
    let stat = (wid.z * p.heads + head) * p.positions + i;
    var q: array<vec4<f32>, {{.H4}}>;
    var g: array<vec4<f32>, {{.H4}}>;
    var dq: array<vec4<f32>, {{.H4}}>;
    var delta = 0.0;
    var lse = 0.0;
    {{if .Relations}}var rel: array<f32, 8>;{{end}}
    if (i < p.positions) {
        for (var c = 0u; c < {{.Head}}u; c++) {
            g[c >> 2u][c & 3u] = dctx[at + c];
            delta += dctx[at + c] * ctx[at + c];
        }
        for (var c = 0u; c < {{.H4}}u; c++) { q[c] = p.scale * rotated((first + i) * p.ld + head * {{.Head}}u, i, c); }
        lse = stats[stat];
        stats[p.lanes * p.heads * p.positions + stat] = delta;
    }
    for (var j0 = 0u; j0 < p.positions; j0 += {{.Tile}}u) {
        for (var e = t; e < {{mul .Tile .H4}}u; e += 64u) {
            let j = min(j0 + e / {{.H4}}u, p.positions - 1u);
            let base = (first + j) * p.ld + head * {{.Head}}u;
            tk[e] = rotated(base + p.d, j, e % {{.H4}}u);
            tv[e] = plain(base + 2u * p.d, e % {{.H4}}u);
        }
        workgroupBarrier();
        if (i < p.positions) {
            let count = min({{.Tile}}u, p.positions - j0);
            for (var j = 0u; j < count; j++) {
                {{if .Relations}}let kind = relation(i, j0 + j);{{end}}
                var s = {{if .Relations}}bias[head * 8u + kind]{{else}}0.0{{end}};
                var dw = 0.0;
                for (var c = 0u; c < {{.H4}}u; c++) {
                    s += dot(q[c], tk[j * {{.H4}}u + c]);
                    dw += dot(g[c], tv[j * {{.H4}}u + c]);
                }
                let ds = exp(s - lse) * (dw - delta);
                {{if .Relations}}rel[kind] += ds;{{end}}
                for (var c = 0u; c < {{.H4}}u; c++) { dq[c] += p.scale * ds * tk[j * {{.H4}}u + c]; }
            }
        }
        workgroupBarrier();
    }
    if (i < p.positions) {
        let out = (first + i) * p.ld + head * {{.Head}}u;
        for (var c = 0u; c < {{.Head}}u; c++) { dqkv[out + c] = unrotate(&dq, i, c); }
    }
    {{if .Relations}}
    for (var c = 0u; c < 8u; c++) { classes[t * 8u + c] = rel[c]; }
    workgroupBarrier();
    if (t < 8u) {
        var s = 0.0;
        for (var k = 0u; k < 64u; k++) { s += classes[k * 8u + t]; }
        drel[((wid.z * num.x + wid.x) * p.heads + head) * 8u + t] = s;
    }
    {{end}}
}
