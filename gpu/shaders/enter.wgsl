// y = a + b{{if .Three}} + c{{end}}, rows of d numbers, and zero in the rows of a lane behind its positions.
struct Params { n: u32, lane: u32, d: u32, grids: u32 }
{{params}}
{{ro "a" "f32"}}
{{ro "b" "f32"}}
{{if .Three}}{{ro "c" "f32"}}{{end}}
{{ro "grids" "u32"}}
{{rw "y" "f32"}}
{{flat}}
    if (e >= p.n) { return; }
    let there = e % p.lane < grids[p.grids + e / p.lane * 4u] * p.d;
    y[e] = select(0.0, a[e] + b[e]{{if .Three}} + c[e]{{end}}, there);
}
