"""Writes sizes.json: configs, numbers of parameters, and SHA-256 of the names and shapes of all tensors of Stable Diffusion's networks at
full size, which diffusers and transformers make without values. unets.py names the versions.

    /tmp/golden/bin/python sizes.py
"""
import hashlib

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from golden import write
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection


def describe(model):
    state = {name: list(p.shape) for name, p in model.named_parameters()}
    lines = "".join("%s %s\n" % (name, "×".join(map(str, state[name]))) for name in sorted(state))
    config = model.config.to_diff_dict() if hasattr(model.config, "to_diff_dict") else model.config
    return {"config": {k: v for k, v in dict(config).items() if not k.startswith("_")}, "parameters": sum(p.numel() for p in model.parameters()),
            "sha256": hashlib.sha256(lines.encode()).hexdigest()}


def text(kind, width, layers, heads, **more):
    return kind(CLIPTextConfig(architectures=[kind.__name__], hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers,
                               num_attention_heads=heads, bos_token_id=0, eos_token_id=2, **more))


with torch.device("meta"):
    xl = UNet2DConditionModel(
        sample_size=128, block_out_channels=[320, 640, 1280], down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"], cross_attention_dim=2048, attention_head_dim=[5, 10, 20],
        transformer_layers_per_block=[1, 2, 10], use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816)
    write("sizes.json", {
        "unet 1.5": describe(UNet2DConditionModel(sample_size=64, cross_attention_dim=768)),
        "unet 2.1": describe(UNet2DConditionModel(sample_size=64, cross_attention_dim=1024, attention_head_dim=[5, 10, 20, 20], use_linear_projection=True)),
        "unet XL": describe(xl),
        "vae": describe(AutoencoderKL(block_out_channels=[128, 256, 512, 512], layers_per_block=2, sample_size=512,
                                      down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4)),
        "text CLIP-L": describe(text(CLIPTextModel, 768, 12, 12)),
        "text OpenCLIP-H": describe(text(CLIPTextModel, 1024, 23, 16, hidden_act="gelu")),
        "text OpenCLIP bigG": describe(text(CLIPTextModelWithProjection, 1280, 32, 20, hidden_act="gelu", projection_dim=1280)),
    })
