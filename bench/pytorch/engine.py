#!/usr/bin/env python3
"""A process that runs segments in PyTorch, for bench/peers.

It reads commands from standard input and answers each, a JSON object a line;
bench/peers/node/engine.mjs lists them. "load" takes a .safetensors file whose
metadata has the model's configuration as JSON.
"""
import base64
import json
import struct
import sys
import time

import numpy
import torch

import segment


class Engine:
    def load(self, command):
        torch.set_num_threads(command["threads"])
        with open(command["model"], "rb") as f:
            size, = struct.unpack("<Q", f.read(8))
            header, data = json.loads(f.read(size)), f.read()
        config = json.loads(header.pop("__metadata__")["config"])
        state = {}
        for name, t in header.items():
            lo, hi = t["data_offsets"]
            numbers = numpy.frombuffer(data[lo:hi], dtype="<f4").reshape(t["shape"])
            state[name] = torch.from_numpy(numpy.array(numbers))
        self.model = segment.Model(state, config)
        return dict(version=torch.__version__)

    def start(self, command):
        tokens = torch.tensor(command["tokens"])
        self.x = self.model.embed(tokens)
        self.zH, self.zL = self.model.start(len(tokens))
        return {}

    def step(self, command):
        seconds = []
        for _ in range(command["segments"]):
            began = time.monotonic()
            self.zH, self.zL, self.logits, q = self.model.segment(self.zH, self.zL, self.x)
            seconds.append(time.monotonic() - began)
        return dict(seconds=seconds, q_halt=q[:, 0].tolist(), q_continue=q[:, 1].tolist())

    def read(self, _):
        def encode(x):
            return base64.b64encode(x.contiguous().numpy().astype("<f4").tobytes()).decode()
        return dict(zH=encode(self.zH), zL=encode(self.zL), logits=encode(self.logits))


def main():
    engine = Engine()
    with torch.no_grad():
        for line in sys.stdin:
            command = json.loads(line)
            try:
                if command["op"] not in ("load", "start", "step", "read"):
                    raise ValueError(f"no command {command['op']!r}")
                answer = getattr(engine, command["op"])(command)
            except Exception as e:  # the other side wants an answer whatever happens
                answer = dict(error=f"{type(e).__name__}: {e}")
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
