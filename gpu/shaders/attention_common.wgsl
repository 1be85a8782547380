{{define "attention" -}}
struct Params { positions: u32, heads: u32, d: u32, ld: u32, lanes: u32, scale: f32, grids: u32 }
{{params}}
var<private> positions: u32; // of the lane; the rest of its p.positions rows is empty
var<private> table: u32; // where cos, sin and the relation classes of its shape begin in grids
{{- end}}

{{- /* n, the positions of the lane: a let, so that loops over them are uniform */ -}}
{{define "enter"}}    let n = grids[p.grids + 4u * wid.z];
    positions = n;
    table = grids[p.grids + 4u * wid.z + 3u];{{end}}

{{define "load" -}}
// plain is numbers 4c..4c+3 of a head's vector at base, zero beyond its end.
fn plain(base: u32, c: u32) -> vec4<f32> {
{{- if .Vec}}
    return qkv[(base >> 2u) + c];
}
{{- else}}
    return vec4<f32>({{range $i := seq 4}}{{if $i}}, {{end}}one(base, c * 4u + {{$i}}u){{end}});
}

fn one(base: u32, c: u32) -> f32 {
    {{if mod .Head 4}}if (c >= {{.Head}}u) { return 0.0; }
    {{end}}return qkv[base + c];
}
{{- end}}

// rotated is plain after the rotary embedding of position i: numbers c and
// c + head/2 are a pair. Its table begins with cos, sin [positions, head/2].
fn rotated(base: u32, i: u32, c: u32) -> vec4<f32> {
{{- if not .Rope}}
    return plain(base, c);
}
{{- else}}
    return vec4<f32>({{range $i := seq 4}}{{if $i}}, {{end}}turned(base, i, c * 4u + {{$i}}u){{end}});
}

fn number(e: u32) -> f32 { return qkv{{if .Vec}}[e >> 2u][e & 3u]{{else}}[e]{{end}}; }

fn turned(base: u32, i: u32, c: u32) -> f32 {
    {{if mod .Head 4}}if (c >= {{.Head}}u) { return 0.0; }
    {{end}}let low = c % {{div .Head 2}}u;
    let at = table + (i * {{div .Head 2}}u + low) * 2u;
    let cs = bitcast<f32>(grids[at]);
    let sn = bitcast<f32>(grids[at + 1u]);
    let other = number(base + (c + {{div .Head 2}}u) % {{.Head}}u);
    return number(base + c) * cs + select(other, -other, c < {{div .Head 2}}u) * sn;
}
{{- end}}
{{if .Relations}}
// seen is the classes of positions j, j+1, ... up to the next multiple of 8
// seen from i, 4 bits each; seen_by those of j seen from i, i+1, ...
fn seen(i: u32, j: u32) -> u32 {
    let words = (positions + 7u) >> 3u;
    return grids[table + {{if .Rope}}positions * {{.Head}}u + {{end}}i * words + (j >> 3u)] >> ((j & 7u) * 4u);
}

fn seen_by(j: u32, i: u32) -> u32 {
    let words = (positions + 7u) >> 3u;
    return grids[table + {{if .Rope}}positions * {{.Head}}u + {{end}}(positions + j) * words + (i >> 3u)] >> ((i & 7u) * 4u);
}
{{end}}
{{- end}}

{{define "unrotate"}}
// none is the gradient of a head's vector at base that is no position of the lane.
fn none(base: u32) {
    for (var c = 0u; c < {{if .Vec}}{{.H4}}{{else}}{{.Head}}{{end}}u; c++) { dqkv[{{if .Vec}}(base >> 2u){{else}}base{{end}} + c] = {{.Type}}(); }
}
{{if .Rope}}
// unrotate is the gradient before the rotation: its transpose applied to g.
// Number c is x, its pair y.
fn unrotate(x: f32, y: f32, i: u32, c: u32) -> f32 {
    let half = {{div .Head 2}}u;
    let at = table + (i * half + c % half) * 2u;
    return x * bitcast<f32>(grids[at]) + select(-y, y, c < half) * bitcast<f32>(grids[at + 1u]);
}
{{end}}
{{end}}

{{- /* dqkv at To = the vectors Name0, Name1, ... of position I, rotated back */ -}}
{{define "gradient" -}}
{{$o := .}}{{range $c := seq .H4}}{{if and $o.Vec (not $o.Rope)}}    dqkv[({{$o.To}} >> 2u) + {{$c}}u] = {{$o.Name}}{{$c}};
{{else if $o.Vec}}    dqkv[({{$o.To}} >> 2u) + {{$c}}u] = vec4<f32>({{range $n := seq 4}}{{$x := add (mul 4 $c) $n}}{{if $n}}, {{end}}{{template "number" (number $o $x)}}{{end}});
{{else}}{{range $n := seq 4}}{{$x := add (mul 4 $c) $n}}{{if lt $x $o.Head}}    dqkv[{{$o.To}} + {{$x}}u] = {{template "number" (number $o $x)}};
{{end}}{{end}}{{end}}{{end}}{{end}}

{{define "number" -}}
{{if .Rope}}unrotate({{.Name}}{{div .X 4}}[{{mod .X 4}}], {{.Name}}{{div .Y 4}}[{{mod .Y 4}}], {{.I}}, {{.X}}u){{else}}{{.Name}}{{div .X 4}}[{{mod .X 4}}]{{end}}
{{- end}}
