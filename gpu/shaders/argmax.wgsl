// out[lane, s] = the index of the largest of logits[lane, prefix + s], the first on a tie.
struct Params { total: u32, tokens: u32, positions: u32, vocab: u32 }
{{params}}
{{ro "logits" "f32"}}
{{rw "out" "u32"}}
{{flat}}
    if (e >= p.total) { return; }
    let row = e / p.tokens * p.positions + p.positions - p.tokens + e % p.tokens;
    var best = 0u;
    for (var v = 1u; v < p.vocab; v++) {
        if (logits[row * p.vocab + v] > logits[row * p.vocab + best]) { best = v; }
    }
    out[e] = best;
}
