// Both halves of the backward pass at once for a short sequence, one lane and head a
// workgroup. With w = softmax, delta_i = dctx_i . ctx_i and ds_ij = w_ij * (dctx_i . v_j - delta_i):
//   dq_i = scale * sum over j of ds_ij k_j      one query a thread
//   dk_j = scale * sum over i of ds_ij q_i, dv_j = sum over i of w_ij dctx_i
// where w and ds of {{.Tile}} keys pass through shared memory. drel[lane, head, class] is the sum of ds.
{{template "attention" .}}
{{ro "qkv" .Type}}
{{ro "grids" "u32"}}
{{if .Relations}}{{ro "bias" "f32"}}{{end}}
{{ro "ctx" .Type}}
{{ro "dctx" .Type}}
{{ro "stats" "f32"}}
{{rw "dqkv" .Type}}
{{if .Relations}}{{rw "drel" "f32"}}
var<workgroup> tb: array<f32, 8>;{{end}}
{{template "load" .}}
var<workgroup> rows: array<array<array<vec4<f32>, {{add .H4 1}}>, {{.Threads}}>, 2>; // dctx; scale * q
var<workgroup> sums: array<array<array<vec4<f32>, {{add (div .Tile 4) 1}}>, {{.Threads}}>, 2>; // w; ds, of four keys each
var<workgroup> tk: array<array<vec4<f32>, {{.H4}}>, {{.Tile}}>;
var<workgroup> tv: array<array<vec4<f32>, {{.H4}}>, {{.Tile}}>;
{{template "unrotate" .}}
@compute @workgroup_size({{.Threads}})
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) t: u32) {
{{template "enter"}}
    let i = min(t, n - 1u);
    let head = wid.y;
    let first = wid.z * p.positions;
    for (var e = t; e < n * {{.H4}}u; e += {{.Threads}}u) {
        let r = e / {{.H4}}u;
        let c = e % {{.H4}}u;
        rows[0][r][c] = dctx[(((first + r) * p.d + head * {{.Head}}u) >> 2u) + c];
        rows[1][r][c] = p.scale * rotated((first + r) * p.ld + head * {{.Head}}u, r, c);
    }
{{if .Relations}}    var low = vec4<f32>(); // sums of classes 0 to 3
    var high = vec4<f32>();
    if (t < 8u) { tb[t] = bias[head * 8u + t]; }
{{end}}    workgroupBarrier();
    let lse = stats[(wid.z * p.heads + head) * p.positions + i];
    let at = ((first + i) * p.d + head * {{.Head}}u) >> 2u;
    var dots = vec4<f32>();
{{range $c := seq .H4}}    let g{{$c}} = rows[0][i][{{$c}}];
    let q{{$c}} = rows[1][i][{{$c}}];
    dots += g{{$c}} * ctx[at + {{$c}}u];
    var d{{$c}} = vec4<f32>();
{{end}}    let delta = dots.x + dots.y + dots.z + dots.w;
    for (var j0 = 0u; j0 < n; j0 += {{.Tile}}u) {
        for (var e = t; e < {{mul .Tile .H4}}u; e += {{.Threads}}u) {
            let j = min(j0 + e / {{.H4}}u, n - 1u);
            let base = (first + j) * p.ld + head * {{.Head}}u;
            tk[e / {{.H4}}u][e % {{.H4}}u] = rotated(base + p.d, j, e % {{.H4}}u);
            tv[e / {{.H4}}u][e % {{.H4}}u] = plain(base + 2u * p.d, e % {{.H4}}u);
        }
        workgroupBarrier();
        let count = min({{.Tile}}u, n - j0);
        for (var j = 0u; j < {{.Tile}}u; j += 4u) {
            var ws = vec4<f32>();
            var dss = vec4<f32>();
{{if .Relations}}            let kinds = seen(i, min(j0 + j, n - 1u));
{{end}}{{range $s := seq 4}}            if (j + {{$s}}u < count) {
{{range $c := seq $.H4}}                let k{{$c}} = tk[j + {{$s}}u][{{$c}}];
{{end}}                var s = q0 * k0;
                var dw = g0 * tv[j + {{$s}}u][0];
{{range $c := seq $.H4}}{{if $c}}                s += q{{$c}} * k{{$c}};
                dw += g{{$c}} * tv[j + {{$s}}u][{{$c}}];
{{end}}{{end}}{{if $.Relations}}                let kind = (kinds >> {{mul 4 $s}}u) & 7u;
                s.x += tb[kind];
{{end}}                let w = exp(s.x + s.y + s.z + s.w - lse);
                let ds = w * (dw.x + dw.y + dw.z + dw.w - delta);
                ws[{{$s}}] = w;
                dss[{{$s}}] = ds;
{{range $c := seq $.H4}}                d{{$c}} += ds * k{{$c}};
{{end}}{{if $.Relations}}                low += select(vec4<f32>(), vec4<f32>(ds), vec4<u32>(kind) == vec4<u32>(0u, 1u, 2u, 3u));
                high += select(vec4<f32>(), vec4<f32>(ds), vec4<u32>(kind) == vec4<u32>(4u, 5u, 6u, 7u));
{{end}}            }
{{end}}            sums[0][t][j >> 2u] = ws;
            sums[1][t][j >> 2u] = dss;
        }
        workgroupBarrier();
        // four keys and eight numbers of dv or dk a thread: c is x's group of four, half a head on y's
        for (var e = t; e < {{div (mul .Tile .H4) 4}}u; e += {{.Threads}}u) {
            let which = e / {{div (mul .Tile .H4) 8}}u;
            let four = (e / {{div .H4 2}}u) % {{div .Tile 4}}u;
            let c = e % {{div .H4 2}}u;
{{range $s := seq 4}}            var x{{$s}} = vec4<f32>();
            var y{{$s}} = vec4<f32>();
{{end}}            for (var r = 0u; r < n; r++) {
                let w = sums[which][r][four];
                let a = rows[which][r][c];
                let b = rows[which][r][c + {{div .H4 2}}u];
{{range $s := seq 4}}                x{{$s}} += w[{{$s}}] * a;
                y{{$s}} += w[{{$s}}] * b;
{{end}}            }
{{range $s := seq 4}}            put(which, j0 + four * 4u + {{$s}}u, first, head, c, x{{$s}}, y{{$s}});
{{end}}        }
    }
    if (t < n) {
        let source = (first + i) * p.ld + head * {{.Head}}u;
{{range $c := seq .H4}}        d{{$c}} *= p.scale;
{{end}}{{template "gradient" (part . "source" "d" "i")}}    } else if (t < p.positions) {
        let source = (first + t) * p.ld + head * {{.Head}}u;
        none(source);
        none(source + p.d);
        none(source + 2u * p.d);
    }
    {{if .Relations}}
    workgroupBarrier(); // sums is free now
    sums[0][t][0] = low;
    sums[1][t][0] = high;
    workgroupBarrier();
    if (t < 8u) {
        var s = 0.0;
        for (var r = 0u; r < n; r++) { s += sums[t >> 2u][r][0][t & 3u]; }
        drel[(wid.z * p.heads + head) * 8u + t] = s;
    }
    {{end}}
}

// put writes groups c and c + half of dv_j (which 0) or dk_j, the latter before the rotation.
fn put(which: u32, j: u32, first: u32, head: u32, c: u32, x: vec4<f32>, y: vec4<f32>) {
    if (j >= positions) { return; }
    let to = (((first + j) * p.ld + head * {{.Head}}u + (2u - which) * p.d) >> 2u) + c;
    var a = x;
    var b = y;
{{if .Rope}}    if (which == 1u) {
{{range $n := seq 4}}        a[{{$n}}] = unrotate(x[{{$n}}], y[{{$n}}], j, c * 4u + {{$n}}u);
        b[{{$n}}] = unrotate(y[{{$n}}], x[{{$n}}], j, (c + {{div $.H4 2}}u) * 4u + {{$n}}u);
{{end}}    }
{{end}}    dqkv[to] = a;
    dqkv[to + {{div .H4 2}}u] = b;
}
