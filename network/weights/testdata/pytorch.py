"""Writes zip.pth and legacy.pth, state dicts as torch.save writes them now and wrote them before PyTorch 1.6, and evil.pth, one
that would run a command.

Made with torch 1.12.1 (numpy<2):
    python pytorch.py
"""
import collections
import os

import torch

base = torch.arange(12, dtype=torch.float32).reshape(3, 4) / 8
state = collections.OrderedDict([
    ("a.weight", base),
    ("a.view", base[1:, 1:3]),  # part of the same storage
    ("a.transposed", base.t()),
    ("b.half", torch.tensor([1.5, -2.0], dtype=torch.float16)),
    ("b.bfloat16", torch.tensor([0.25, 3.0], dtype=torch.bfloat16)),
    ("b.double", torch.tensor(0.1, dtype=torch.float64)),
    ("c.count", torch.tensor(7, dtype=torch.int64)),
    ("c.flags", torch.tensor([True, False])),
    ("d.parameter", torch.nn.Parameter(torch.ones(2))),
    ("e.empty", torch.zeros(0, 3)),
])
state._metadata = {"": {"version": 1}}
torch.save(state, "zip.pth")
torch.save({"epoch": 3, "name": "x", "state_dict": state}, "legacy.pth", _use_new_zipfile_serialization=False)


class Evil:
    def __reduce__(self):
        return os.system, ("echo evil",)


torch.save({"a": torch.ones(1), "b": Evil()}, "evil.pth")
torch.jit.script(torch.nn.Linear(1, 1)).save("script.pth")
