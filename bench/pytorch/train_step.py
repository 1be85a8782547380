#!/usr/bin/env python3
"""One training step of the model that hrm-train tunes its CPU device for, in PyTorch.

The same arithmetic as `go test ./train/cpu -bench Step`: a TRM of shared layers with
relation-biased attention, one segment forward, the whole last H cycle differentiated,
stablemax cross-entropy and the q_halt loss, Adam-atan2 on all weights. Prints samples
a second in float32 and under bfloat16 autocast, by the clock and by processor time (on
a busy machine the better measure); compare with the faster one.

    /usr/bin/python3 bench/pytorch/train_step.py --threads 2 --lanes 256
"""

import argparse
import json
import math
import time

import torch
import torch.nn.functional as F


def relation(i, j):
    """runtime.Config.Relation with a prefix of one position."""
    if i < 1 or j < 1:
        return 7
    i, j = i - 1, j - 1
    row, col = i // 9 == j // 9, i % 9 == j % 9
    box = i // 27 == j // 27 and i % 9 // 3 == j % 9 // 3
    if i == j:
        return 1
    if row and box:
        return 4
    if col and box:
        return 5
    return 2 if row else 3 if col else 6 if box else 0


def norm(x, eps=1e-5):
    x = x.float()
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps)


class Block(torch.nn.Module):
    def __init__(self, d, heads, inter, classes):
        super().__init__()
        def weight(n, k):
            return torch.nn.Parameter(torch.randn(n, k) / math.sqrt(k))
        self.heads = heads
        self.qkv, self.o = weight(3 * d, d), weight(d, d)
        self.gate_up, self.down = weight(2 * inter, d), weight(d, inter)
        self.relation = torch.nn.Parameter(torch.zeros(heads, 8))
        self.classes = classes

    def forward(self, x):
        b, p, d = x.shape
        q, k, v = F.linear(x, self.qkv).view(b, p, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        s = q @ k.transpose(-1, -2) * (d // self.heads) ** -0.5 + self.relation[:, self.classes]
        ctx = (s.softmax(-1).to(v.dtype) @ v).transpose(1, 2).reshape(b, p, d)
        x = norm(x + F.linear(ctx, self.o))
        gate, up = F.linear(x, self.gate_up).chunk(2, -1)
        return norm(x + F.linear(F.silu(gate) * up, self.down))


class TRM(torch.nn.Module):
    def __init__(self, a):
        super().__init__()
        d = a.hidden
        inter = (round(a.expansion * d * 2 / 3) + 255) // 256 * 256
        classes = torch.tensor([[relation(i, j) for j in range(82)] for i in range(82)])
        self.blocks = torch.nn.ModuleList(Block(d, a.heads, inter, classes) for _ in range(a.layers))
        self.embed = torch.nn.Parameter(torch.randn(11, d) / math.sqrt(d))
        self.head = torch.nn.Parameter(torch.randn(11, d) / math.sqrt(d))
        self.q = torch.nn.Parameter(torch.zeros(1, d))
        self.bias = torch.nn.Parameter(torch.full((1,), -5.0))
        self.h_cycles, self.l_cycles = a.h_cycles, a.l_cycles

    def level(self, x):
        for block in self.blocks:
            x = block(x)
        return x

    def cycle(self, zh, zl, x):
        for _ in range(self.l_cycles):
            zl = self.level(zl + zh + x)
        return self.level(zh + zl), zl

    def forward(self, zh, zl, tokens):
        x = F.pad(F.embedding(tokens, self.embed), (0, 0, 1, 0)) * math.sqrt(self.embed.shape[1])
        with torch.no_grad():
            for _ in range(self.h_cycles - 1):
                zh, zl = self.cycle(zh, zl, x)
        torch.clear_autocast_cache()  # weights that were cast without gradient
        zh, zl = self.cycle(zh, zl, x)
        return zh, zl, F.linear(zh[:, 1:], self.head).float(), F.linear(zh[:, 0], self.q).float()[:, 0] + self.bias


def loss(logits, q_halt, labels):
    x = logits.double()
    s = torch.where(x >= 0, x + 1, 1 / (1 - x))
    lm = -(s / s.sum(-1, keepdim=True)).log().gather(-1, labels[..., None])[..., 0].mean(-1).sum()
    right = (logits.argmax(-1) == labels).all(-1).float()
    return (lm + 0.5 * F.binary_cross_entropy_with_logits(q_halt, right, reduction="sum")) / len(labels)


@torch.no_grad()
def adam_atan2(params, m, v, t, lr=1e-4, wd=0.1, b1=0.9, b2=0.95):
    grads = [p.grad for p in params]
    torch._foreach_mul_(params, 1 - lr * wd)
    torch._foreach_mul_(m, b1)
    torch._foreach_add_(m, grads, alpha=1 - b1)
    torch._foreach_mul_(v, b2)
    torch._foreach_addcmul_(v, grads, grads, value=1 - b2)
    for p, mi, vi in zip(params, m, v):
        p.sub_(torch.atan2(mi, (vi / (1 - b2**t)).sqrt()), alpha=lr / (1 - b1**t))


def bench(a, bf16):
    torch.manual_seed(1)
    model = TRM(a)
    params = list(model.parameters())
    m, v = [torch.zeros_like(p) for p in params], [torch.zeros_like(p) for p in params]
    tokens, labels = torch.randint(1, 11, (a.lanes, 81)), torch.randint(2, 11, (a.lanes, 81))
    zh, zl = torch.randn(a.lanes, 82, a.hidden), torch.randn(a.lanes, 82, a.hidden)
    best, cpu = math.inf, math.inf
    for t in range(1, a.steps + 2):
        start, used = time.perf_counter(), time.process_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            zh, zl, logits, q_halt = model(zh, zl, tokens)
        loss(logits, q_halt, labels).backward()
        adam_atan2(params, m, v, t)
        for p in params:
            p.grad = None
        zh, zl = zh.detach(), zl.detach()
        if t > 1:  # the first is warm-up
            best = min(best, time.perf_counter() - start)
            cpu = min(cpu, time.process_time() - used)
    return dict(samples_per_s=round(a.lanes / best, 2), samples_per_cpu_s=round(a.lanes / cpu, 2))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in dict(threads=2, lanes=256, steps=3, hidden=128, heads=4, layers=2, h_cycles=2, l_cycles=4).items():
        p.add_argument("--" + name.replace("_", "-"), type=int, default=value)
    p.add_argument("--expansion", type=float, default=4)
    p.add_argument("--precision", choices=("f32", "bf16", "both"), default="both")
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    for name, bf16 in ("f32", False), ("bf16", True):
        if a.precision not in (name, "both"):
            continue
        row = dict(engine="pytorch", version=torch.__version__, precision=name, **bench(a, bf16))
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
