"""Writes reference.json, what the reference implementations in PyTorch say.

Made with torch 1.12.1, diffusers 0.20.2, transformers 4.33.3, timm 0.6.13 (huggingface_hub<0.20, numpy<2):
    python reference.py
"""
import json

import diffusers
import timm
import torch
import transformers
from diffusers import UNet2DConditionModel
from filled import fill, flat, tensor
from timm.models.vision_transformer import VisionTransformer
from transformers import CLIPTextConfig, CLIPTextModelWithProjection


def unet(linear, widths, layers, cross, heads, depth):
    model = UNet2DConditionModel(
        sample_size=8, in_channels=4, out_channels=4, block_out_channels=widths, layers_per_block=layers,
        down_block_types=tuple("CrossAttnDownBlock2D" if c else "DownBlock2D" for c in cross),
        up_block_types=tuple("CrossAttnUpBlock2D" if c else "UpBlock2D" for c in reversed(cross)),
        attention_head_dim=heads, transformer_layers_per_block=depth, use_linear_projection=linear,
        norm_num_groups=4, cross_attention_dim=12).eval()
    shapes = fill(model)
    x, tokens = tensor(1001, 2, 8, 8, 4), tensor(1002, 2, 5, 12)
    y = model(x.permute(0, 3, 1, 2), torch.tensor([7.0, 999.0]), tokens).sample.permute(0, 2, 3, 1)
    return {"shapes": shapes, "output": {"y": flat(y)}}


def text(act):
    model = CLIPTextModelWithProjection(CLIPTextConfig(
        vocab_size=20, hidden_size=16, intermediate_size=64, projection_dim=12, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=8, hidden_act=act, eos_token_id=3, bos_token_id=1, pad_token_id=0)).eval()
    shapes = fill(model)
    # Two end tokens: the first one counts. The second text ends early and is padded.
    ids = torch.tensor([[1, 7, 19, 3, 4, 3], [1, 11, 3, 0, 0, 0]])
    y = model(ids)
    return {"shapes": shapes, "output": {"tokens": flat(y.last_hidden_state), "pooled": flat(y.text_embeds)}}


def vit(scale):
    model = VisionTransformer(img_size=8, patch_size=4, embed_dim=16, depth=2, num_heads=2, num_classes=0, init_values=scale).eval()
    shapes = fill(model)
    x = tensor(1001, 2, 8, 8, 3).permute(0, 3, 1, 2)
    h = model.patch_embed(x)
    h = torch.cat([model.cls_token.expand(2, -1, -1), h], 1) + model.pos_embed
    output = {"tap0": flat(h)}
    for i, block in enumerate(model.blocks):
        h = block(h)
        output["tap%d" % (i + 1)] = flat(h)
    output["tokens"] = flat(model.forward_features(x))
    return {"shapes": shapes, "output": output}


with torch.no_grad():
    reference = {
        "maker": "torch %s, diffusers %s, transformers %s, timm %s" % (
            torch.__version__.split("+")[0], diffusers.__version__, transformers.__version__, timm.__version__),
        "unet-linear-projection": unet(True, (8, 16), 2, (True, False), (2, 4), 1),
        "unet-conv-projection": unet(False, (8, 8, 16), 1, (False, True, True), (1, 2, 4), 2),
        "text-gelu": text("gelu"),
        "text-quick-gelu": text("quick_gelu"),
        "vit": vit(None),
        "vit-layer-scale": vit(1.0),
    }
with open("reference.json", "w") as f:
    f.write("{\n" + ",\n".join("%s: %s" % (json.dumps(k), json.dumps(v, sort_keys=True, separators=(",", ":"))) for k, v in reference.items()) + "\n}\n")
