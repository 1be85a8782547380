// {{if .Scatter}}y[lanes[i]] = a[i], but for lanes[i] = 2^32 - 1,{{else}}y[i] = a[lanes[i]]{{end}} for blocks of n numbers at the front of slots.
struct Params { total: u32, n: u32, slot: u32 }
{{params}}
{{ro "lanes" "u32"}}
{{range $i := seq .Arrays}}{{ro (printf "a%d" $i) "f32"}}
{{rw (printf "y%d" $i) "f32"}}
{{end}}
{{flat}}
    if (e >= p.total) { return; }
    let lane = lanes[e / p.n];
{{if .Scatter}}    if (lane == 0xffffffffu) { return; }
{{end}}    let slot = lane * p.slot + e % p.n;
{{range $i := seq .Arrays}}    {{if $.Scatter}}y{{$i}}[slot] = a{{$i}}[e];{{else}}y{{$i}}[e] = a{{$i}}[slot];{{end}}
{{end}}}
