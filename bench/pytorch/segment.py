#!/usr/bin/env python3
"""One segment of the full-size HRM in PyTorch, to compare with.

    segment.py --threads 2 --lanes 1 8 32     time it: one JSON line per number of lanes
    segment.py --device cuda --dtype bfloat16 --lanes 1 32 256      the same on a GPU
    segment.py --case DIR                     write a reference case for "hrm verify DIR"

The model has seeded random weights; --case saves them as a checkpoint beside
what PyTorch computes from them, so that both programs run the same network.
Needs torch (Debian: python3-torch, with libopenblas0-openmp as its BLAS).
"""
import argparse
import collections
import json
import os
import time

import torch
import torch.nn.functional as F

CONFIG = dict(seq_len=81, puzzle_emb_ndim=512, num_puzzle_identifiers=1, vocab_size=11, H_cycles=2, L_cycles=2,
              H_layers=4, L_layers=4, hidden_size=512, expansion=4, num_heads=8, pos_encodings="rope",
              halt_max_steps=16, halt_exploration_prob=0.1, forward_dtype="float32", batch_size=4)
D, INTER, SEQ, VOCAB, EPS, THETA = 512, 1536, 81, 11, 1e-5, 10000.0


def weights(seed):
    """The state dict of the reference, with its initial distributions."""
    torch.manual_seed(seed)

    def draw(*shape, std=None):
        std = std or shape[-1] ** -0.5
        return torch.nn.init.trunc_normal_(torch.empty(shape), std=std, a=-2 * std, b=2 * std)

    state = collections.OrderedDict()
    state["H_init"], state["L_init"] = draw(D, std=1), draw(D, std=1)
    state["embed_tokens.embedding_weight"] = draw(VOCAB, D)
    state["lm_head.weight"] = draw(VOCAB, D)
    state["q_head.weight"], state["q_head.bias"] = draw(2, D), torch.zeros(2)
    state["puzzle_emb.weights"] = draw(1, D)
    for level in "HL":
        for i in range(4):
            layer = f"{level}_level.layers.{i}."
            state[layer + "self_attn.qkv_proj.weight"] = draw(3 * D, D)
            state[layer + "self_attn.o_proj.weight"] = draw(D, D)
            state[layer + "mlp.gate_up_proj.weight"] = draw(2 * INTER, D)
            state[layer + "mlp.down_proj.weight"] = draw(D, INTER)
    return state


def rope_tables(positions, head_dim, theta):
    freq = 1.0 / theta ** (torch.arange(0, head_dim, 2, dtype=torch.float32) / head_dim)
    angle = torch.outer(torch.arange(positions, dtype=torch.float32), freq)
    angle = torch.cat((angle, angle), dim=-1)
    return angle.cos()[:, None], angle.sin()[:, None]  # [P, 1, head size]


def rope(x, cos, sin):
    lo, hi = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-hi, lo), dim=-1) * sin


def relations(prefix):
    """The class of each position seen from each other, [P, P]: see Config.Relation of package runtime."""
    p = prefix + 81
    cell = torch.arange(81)
    row, col, box = cell // 9, cell % 9, cell // 27 * 3 + cell % 9 // 3
    same_row, same_col, same_box = (v[:, None] == v for v in (row, col, box))
    classes = torch.full((p, p), 7)
    inner = torch.zeros(81, 81, dtype=torch.long)
    for number, where in ((6, same_box), (3, same_col), (2, same_row), (5, same_col & same_box), (4, same_row & same_box),
                          (1, cell[:, None] == cell)):
        inner[where] = number
    classes[prefix:, prefix:] = inner
    return classes


class Model:
    """HRM, or TRM with attention; config has the names of all_config.yaml."""

    def __init__(self, state, config=CONFIG, device="cpu", dtype=torch.float32):
        self.w, self.device, self.dtype = {name: w.to(device, dtype) for name, w in state.items()}, device, dtype
        self.config = dict(CONFIG, family="hrm", puzzle_emb_len=0, rms_norm_eps=EPS, rope_theta=THETA)
        self.config.update(config)
        c = self.config
        if c.get("mlp_t"):
            raise ValueError("mlp_t is not written here")
        self.d, self.heads = c["hidden_size"], c["num_heads"]
        self.prefix = c["puzzle_emb_len"] or -(-c["puzzle_emb_ndim"] // self.d)
        self.positions = self.prefix + c["seq_len"]
        if c["pos_encodings"] == "rope":
            tables = rope_tables(self.positions, self.d // self.heads, c["rope_theta"])
            self.cos, self.sin = (t.to(device, dtype) for t in tables)
        if c.get("relations"):
            classes = relations(self.prefix)
            self.bias = {name: w[:, classes.to(device)] for name, w in self.w.items() if name.endswith("relation_bias")}

    def embed(self, tokens):
        tokens = tokens.to(self.device)
        e = F.embedding(tokens, self.w["embed_tokens.embedding_weight"])
        prefix = torch.zeros(len(tokens), self.prefix * self.d, device=self.device, dtype=self.dtype)
        if self.config["puzzle_emb_ndim"]:
            prefix[:, :self.config["puzzle_emb_ndim"]] = self.w["puzzle_emb.weights"][0]
        e = torch.cat((prefix.view(len(tokens), self.prefix, self.d), e), dim=1)
        if self.config["pos_encodings"] == "learned":
            e = 0.707106781 * (e + self.w["embed_pos.embedding_weight"])
        return self.d ** 0.5 * e

    def start(self, lanes):
        return [self.w[f"{level}_init"].expand(lanes, self.positions, self.d) for level in "HL"]

    def rms(self, x):
        y = x.float()
        return (y * torch.rsqrt(y.square().mean(-1, keepdim=True) + self.config["rms_norm_eps"])).to(x.dtype)

    def attention(self, layer, h):
        b, n, head_dim = len(h), self.heads, self.d // self.heads
        qkv = F.linear(h, self.w[layer + "self_attn.qkv_proj.weight"]).view(b, self.positions, 3 * n, head_dim)
        qk, v = qkv[:, :, :2 * n], qkv[:, :, 2 * n:]
        if self.config["pos_encodings"] == "rope":
            qk = rope(qk, self.cos, self.sin)
        q, k = qk.chunk(2, dim=2)
        bias = self.bias[layer + "self_attn.relation_bias"] if self.config.get("relations") else None
        if self.device == "cpu":
            scores = q.transpose(1, 2) @ k.permute(0, 2, 3, 1) * head_dim ** -0.5
            context = torch.softmax(scores if bias is None else scores + bias, dim=-1) @ v.transpose(1, 2)
        else:
            context = F.scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), attn_mask=bias)
        return F.linear(context.transpose(1, 2).reshape(b, self.positions, self.d), self.w[layer + "self_attn.o_proj.weight"])

    def mlp(self, layer, h):
        gate, up = F.linear(h, self.w[layer + "mlp.gate_up_proj.weight"]).chunk(2, dim=-1)
        return F.linear(F.silu(gate) * up, self.w[layer + "mlp.down_proj.weight"])

    def level(self, name, h):
        if self.config["family"] == "trm":
            name = "L"
        for i in range(self.config[name + "_layers"]):
            layer = f"{name}_level.layers.{i}."
            h = self.rms(h + self.attention(layer, h))
            h = self.rms(h + self.mlp(layer, h))
        return h

    def segment(self, zH, zL, x):
        for _ in range(self.config["H_cycles"]):
            for _ in range(self.config["L_cycles"]):
                zL = self.level("L", zL + (zH + x))
            zH = self.level("H", zH + zL)
        logits = F.linear(zH[:, self.prefix:], self.w["lm_head.weight"])
        q = F.linear(zH[:, 0], self.w["q_head.weight"], self.w["q_head.bias"])
        return zH, zL, logits, q


def tokens(lanes):
    return torch.randint(1, VOCAB, (lanes, SEQ), generator=torch.Generator().manual_seed(2))


def measure(model, lanes, seconds):
    """The best time of a segment, per puzzle, in milliseconds."""
    zH, zL = model.start(lanes)
    x = model.embed(tokens(lanes))

    def run():
        nonlocal zH, zL
        zH, zL, logits, q = model.segment(zH, zL, x)
        return logits.argmax(-1), q

    if model.device == "cpu":
        answer = run
    else:  # a CUDA graph: Python's time for launching kernels is not counted
        run(), run()
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            most_likely, q = run()

        def answer():
            graph.replay()
            return most_likely.cpu(), q.cpu()
    answer()  # warm up
    best, end = float("inf"), time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.monotonic()
        answer()
        best = min(best, time.monotonic() - start)
    return best * 1000 / lanes


def write_case(model, folder, lanes=4, segments=2):
    os.makedirs(folder, exist_ok=True)
    torch.save(collections.OrderedDict(("model.inner." + k, v) for k, v in model.w.items()), os.path.join(folder, "step_0"))
    tensors, evals = {}, []
    with open(os.path.join(folder, "forward.bin"), "wb") as out:
        def put(name, value, dtype="f32"):
            value = value.to(torch.int32 if dtype == "i32" else torch.float32).contiguous()
            tensors[name] = dict(file="forward.bin", offset=out.tell(), dtype=dtype, shape=list(value.shape))
            out.write(value.numpy().tobytes())

        puzzles = tokens(lanes)
        put("eval/inputs", puzzles, "i32")
        put("eval/puzzle_identifiers", torch.zeros(lanes), "i32")
        x = model.embed(puzzles)
        zH, zL = model.start(lanes)
        for n in range(1, segments + 1):
            zH, zL, logits, q = model.segment(zH, zL, x)
            for name, value in dict(logits=logits, q_halt=q[:, 0], q_continue=q[:, 1], z_H=zH, z_L=zL).items():
                put(f"eval/seg{n}/{name}", value)
            evals.append(dict(q_says_halt=(q[:, 0] > q[:, 1]).tolist()))
    meta = dict(model="models.hrm.hrm_act_v1@HierarchicalReasoningModel_ACTV1", config=CONFIG, rms_norm_eps=EPS,
                rope_theta=THETA, segments=segments, eval_segments=evals)
    with open(os.path.join(folder, "index.json"), "w") as out:
        json.dump(dict(meta=meta, tensors=tensors), out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--lanes", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--seconds", type=float, default=5, help="for each number of lanes")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", metavar="DIR", help="write a reference case and measure nothing")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model = Model(weights(args.seed), CONFIG, args.device, getattr(torch, args.dtype))
    with torch.no_grad():
        if args.case:
            write_case(model, args.case)
            return
        for lanes in args.lanes:
            ms = measure(model, lanes, args.seconds)
            where = torch.cuda.get_device_name() if args.device == "cuda" else "cpu"
            print(json.dumps(dict(lanes=lanes, threads=args.threads, ms_per_puzzle=round(ms, 4), device=where, dtype=args.dtype,
                                  torch=torch.__version__)), flush=True)


if __name__ == "__main__":
    main()
