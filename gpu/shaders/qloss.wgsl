// One lane a thread: out[lane] = lm, q_halt, q_continue, target, correct, labelled, 0, 0, and
// dq[lane] = 0.5/batch * (sigmoid(q) - target) for q_halt and q_continue. The target of q_halt
// is whether all labelled positions are right; that of q_continue comes from next, the values
// after one more segment: sigmoid(q_halt) on the last step, else sigmoid(max of both).
struct Params { lanes: u32, tokens: u32, invbatch: f32 }
{{params}}
{{ro "q" "f32"}}
{{ro "labels" "i32"}}
{{ro "tok" "vec2<f32>"}}
{{ro "weight" "f32"}}
{{if .Continue}}{{ro "next" "f32"}}
{{ro "last" "u32"}}{{end}}
{{rw "out" "f32"}}
{{rw "dq" "f32"}}

fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(-x)); }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let lane = id.x;
    if (lane >= p.lanes) { return; }
    var lm = 0.0;
    var correct = 0.0;
    var labelled = 0.0;
    for (var i = lane * p.tokens; i < (lane + 1u) * p.tokens; i++) {
        lm += tok[i].x;
        correct += tok[i].y;
        labelled += select(0.0, 1.0, labels[i] >= 0 && (labels[i] & 0xffff) != 0xffff);
    }
    let halt = q[2u * lane];
    let more = q[2u * lane + 1u];
    dq[2u * lane] = 0.5 * p.invbatch * (sigmoid(halt) - select(0.0, 1.0, correct == labelled));
    dq[2u * lane + 1u] = 0.0;
    var target_more = 0.0;
    {{if .Continue}}let nh = next[2u * lane];
    target_more = sigmoid(select(max(nh, next[2u * lane + 1u]), nh, last[lane] != 0u));
    dq[2u * lane + 1u] = 0.5 * p.invbatch * (sigmoid(more) - target_more);
    {{end}}
    let o = 8u * lane;
    out[o] = lm * weight[lane] / p.invbatch;
    out[o + 1u] = halt;
    out[o + 2u] = more;
    out[o + 3u] = target_more;
    out[o + 4u] = correct;
    out[o + 5u] = labelled;
}
