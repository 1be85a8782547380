// c[z] (+)= a . b over the reduction (r, k), in tiles of {{.Tile.M}} x {{.Tile.N}} outputs. A workgroup
// keeps {{.Tile.K}} steps of k in shared memory; a thread has {{.Tile.Rows}} x {{.Tile.Cols}} outputs in groups of 4 x 4,
// which lie apart by the groups of all other threads. While a workgroup multiplies, the
// numbers of its next steps are on their way. z is a batch, or a part of the
// reduction (kz, rz).
struct Params {
    m: u32, n: u32, k: u32, add: u32,
    lda: u32, ldb: u32, ldc: u32, up: u32,
    az: u32, bz: u32, cz: u32, kz: u32,
    reps: u32, ar: u32, br: u32, rz: u32,
}
{{params}}
{{ro "a" .A.Type}}
{{ro "b" .B.Type}}
{{if not .ActOnly}}{{rw "c" .CType}}
{{end}}{{if .Gated}}{{rw "act" .CType}}
{{end}}{{if .Back}}{{ro "gateup" .CType}}
{{end}}{{if .Scaled}}{{ro "scale" "f32"}}{{end}}

// [k][groups of 4 rows, and one that keeps transposing writes off each other's banks]
var<workgroup> ta: array<array<vec4<f32>, {{.Tile.PadM}}>, {{.Tile.K}}>;
var<workgroup> tb: array<array<vec4<f32>, {{.Tile.PadN}}>, {{.Tile.K}}>;

// fetch_a is 4 numbers of a that lie beside each other, zeros beyond its ends:
// rows i..i+3 when it is k-major, else steps k..k+3.
{{define "fetch" -}}
fn fetch_{{.Name}}(base: u32, i: u32, k: u32, stop: u32) -> vec4<f32> {
{{- if .Vec}}
    if (i >= p.{{.Rows}} || k >= stop) { return vec4<f32>(); }
    let e = (base + {{if .KMajor}}k * p.ld{{.Name}} + i{{else}}i * p.ld{{.Name}} + k{{end}}) >> 2u;
    {{template "element4" .}}
}
{{- else if .KMajor}}
    return vec4<f32>(one_{{.Name}}(base, i, k, stop), one_{{.Name}}(base, i + 1u, k, stop), one_{{.Name}}(base, i + 2u, k, stop), one_{{.Name}}(base, i + 3u, k, stop));
}
{{- else}}
    return vec4<f32>(one_{{.Name}}(base, i, k, stop), one_{{.Name}}(base, i, k + 1u, stop), one_{{.Name}}(base, i, k + 2u, stop), one_{{.Name}}(base, i, k + 3u, stop));
}
{{- end}}
{{if not .Vec}}
fn one_{{.Name}}(base: u32, i: u32, k: u32, stop: u32) -> f32 {
    if (i >= p.{{.Rows}} || k >= stop) { return 0.0; }
    let e = base + {{if .KMajor}}k * p.ld{{.Name}} + i{{else}}i * p.ld{{.Name}} + k{{end}};
    {{template "element" .}}
}
{{end}}
{{end -}}
{{template "fetch" .A}}
{{template "fetch" .B}}

{{define "next" -}}
{{$o := .}}{{range $l := seq .Loads}}        g{{$o.Name}}{{$l}} = fetch_{{$o.Name}}({{$o.Name}}base, {{$o.Name}}i{{$l}}, next + {{$o.Name}}k{{$l}}, k1);
{{end}}{{end -}}

@compute @workgroup_size({{.Tile.Threads}})
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) t: u32) {
    let i0 = wid.y * {{.Tile.M}}u;
    let j0 = wid.x * {{if .Gated}}{{div .Tile.N 2}}u; // and as many ups, n/2 columns on{{else}}{{.Tile.N}}u;{{end}}
    // 32 threads that run together are 4 x 8
    let x = (t & 7u) | (((t >> 5u) % {{div .Tile.AcrossN 8}}u) << 3u);
    let y = ((t >> 3u) & 3u) | (((t >> 5u) / {{div .Tile.AcrossN 8}}u) << 2u);
    let k0 = wid.z * p.kz;
    let k1 = select(p.k, min(p.k, k0 + p.kz), p.kz > 0u);
    let r0 = wid.z * p.rz;
    let r1 = select(p.reps, min(p.reps, r0 + p.rz), p.rz > 0u);
{{range $o := list .A .B}}{{range $l := seq $o.Loads}}    // the numbers that this thread fetches of {{$o.Name}}
    let {{$o.Name}}e{{$l}} = t + {{mul $l $.Tile.Threads}}u;
{{if $o.KMajor}}    let {{$o.Name}}r{{$l}} = {{$o.Name}}e{{$l}} % {{$o.Groups}}u;
    let {{$o.Name}}k{{$l}} = {{$o.Name}}e{{$l}} / {{$o.Groups}}u;
    let {{$o.Name}}i{{$l}} = {{$o.Start}} + {{$o.Name}}r{{$l}} * 4u{{if $o.Gated}} + select(0u, (p.n >> 1u) - {{mul 2 $o.Groups}}u, {{$o.Name}}r{{$l}} >= {{div $o.Groups 2}}u){{end}};
{{else}}    let {{$o.Name}}r{{$l}} = {{$o.Name}}e{{$l}} / {{div $.Tile.K 4}}u;
    let {{$o.Name}}k{{$l}} = ({{$o.Name}}e{{$l}} % {{div $.Tile.K 4}}u) * 4u;
    let {{$o.Name}}i{{$l}} = {{$o.Start}} + {{$o.Name}}r{{$l}}{{if $o.Gated}} + select(0u, (p.n >> 1u) - {{mul 2 $o.Groups}}u, {{$o.Name}}r{{$l}} >= {{mul 2 $o.Groups}}u){{end}};
{{end}}    var g{{$o.Name}}{{$l}} = vec4<f32>();
{{end}}{{end -}}
{{range $i := seq .Tile.Rows}}{{range $h := seq (div $.Tile.Cols 4)}}    var c{{$i}}_{{$h}} = vec4<f32>();
{{end}}{{end}}    for (var r = r0; r < r1; r++) {
        let abase = wid.z * p.az + r * p.ar;
        let bbase = wid.z * p.bz + r * p.br;
        var next = k0;
{{if .Tile.Ahead}}{{template "next" .A}}{{template "next" .B}}{{end}}        for (var k = k0; k < k1; k += {{.Tile.K}}u) {
{{if not .Tile.Ahead}}        next = k;
{{template "next" .A}}{{template "next" .B}}{{end -}}
{{range $o := list .A .B}}{{range $l := seq $o.Loads -}}
{{if $o.KMajor}}            t{{$o.Name}}[{{$o.Name}}k{{$l}}][{{$o.Name}}r{{$l}}] = g{{$o.Name}}{{$l}};
{{else}}{{range $s := seq 4}}            t{{$o.Name}}[{{$o.Name}}k{{$l}} + {{$s}}u][{{$o.Name}}r{{$l}} >> 2u][{{$o.Name}}r{{$l}} & 3u] = g{{$o.Name}}{{$l}}[{{$s}}];
{{end}}{{end}}{{end}}{{end}}            workgroupBarrier();
{{if .Tile.Ahead}}        next = k + {{.Tile.K}}u;
{{template "next" .A}}{{template "next" .B}}{{end -}}
{{if .Tile.Rolled}}            for (var s = 0u; s < {{.Tile.K}}u; s++) {
{{template "multiply" (step . "s")}}            }
{{else}}{{range $s := seq .Tile.K}}            {
{{template "multiply" (step $ $s)}}            }
{{end}}{{end}}            workgroupBarrier();
        }
    }
    let cbase = wid.z * p.cz;
{{range $i := seq .Tile.Rows}}{{if $.Gated}}    put_gated(i0 + (y + {{mul (div $i 4) $.Tile.AcrossM}}u) * 4u + {{mod $i 4}}u, j0 + x * 4u, c{{$i}}_0, c{{$i}}_1);
{{else}}{{range $h := seq (div $.Tile.Cols 4)}}    put(cbase, i0 + (y + {{mul (div $i 4) $.Tile.AcrossM}}u) * 4u + {{mod $i 4}}u, j0 + (x + {{mul $h $.Tile.AcrossN}}u) * 4u, c{{$i}}_{{$h}});
{{end}}{{end}}{{end}}}

{{if .Scaled}}fn scaled(i: u32, j: u32, v: vec4<f32>) -> vec4<f32> {
    return v * {{if .ScaleRows}}scale[i]{{else}}vec4<f32>(scale[j], scale[j + 1u], scale[j + 2u], scale[j + 3u]){{end}};
}
{{end}}
{{if .Gated -}}
// act = silu(gate) * up
fn put_gated(i: u32, j: u32, gate: vec4<f32>, up: vec4<f32>) {
    let half = p.n >> 1u;
    if (i >= p.m || j >= half) { return; }
    let g = {{if .Scaled}}scaled(i, j, gate){{else}}gate{{end}};
    let u = {{if .Scaled}}scaled(i, half + j, up){{else}}up{{end}};
{{if not .ActOnly}}    c[(i * p.ldc + j) >> 2u] = g;
    c[(i * p.ldc + half + j) >> 2u] = u;
{{end}}    act[(i * half + j) >> 2u] = g / (1.0 + exp(-g)) * u;
}
{{- else if .CVec -}}
fn put(base: u32, i: u32, j: u32, v: vec4<f32>) {
    if (i >= p.m || j >= p.n) { return; }
    let e = (base + i * p.ldc + j) >> 2u;
{{if .Back}}{{template "swiglu_back" "p.up >> 2u"}}{{else}}    var out = {{if .Scaled}}scaled(i, j, v){{else}}v{{end}};
    if (p.add == 1u) { out += c[e]; }
    c[e] = out;
{{end}}}
{{- else -}}
fn put(base: u32, i: u32, j: u32, v: vec4<f32>) {
{{range $j := seq 4}}    put1(base, i, j + {{$j}}u, v[{{$j}}]);
{{end}}}

fn put1(base: u32, i: u32, j: u32, v: f32) {
    if (i >= p.m || j >= p.n) { return; }
    let e = base + i * p.ldc + j;
{{if .Back}}{{template "swiglu_back" "p.up"}}{{else}}    var out = v{{if .Scaled}} * scale[{{if .ScaleRows}}i{{else}}j{{end}}]{{end}};
    if (p.add == 1u) { out += c[e]; }
    c[e] = out;
{{end}}}
{{- end}}
{{define "swiglu_back"}}    // v is the gradient of silu(g) * u, c that of g and u
    let g = gateup[e];
    let s = 1.0 / (1.0 + exp(-g));
    c[e] = v * gateup[e + ({{.}})] * s * (1.0 + g * (1.0 - s));
    c[e + ({{.}})] = v * g * s;
{{end}}
{{define "multiply"}}{{$o := .}}{{range $g := seq (div $o.Tile.Rows 4)}}                let a{{$g}} = ta[{{$o.S}}][y + {{mul $g $o.Tile.AcrossM}}u];
{{end}}{{range $h := seq (div $o.Tile.Cols 4)}}                let b{{$h}} = tb[{{$o.S}}][x + {{mul $h $o.Tile.AcrossN}}u];
{{end}}{{range $i := seq $o.Tile.Rows}}{{range $h := seq (div $o.Tile.Cols 4)}}                c{{$i}}_{{$h}} += a{{div $i 4}}[{{mod $i 4}}] * b{{$h}};
{{end}}{{end}}{{end}}
