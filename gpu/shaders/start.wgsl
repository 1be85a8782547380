// zH[lane] = H_init and zL[lane] = L_init at every position, for the lanes in a list;
// z is [lanes, positions, d], init [2, d].
struct Params { total: u32, lane: u32, d: u32 }
{{params}}
{{ro "lanes" "u32"}}
{{ro "init" "f32"}}
{{rw "zh" "f32"}}
{{rw "zl" "f32"}}
{{flat}}
    if (e >= p.total) { return; }
    let at = lanes[e / p.lane] * p.lane + e % p.lane;
    zh[at] = init[e % p.d];
    zl[at] = init[p.d + e % p.d];
}
