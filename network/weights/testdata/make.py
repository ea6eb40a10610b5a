"""Writes python.safetensors and rounding.safetensors, which weights_test.go reads and must reproduce byte by byte.

    pip install safetensors==0.8.0 numpy==2.4.6 ml_dtypes==0.6.0 && python make.py
"""
import os

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file

here = os.path.dirname(os.path.abspath(__file__))
maker = {"maker": "safetensors 0.8.0, numpy 2.4.6"}

quarters = np.arange(6, dtype=np.float64).reshape(2, 3) / 4 - 0.5
save_file(
    {
        "f16": quarters.astype(np.float16),
        "bf16": quarters.astype(ml_dtypes.bfloat16),
        "f32": quarters.astype(np.float32),
        "f64": quarters,
        "scalar": np.array(-1.5, np.float32),
        "empty": np.zeros((0, 3), np.float32),
        "f16.edges": np.array([65504, -65504, 2**-14, 2**-24, -(2**-24), 0, -0.0], np.float16),
        "i64": np.array([-(2**63), 2**63 - 1], np.int64),
        "u8": np.array([0, 255], np.uint8),
        "i32": np.array([[-1], [7]], np.int32),
        "bool": np.array([True, False]),
        "näme <&>": np.array([3], np.float32),
    },
    os.path.join(here, "python.safetensors"),
    maker,
)

# Midpoints of neighbouring half-precision values and the float32 values beside them, with numpy's rounding.
halves = np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float32)
finite = np.sort(halves[np.isfinite(halves)])
middle = np.random.Generator(np.random.PCG64(1)).choice(finite[1:] / 2 + finite[:-1] / 2, 1000)
x = np.concatenate([middle, np.nextafter(middle, np.float32(9e9)), np.nextafter(middle, np.float32(-9e9))])
save_file({"x": x, "rounded": x.astype(np.float16)}, os.path.join(here, "rounding.safetensors"), maker)
