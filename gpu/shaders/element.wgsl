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
