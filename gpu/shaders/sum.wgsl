// y[i] {{if .Add}}+{{end}}= scale * sum over z of a[z * stride + i]
struct Params { n: u32, parts: u32, stride: u32, scale: f32 }
{{params}}
{{ro "a" "f32"}}
{{rw "y" "f32"}}
{{flat}}
    if (e >= p.n) { return; }
    var s = 0.0;
    for (var z = 0u; z < p.parts; z++) { s += a[z * p.stride + e]; }
    y[e] {{if .Add}}+{{end}}= p.scale * s;
}
