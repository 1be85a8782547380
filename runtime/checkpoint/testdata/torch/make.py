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
