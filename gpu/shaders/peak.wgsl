// Nothing but multiply-adds: eight independent chains of four numbers a thread.
struct Params { steps: u32, by: f32 }
{{params}}
{{rw "y" "f32"}}
{{flat}}
    let b = vec4<f32>(p.by);
{{range $i := seq 8}}    var a{{$i}} = vec4<f32>(f32(t + {{$i}}u));
{{end}}    for (var i = 0u; i < p.steps; i++) {
{{range $i := seq 8}}        a{{$i}} = fma(a{{$i}}, b, b);
{{end}}    }
    y[e] = dot({{range $i := seq 8}}{{if $i}} + {{end}}a{{$i}}{{end}}, b);
}
