// ctx[i] = sum over j of softmax_j(scale * q_i . k_j + bias[rel(i, j)]) v_j, per lane and
// head, for 64 queries a workgroup. Keys and values pass through shared memory
// in tiles and the softmax is accumulated as they come, so P x P is never
// stored. RoPE is applied to q and k as they are loaded.
// stats[lane, head, i] = log of the softmax's sum, for the backward pass.
{{template "attention" .}}
{{ro "qkv" "f32"}}
{{ro "tables" "u32"}}
{{if .Relations}}{{ro "bias" "f32"}}{{end}}
{{rw "ctx" "f32"}}
{{rw "stats" "f32"}}
var<workgroup> tk: array<vec4<f32>, {{mul .Tile .H4}}>;
var<workgroup> tv: array<vec4<f32>, {{mul .Tile .H4}}>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) t: u32) {
    let i = wid.x * 64u + t;
    let head = wid.y;
    let first = wid.z * p.positions;
    var q: array<vec4<f32>, {{.H4}}>;
    var o: array<vec4<f32>, {{.H4}}>;
    if (i < p.positions) {
        for (var c = 0u; c < {{.H4}}u; c++) { q[c] = p.scale * rotated((first + i) * p.ld + head * {{.Head}}u, i, c); }
    }
    var top = -3.0e38;
    var sum = 0.0;
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
            var score: array<f32, {{.Tile}}>;
            var m = top;
            for (var j = 0u; j < count; j++) {
                var s = {{if .Relations}}bias[head * 8u + relation(i, j0 + j)]{{else}}0.0{{end}};
                for (var c = 0u; c < {{.H4}}u; c++) { s += dot(q[c], tk[j * {{.H4}}u + c]); }
                score[j] = s;
                m = max(m, s);
            }
            let shrink = exp(top - m);
            top = m;
            sum *= shrink;
            for (var c = 0u; c < {{.H4}}u; c++) { o[c] *= shrink; }
            for (var j = 0u; j < count; j++) {
                let w = exp(score[j] - m);
                sum += w;
                for (var c = 0u; c < {{.H4}}u; c++) { o[c] += w * tv[j * {{.H4}}u + c]; }
            }
        }
        workgroupBarrier();
    }
    if (i >= p.positions) { return; }
    let at = (first + i) * p.d + head * {{.Head}}u;
    for (var c = 0u; c < {{.Head}}u; c++) { ctx[at + c] = o[c >> 2u][c & 3u] / sum; }
    stats[(wid.z * p.heads + head) * p.positions + i] = top + log(sum);
}
