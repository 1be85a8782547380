// c[z] (+)= a . b over the reduction (r, k), in tiles of 64 x 64 outputs.
// A workgroup of 256 threads keeps 16 steps of k in shared memory; a thread
// has 4 x 4 outputs. z is a batch, or a part of the reduction (kz, rz).
struct Params {
    m: u32, n: u32, k: u32, add: u32,
    lda: u32, ldb: u32, ldc: u32, up: u32,
    az: u32, bz: u32, cz: u32, kz: u32,
    reps: u32, ar: u32, br: u32, rz: u32,
}
{{params}}
{{ro "a" .A.Type}}
{{ro "b" .B.Type}}
{{rw "c" "f32"}}
{{if .Scaled}}{{ro "scale" "f32"}}{{end}}

var<workgroup> ta: array<vec4<f32>, 272>; // [16 k][16 groups of 4 rows], padded to 17
var<workgroup> tb: array<vec4<f32>, 272>;

fn load_a(base: u32, i: u32, k: u32, stop: u32) -> f32 {
    if (i >= p.m || k >= stop) { return 0.0; }
    let e = base + {{if .A.KMajor}}k * p.lda + i{{else}}i * p.lda + k{{end}};
    {{template "element" (operand "a" .A.Kind)}}
}

fn load_b(base: u32, j: u32, k: u32, stop: u32) -> f32 {
    if (j >= p.n || k >= stop) { return 0.0; }
    let e = base + {{if .B.KMajor}}k * p.ldb + j{{else}}j * p.ldb + k{{end}};
    {{template "element" (operand "b" .B.Kind)}}
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) t: u32) {
    let i0 = wid.y * 64u;
    let j0 = wid.x * 64u;
    let x = t & 15u;
    let y = t >> 4u;
    {{if .A.KMajor}}let ak = y; let ai = x;{{else}}let ak = x; let ai = y;{{end}}
    {{if .B.KMajor}}let bk = y; let bj = x;{{else}}let bk = x; let bj = y;{{end}}
    let k0 = wid.z * p.kz;
    let k1 = select(p.k, min(p.k, k0 + p.kz), p.kz > 0u);
    let r0 = wid.z * p.rz;
    let r1 = select(p.reps, min(p.reps, r0 + p.rz), p.rz > 0u);
{{range $i := seq 4}}    var acc{{$i}} = vec4<f32>();
{{end}}
    for (var r = r0; r < r1; r++) {
        let abase = wid.z * p.az + r * p.ar;
        let bbase = wid.z * p.bz + r * p.br;
        for (var k = k0; k < k1; k += 16u) {
            let i = i0 + ai * 4u;
            let j = j0 + bj * 4u;
            ta[ak * 17u + ai] = vec4<f32>(load_a(abase, i, k + ak, k1), load_a(abase, i + 1u, k + ak, k1), load_a(abase, i + 2u, k + ak, k1), load_a(abase, i + 3u, k + ak, k1));
            tb[bk * 17u + bj] = vec4<f32>(load_b(bbase, j, k + bk, k1), load_b(bbase, j + 1u, k + bk, k1), load_b(bbase, j + 2u, k + bk, k1), load_b(bbase, j + 3u, k + bk, k1));
            workgroupBarrier();
            for (var s = 0u; s < 16u; s++) {
                let av = ta[s * 17u + y];
                let bv = tb[s * 17u + x];
                acc0 += av.x * bv;
                acc1 += av.y * bv;
                acc2 += av.z * bv;
                acc3 += av.w * bv;
            }
            workgroupBarrier();
        }
    }
    let cbase = wid.z * p.cz;
{{range $i := seq 4}}{{range $j := seq 4}}    put(cbase, i0 + y * 4u + {{$i}}u, j0 + x * 4u + {{$j}}u, acc{{$i}}[{{$j}}]);
{{end}}{{end}}}

fn put(base: u32, i: u32, j: u32, v: f32) {
    if (i >= p.m || j >= p.n) { return; }
    let e = base + i * p.ldc + j;
    var out = v{{if .Scaled}} * scale[{{if .ScaleRows}}i{{else}}j{{end}}]{{end}};
    if (p.add == 1u) { out += c[e]; }
    c[e] = out;
}
