// Cross-entropy of one position a thread: logits [lanes, positions, vocab], labels [lanes,
// tokens], -100 where there is none. With probabilities {{if .Softmax}}softmax{{else}}s / sum s, s(x) = x+1 for x >= 0 and
// 1/(1-x) below{{end}}: tok[e] = loss, 1 if the most likely token is right; dlogits is the gradient
// times weight[lane].
struct Params { total: u32, tokens: u32, positions: u32, vocab: u32 }
{{params}}
{{ro "logits" "f32"}}
{{ro "labels" "i32"}}
{{ro "weight" "f32"}}
{{rw "dlogits" "f32"}}
{{rw "tok" "vec2<f32>"}}

{{if .Softmax}}fn s(x: f32) -> f32 { return exp(x); }
fn ds(x: f32) -> f32 { return exp(x); }
{{else}}fn s(x: f32) -> f32 { return select(1.0 / (1.0 - min(x, 0.0)), x + 1.0, x >= 0.0); }
fn ds(x: f32) -> f32 { let v = s(min(x, 0.0)); return v * v; }
{{end}}
{{flat}}
    if (e >= p.total) { return; }
    let lane = e / p.tokens;
    let row = (lane * p.positions + p.positions - p.tokens + e % p.tokens) * p.vocab;
    let label = labels[e];
    if (label < 0) {
        for (var v = 0u; v < p.vocab; v++) { dlogits[row + v] = 0.0; }
        tok[e] = vec2<f32>();
        return;
    }
    var best = 0u;
    for (var v = 1u; v < p.vocab; v++) {
        if (logits[row + v] > logits[row + best]) { best = v; }
    }
    let shift = {{if .Softmax}}logits[row + best]{{else}}0.0{{end}};
    var sum = 0.0;
    for (var v = 0u; v < p.vocab; v++) { sum += s(logits[row + v] - shift); }
    for (var v = 0u; v < p.vocab; v++) { dlogits[row + v] = weight[lane] * ds(logits[row + v] - shift) / sum; }
    let y = u32(label);
    let sy = s(logits[row + y] - shift);
    dlogits[row + y] -= weight[lane] * ds(logits[row + y] - shift) / sy;
    tok[e] = vec2<f32>(log(sum / sy), select(0.0, 1.0, best == y));
}
