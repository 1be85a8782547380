#!/usr/bin/env python3
"""Run the reference's own code on a checkpoint, and write a case for hrm verify.

    git clone https://github.com/sapientinc/HRM
    case.py --reference HRM --checkpoint HRM-checkpoint-sudoku-extreme -o case
    hrm verify --checkpoint HRM-checkpoint-sudoku-extreme --case case

--reference is a clone of HRM or TinyRecursiveModels: the folder that holds models/.
--checkpoint is the file that torch.save wrote, or its folder (checkpoint or step_N);
its all_config.yaml is looked for beside it. The puzzles are random tokens, or those of
--inputs, an array [n, tokens] as the references' data sets have them (all__inputs.npy).

The case has no weights: docs/verify.md describes it. The arithmetic is float32, so that
rounding does not hide a difference; --dtype bfloat16 computes as the model was trained.
Loading a checkpoint executes what its pickle says: use only those you trust. Needs torch,
numpy, pydantic and PyYAML, no GPU.
"""
import argparse
import collections
import hashlib
import importlib
import json
import os
import re
import sys

import numpy
import torch
import yaml

import standins

SEQ_LEN = {11: 81, 6: 900, 12: 900}  # of the published vocabularies


def find(path):
    """The file of a checkpoint, and its folder."""
    if not os.path.isdir(path):
        return path, os.path.dirname(path) or "."
    names = os.listdir(path)
    if "checkpoint" in names:
        return os.path.join(path, "checkpoint"), path
    steps = [n for n in names if re.fullmatch(r"step_\d+", n)]
    if not steps:
        sys.exit(f"{path} holds neither checkpoint nor step_N: name the file")
    return os.path.join(path, max(steps, key=lambda n: int(n[5:]))), path


def read_config(path, folder):
    for name in [path] if path else [os.path.join(folder, n) for n in ("all_config.yaml", "config.yaml")]:
        if os.path.exists(name):
            with open(name) as f:
                config = yaml.safe_load(f)
            return config.get("arch", config)
    sys.exit(f"there is no all_config.yaml in {folder}: give it with --config")


def read_state(path):
    """The state dict, with the names that the class in arch.name gives its tensors."""
    state = torch.load(path, map_location="cpu")
    clean = collections.OrderedDict()
    for key, value in state.items():
        if not isinstance(value, torch.Tensor):
            sys.exit(f"{path} is no plain state dict: {key} is a {type(value).__name__}")
        clean[re.sub(r"^(_orig_mod\.|model\.)*", "", key)] = value
    return clean


def configure(arch, state, args):
    """The fields that the references' trainer fills in, and the type of the arithmetic."""
    config = {k: v for k, v in arch.items() if k not in ("name", "loss")}
    for key, value in config.items():
        ref = re.fullmatch(r"\$\{\.(\w+)\}", str(value))
        if ref:
            config[key] = config[ref[1]]
    vocab = state["inner.embed_tokens.embedding_weight"].shape[0]
    table = state.get("inner.puzzle_emb.weights")
    config.update(batch_size=args.lanes, vocab_size=vocab, forward_dtype=args.dtype)
    config["num_puzzle_identifiers"] = 1 if table is None else table.shape[0]
    if args.seq_len or "seq_len" not in config:
        config["seq_len"] = args.seq_len or SEQ_LEN.get(vocab)
    if not config["seq_len"]:
        sys.exit(f"the checkpoint has a vocabulary of {vocab} and does not say how many tokens a puzzle has: give --seq-len")
    return config


def build(arch, config, state):
    module, name = arch["name"].split("@")
    model = getattr(importlib.import_module("models." + module), name)(config)
    missing, unexpected = model.load_state_dict(state, strict=False)
    missing = [k for k in missing if not k.endswith(("cos_cached", "sin_cached", "local_weights", "local_ids"))]
    if missing or unexpected:
        sys.exit(f"the checkpoint does not fit {arch['name']}: missing {missing[:5]}, not known {unexpected[:5]}")
    return model.eval()


def puzzles(config, args):
    draw = torch.Generator().manual_seed(args.seed)
    if args.inputs:
        tokens = torch.from_numpy(numpy.load(args.inputs)[:args.lanes].astype(numpy.int32))
        if tokens.shape != (args.lanes, config["seq_len"]):
            sys.exit(f"{args.inputs} gives {tuple(tokens.shape)}, want {(args.lanes, config['seq_len'])}")
    else:
        tokens = torch.randint(1, config["vocab_size"], (args.lanes, config["seq_len"]), generator=draw, dtype=torch.int32)
    ids = torch.randint(0, config["num_puzzle_identifiers"], (args.lanes,), generator=draw, dtype=torch.int32)
    return dict(inputs=tokens, puzzle_identifiers=ids.long())


def run(model, batch, segments, put):
    """Writes what each segment gives, and returns the halting decisions."""
    carry, evals = model.initial_carry(batch), []
    for n in range(1, segments + 1):
        carry, out = model(carry=carry, batch=batch)
        values = dict(logits=out["logits"], q_halt=out["q_halt_logits"], q_continue=out["q_continue_logits"],
                      z_H=carry.inner_carry.z_H, z_L=carry.inner_carry.z_L)
        for name, value in values.items():
            put(f"eval/seg{n}/{name}", value)
        evals.append(dict(q_says_halt=(out["q_halt_logits"] > out["q_continue_logits"]).tolist()))
    return evals


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", required=True, metavar="DIR", help="clone of the reference")
    parser.add_argument("--checkpoint", required=True, metavar="PATH")
    parser.add_argument("--config", metavar="FILE", help="default all_config.yaml beside the checkpoint")
    parser.add_argument("-o", "--out", required=True, metavar="DIR", help="folder of the case")
    parser.add_argument("--inputs", metavar="FILE", help="tokens of puzzles, .npy; default random ones")
    parser.add_argument("--seq-len", type=int)
    parser.add_argument("--lanes", type=int, default=2, help="puzzles")
    parser.add_argument("--segments", type=int, default=4)
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    path, folder = find(args.checkpoint)
    arch = read_config(args.config, folder)
    state = read_state(path)
    config = configure(arch, state, args)
    if args.segments > config["halt_max_steps"]:
        sys.exit(f"--segments is {args.segments}, but the reference starts a puzzle anew after {config['halt_max_steps']}")
    standins.install()
    sys.path.insert(0, args.reference)
    os.makedirs(args.out, exist_ok=True)
    tensors = {}
    with torch.no_grad(), open(os.path.join(args.out, "forward.bin"), "wb") as out:
        def put(name, value, dtype="f32"):
            value = value.to(torch.int32 if dtype == "i32" else torch.float32).contiguous()
            tensors[name] = dict(file="forward.bin", offset=out.tell(), dtype=dtype, shape=list(value.shape))
            out.write(value.numpy().tobytes())

        model = build(arch, config, state)
        batch = puzzles(config, args)
        put("eval/inputs", batch["inputs"], "i32")
        put("eval/puzzle_identifiers", batch["puzzle_identifiers"], "i32")
        evals = run(model, batch, args.segments, put)
    with open(path, "rb") as f:
        digest = hashlib.sha256()
        for block in iter(lambda: f.read(1 << 20), b""):
            digest.update(block)
    meta = dict(model="models." + arch["name"], config=config, segments=args.segments, eval_segments=evals,
                checkpoint=os.path.basename(path), checkpoint_sha256=digest.hexdigest(), torch=torch.__version__)
    with open(os.path.join(args.out, "index.json"), "w") as out:
        json.dump(dict(meta=meta, tensors=tensors), out, indent=1)
    print(f"{args.out}: {args.lanes} puzzles, {args.segments} segments of {arch['name']} in {args.dtype}")


if __name__ == "__main__":
    main()
