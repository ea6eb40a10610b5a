"""Writes dit.json, what diffusers' PixArt-α transformer says.

Made with torch 1.12.1, diffusers 0.25.1 (huggingface_hub<0.26, numpy<2):
    python dit.py

Weights and inputs are those of reference.py's fill and tensor, repeated here because that script pins older versions.
"""
import json

import diffusers
import numpy as np
import torch
from diffusers import Transformer2DModel


def values(n, k):
    """n values in [-1,1): an integer hash of position and k."""
    m = np.uint64(0xFFFFFFFF)
    x = (np.arange(n, dtype=np.uint64) * np.uint64(374761393) + np.uint64(k * 668265263)) & m
    x = ((x ^ (x >> np.uint64(13))) * np.uint64(1274126177)) & m
    x ^= x >> np.uint64(16)
    return x.astype(np.float64) / 2**31 - 1


def tensor(k, *shape):
    return torch.from_numpy(values(int(np.prod(shape)), k).astype(np.float32).reshape(shape))


def fill(model):
    """Sets the k-th parameter in the order of names: matrices to ±√(3/fan-in), vectors to ±0.1."""
    state = dict(model.named_parameters())
    for k, name in enumerate(sorted(state)):
        shape = tuple(state[name].shape)
        v = values(int(np.prod(shape)), k) * (np.sqrt(3 / np.prod(shape[1:])) if len(shape) > 1 else 0.1)
        state[name].copy_(torch.from_numpy(v.astype(np.float32).reshape(shape)))
    return {name: list(t.shape) for name, t in state.items()}


with torch.no_grad():
    model = Transformer2DModel(
        sample_size=8, patch_size=2, in_channels=4, out_channels=3, num_layers=2, num_attention_heads=2, attention_head_dim=8,
        cross_attention_dim=16, caption_channels=12, norm_type="ada_norm_single", num_embeds_ada_norm=1000,
        norm_elementwise_affine=False, norm_eps=1e-6, attention_bias=True, activation_fn="gelu-approximate")
    model.use_additional_conditions = False
    model = model.eval()
    shapes = fill(model)
    x, tokens = tensor(1001, 2, 8, 8, 4), tensor(1002, 2, 5, 12)
    y = model(x.permute(0, 3, 1, 2), encoder_hidden_states=tokens, timestep=torch.tensor([7.0, 999.0]),
              added_cond_kwargs={"resolution": None, "aspect_ratio": None}).sample.permute(0, 2, 3, 1)
    flat = [float("%.7g" % v) for v in y.contiguous().flatten().tolist()]

maker = "torch %s, diffusers %s" % (torch.__version__.split("+")[0], diffusers.__version__)
with open("dit.json", "w") as f:
    json.dump({"maker": maker, "dit": {"shapes": shapes, "output": {"y": flat}}}, f, sort_keys=True, separators=(",", ":"))
    f.write("\n")
