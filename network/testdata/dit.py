"""Writes dit.json, what diffusers' PixArt-α transformer says.

Made with torch 1.12.1, diffusers 0.25.1 (huggingface_hub<0.26, numpy<2):
    python dit.py
"""
import json

import diffusers
import torch
from diffusers import Transformer2DModel
from filled import fill, flat, tensor


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

maker = "torch %s, diffusers %s" % (torch.__version__.split("+")[0], diffusers.__version__)
with open("dit.json", "w") as f:
    json.dump({"maker": maker, "dit": {"shapes": shapes, "output": {"y": flat(y)}}}, f, sort_keys=True, separators=(",", ":"))
    f.write("\n")
