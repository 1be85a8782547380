// y = a + b{{if .Three}} + c{{end}}
struct Params { n: u32 }
{{params}}
{{ro "a" "f32"}}
{{ro "b" "f32"}}
{{if .Three}}{{ro "c" "f32"}}{{end}}
{{rw "y" "f32"}}
{{flat}}
    if (e >= p.n) { return; }
    y[e] = a[e] + b[e]{{if .Three}} + c[e]{{end}};
}
