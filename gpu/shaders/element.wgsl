{{- /* element e of an operand, by its kind */ -}}
{{define "element" -}}
{{if eq .Kind "f16"}}let w = unpack2x16float({{.Name}}[e >> 1u]);
    return select(w.x, w.y, (e & 1u) == 1u);
{{- else if eq .Kind "bf16"}}let w = {{.Name}}[e >> 1u];
    return bitcast<f32>(select(w << 16u, w & 0xffff0000u, (e & 1u) == 1u));
{{- else if eq .Kind "i8"}}return f32(extractBits(bitcast<i32>({{.Name}}[e >> 2u]), (e & 3u) * 8u, 8u));
{{- else if eq .Kind "swiglu"}}let g = {{.Name}}[e];
    return g / (1.0 + exp(-g)) * {{.Name}}[e + p.up];
{{- else if eq .Kind "onehot"}}return select(0.0, 1.0, {{.Name}}[k] == {{if eq .Name "a"}}i{{else}}j{{end}});
{{- else}}return {{.Name}}[e];
{{- end}}
{{- end}}
{{- /* elements 4e..4e+3 */ -}}
{{define "element4" -}}
{{if eq .Kind "f16"}}let w = {{.Name}}[e];
    return vec4<f32>(unpack2x16float(w.x), unpack2x16float(w.y));
{{- else if eq .Kind "bf16"}}let w = {{.Name}}[e];
    return bitcast<vec4<f32>>(vec4<u32>(w.x << 16u, w.x & 0xffff0000u, w.y << 16u, w.y & 0xffff0000u));
{{- else if eq .Kind "i8"}}let w = bitcast<i32>({{.Name}}[e]);
    return vec4<f32>(vec4<i32>(extractBits(w, 0u, 8u), extractBits(w, 8u, 8u), extractBits(w, 16u, 8u), w >> 24u));
{{- else if eq .Kind "swiglu"}}let g = {{.Name}}[e];
    return g / (1.0 + exp(-g)) * {{.Name}}[e + (p.up >> 2u)];
{{- else}}return {{.Name}}[e];
{{- end}}
{{- end}}
