"""Makes the small files that torch_test.go reads, with torch 1.13. Any later
version writes the same records besides a few more entries in the zip."""
import os
from collections import OrderedDict

import torch

os.chdir(os.path.dirname(os.path.abspath(__file__)))
x = torch.arange(6, dtype=torch.float32).view(2, 3)

torch.save({"a": torch.nn.Parameter(x), "b": torch.tensor(2.5)}, "parameter.pt")
torch.save({"t": x.t(), "row": x[1:], "col": x[:, 1:2], "step": x[:, ::2]}, "strided.pt")
torch.save({"bf16": x.bfloat16(), "f16": x.half(), "f32": x, "f64": x.double(), "i64": x.long(), "i8": x.char(), "bool": x.bool()}, "dtypes.pt")
torch.save(OrderedDict(a=x), "protocol4.pt", pickle_protocol=4)
torch.save({"a": x}, "legacy.pt", _use_new_zipfile_serialization=False)
torch.save(torch.nn.Linear(2, 3), "module.pt")
torch.save({"a": x, "epoch": 3}, "epoch.pt")
torch.save(torch.nn.Linear(3, 2).state_dict(), "linear.pt")

# A training script's whole state: what it saves beside the weights is skipped.
import argparse, collections, datetime, decimal, pathlib, random
import numpy

model = torch.nn.Linear(3, 2)
optimizer = torch.optim.Adam(model.parameters())
model(torch.ones(1, 3)).sum().backward()
optimizer.step()
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
torch.save({
    "model_state_dict": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict(), "epoch": 3,
    "args": argparse.Namespace(lr=0.1, out=pathlib.Path("run"), when=datetime.datetime(2025, 1, 2), tags={"a", "b"}, rest=frozenset([1])),
    "lr": numpy.float64(0.5), "best": numpy.float32(0.25), "curve": numpy.arange(3.0), "names": numpy.array(["a", "b"]),
    "rng": {"torch": torch.get_rng_state(), "numpy": numpy.random.get_state()[:3], "generator": numpy.random.default_rng(1)},
    "counts": collections.Counter("aab"), "recent": collections.deque([1.5, 2.5]), "by": collections.defaultdict(list, {"k": [1]}),
    "sizes": [torch.Size([2, 3]), torch.device("cuda:0"), torch.float16], "big": 1 << 100, "raw": b"\x00\x01", "i": 2j, "dec": decimal.Decimal("1.5"),
    1: "a key that is no string", (1, 2): None, True: 1.5,
}, "training.pt")
torch.save({"empty": torch.zeros(0, 3), "scalar": torch.tensor(1.5), "none": torch.zeros(2, 0), "tied": x, "again": x}, "empty.pt")
