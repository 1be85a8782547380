{{define "attention" -}}
struct Params { positions: u32, heads: u32, d: u32, ld: u32, lanes: u32, scale: f32 }
{{params}}

// plain is numbers 4c..4c+3 of a head's vector at base, zero beyond its end.
fn plain(base: u32, c: u32) -> vec4<f32> {
    return vec4<f32>({{range $i := seq 4}}{{if $i}}, {{end}}one(base, c * 4u + {{$i}}u){{end}});
}

fn one(base: u32, c: u32) -> f32 {
    {{if mod .Head 4}}if (c >= {{.Head}}u) { return 0.0; }
    {{end}}return qkv[base + c];
}

// rotated is plain after the rotary embedding of position i: numbers c and
// c + head/2 are a pair. tables holds cos, sin for [positions, head/2].
fn rotated(base: u32, i: u32, c: u32) -> vec4<f32> {
    {{if .Rope}}return vec4<f32>({{range $i := seq 4}}{{if $i}}, {{end}}turned(base, i, c * 4u + {{$i}}u){{end}});{{else}}return plain(base, c);{{end}}
}
{{if .Rope}}
fn turned(base: u32, i: u32, c: u32) -> f32 {
    {{if mod .Head 4}}if (c >= {{.Head}}u) { return 0.0; }
    {{end}}let low = c % {{div .Head 2}}u;
    let at = (i * {{div .Head 2}}u + low) * 2u;
    let cs = bitcast<f32>(tables[at]);
    let sn = bitcast<f32>(tables[at + 1u]);
    let other = qkv[base + (c + {{div .Head 2}}u) % {{.Head}}u];
    return qkv[base + c] * cs + select(other, -other, c < {{div .Head 2}}u) * sn;
}
{{end}}
{{if .Relations}}
// relation is the class of position j seen from i; the classes [P, P] follow
// the rotary tables.
fn relation(i: u32, j: u32) -> u32 {
    return tables[{{if .Rope}}p.positions * {{.Head}}u + {{end}}i * p.positions + j];
}
{{end}}
{{- end}}
{{define "unrotate"}}
// The gradient before the rotation is its transpose applied to g.
fn unrotate(g: ptr<function, array<vec4<f32>, {{.H4}}>>, i: u32, c: u32) -> f32 {
    {{if .Rope}}let half = {{div .Head 2}}u;
    let at = (i * half + c % half) * 2u;
    let cs = bitcast<f32>(tables[at]);
    let sn = bitcast<f32>(tables[at + 1u]);
    let other = (c + half) % {{.Head}}u;
    let og = (*g)[other >> 2u][other & 3u];
    return (*g)[c >> 2u][c & 3u] * cs + select(-og, og, c < half) * sn;{{else}}return (*g)[c >> 2u][c & 3u];{{end}}
}
{{end}}
