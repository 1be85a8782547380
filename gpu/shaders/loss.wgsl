// Cross-entropy of one position a thread: logits [lanes, positions, vocab], labels [lanes,
// tokens], -100 where there is none. With probabilities {{if .Softmax}}softmax{{else}}s / sum s, s(x) = x+1 for x >= 0 and
// 1/(1-x) below{{end}}: tok[e] = loss, 1 if the most likely token is right; dlogits is the gradient
// times weight[lane]. The upper half of a label is the segment (13 bits) before which the
// token of the input, own [lanes, positions], is asked instead; a lower half of 0xffff is no
// label after it. Such a position is right if what it said first that is not its own token
// is, which bits 29 (right) and 30 (wrong) note.
struct Params { total: u32, tokens: u32, positions: u32, vocab: u32 }
{{params}}
{{ro "logits" "f32"}}
{{rw "labels" "i32"}}
{{ro "own" "i32"}}
{{ro "weight" "f32"}}
{{ro "segments" "i32"}}
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
    let at = lane * p.positions + p.positions - p.tokens + e % p.tokens;
    let row = at * p.vocab;
    var label = labels[e];
    let begins = (label >> 16u) & 0x1fff;
    let late = label >= 0 && begins > 0;
    let last = select(label & 0xffff, -1, label < 0 || (label & 0xffff) == 0xffff);
    let asked = select(last, own[at], late && begins > segments[lane]);
    var best = 0u;
    for (var v = 1u; v < p.vocab; v++) {
        if (logits[row + v] > logits[row + best]) { best = v; }
    }
    let shift = {{if .Softmax}}logits[row + best]{{else}}0.0{{end}};
    var sum = 0.0;
    for (var v = 0u; v < p.vocab; v++) { sum += s(logits[row + v] - shift); }
    if (late && (label & 0x60000000) == 0 && i32(best) != own[at]) {
        label |= select(0x40000000, 0x20000000, i32(best) == last);
        labels[e] = label;
    }
    let right = select(0.0, 1.0, last >= 0 && select(i32(best) == last, (label & 0x20000000) != 0, late));
    if (asked < 0) {
        for (var v = 0u; v < p.vocab; v++) { dlogits[row + v] = 0.0; }
        tok[e] = vec2<f32>(0.0, right);
        return;
    }
    for (var v = 0u; v < p.vocab; v++) { dlogits[row + v] = weight[lane] * ds(logits[row + v] - shift) / sum; }
    let y = u32(asked);
    let sy = s(logits[row + y] - shift);
    dlogits[row + y] -= weight[lane] * ds(logits[row + y] - shift) / sy;
    tok[e] = vec2<f32>(log(sum / sy), right);
}
