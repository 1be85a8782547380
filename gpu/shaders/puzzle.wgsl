// Sign-SGD on the rows of the puzzle table that the lanes use: g[lane] = scale * dx[lane, first
// dim numbers]; gradients of lanes with the same id are summed, and
// w[id] = w[id] * (1 - lr*wd) - lr * sign(sum). One (lane, column) a thread; the first lane of
// an id does its row.
struct Params { lanes: u32, dim: u32, stride: u32, scale: f32, keep: f32, lr: f32 }
{{params}}
{{ro "ids" "u32"}}
{{ro "dx" "f32"}}
{{rw "g" "f32"}}
{{rw "table" "f32"}}
{{flat}}
    if (e >= p.lanes * p.dim) { return; }
    let lane = e / p.dim;
    let column = e % p.dim;
    g[e] = p.scale * dx[lane * p.stride + column];
    for (var i = 0u; i < lane; i++) {
        if (ids[i] == ids[lane]) { return; }
    }
    var sum = 0.0;
    for (var i = lane; i < p.lanes; i++) {
        if (ids[i] == ids[lane]) { sum += p.scale * dx[i * p.stride + column]; }
    }
    let at = ids[lane] * p.dim + column;
    table[at] = table[at] * p.keep - p.lr * sign(sum);
}
