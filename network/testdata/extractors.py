"""Writes extractors.json, what the reference implementations of feature extractors say.

Made with torch 1.12.1, torch-fidelity 0.3.0, transformers 4.33.3 (huggingface_hub<0.25, numpy<2):
    python extractors.py
"""
import json
import os
import tempfile

import numpy as np
import torch
import torch_fidelity
import transformers
from filled import flat, values, weights
from torch_fidelity import feature_extractor_inceptionv3 as fidelity
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection, Dinov2Config, Dinov2Model


def float_shapes(model):
    return {name: list(t.shape) for name, t in model.state_dict().items() if t.is_floating_point()}


def inception():
    # The weights come from a file; the picture is not resized, so that a small one is enough.
    fidelity.FeatureExtractorInceptionV3.load_state_dict = lambda self, state: None
    fidelity.interpolate_bilinear_2d_like_tensorflow1x = lambda x, **kwargs: x
    taps = ["64", "192", "768", "2048", "logits_unbiased"]
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "none.pth")
        torch.save({}, path)
        model = fidelity.FeatureExtractorInceptionV3("inception-v3-compat", taps, feature_extractor_weights_path=path).eval()
    del fidelity.FeatureExtractorInceptionV3.load_state_dict
    shapes, gain = float_shapes(model), np.sqrt(2)
    model.load_state_dict(weights(shapes, gain), strict=False)
    x = torch.from_numpy(((values(2 * 75 * 75 * 3, 1001) + 1) * 128).astype(np.uint8).reshape(2, 75, 75, 3)).permute(0, 3, 1, 2)
    return {"shapes": shapes, "gain": gain, "output": dict(zip(taps, map(flat, model(x))))}


def clip(act):
    model = CLIPVisionModelWithProjection(CLIPVisionConfig(
        image_size=12, patch_size=4, hidden_size=16, intermediate_size=40, projection_dim=12, num_hidden_layers=2, num_attention_heads=2,
        hidden_act=act)).eval()
    shapes = float_shapes(model)
    model.load_state_dict(weights(shapes, 1), strict=False)
    x = torch.from_numpy(values(2 * 12 * 12 * 3, 1001).astype(np.float32).reshape(2, 12, 12, 3)).permute(0, 3, 1, 2)
    return {"shapes": shapes, "gain": 1, "output": {"embedding": flat(model(x).image_embeds)}}


def to_transformers(state, width):
    """Renames the weights of facebookresearch/dinov2."""
    out = {"embeddings.cls_token": state["cls_token"], "embeddings.mask_token": state["mask_token"],
           "embeddings.position_embeddings": state["pos_embed"]}
    names = {"patch_embed.proj.": "embeddings.patch_embeddings.projection.", "blocks.": "encoder.layer.", ".attn.proj.": ".attention.output.dense.",
             ".ls1.gamma": ".layer_scale1.lambda1", ".ls2.gamma": ".layer_scale2.lambda1"}
    for name, t in state.items():
        if name in ("cls_token", "mask_token", "pos_embed"):
            continue
        new = "layernorm" + name[4:] if name.startswith("norm.") else name
        for a, b in names.items():
            new = new.replace(a, b)
        if ".attn.qkv." in name:
            for part, rows in zip(("query", "key", "value"), t.split(width)):
                out[new.replace("attn.qkv", "attention.attention." + part)] = rows
        else:
            out[new] = t
    return out


def dinov2():
    model = Dinov2Model(Dinov2Config(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, mlp_ratio=4, image_size=10, patch_size=2, layer_norm_eps=1e-6)).eval()
    shapes = {"cls_token": [1, 1, 16], "mask_token": [1, 16], "pos_embed": [1, 26, 16], "patch_embed.proj.weight": [16, 3, 2, 2],
              "patch_embed.proj.bias": [16], "norm.weight": [16], "norm.bias": [16]}
    for i in range(2):
        for name, shape in {"norm1.weight": [16], "norm1.bias": [16], "norm2.weight": [16], "norm2.bias": [16], "attn.qkv.weight": [48, 16],
                            "attn.qkv.bias": [48], "attn.proj.weight": [16, 16], "attn.proj.bias": [16], "ls1.gamma": [16], "ls2.gamma": [16],
                            "mlp.fc1.weight": [64, 16], "mlp.fc1.bias": [64], "mlp.fc2.weight": [16, 64], "mlp.fc2.bias": [16]}.items():
            shapes["blocks.%d.%s" % (i, name)] = shape
    model.load_state_dict(to_transformers(weights(shapes, 1), 16))
    x = torch.from_numpy(values(2 * 8 * 8 * 3, 1001).astype(np.float32).reshape(2, 8, 8, 3)).permute(0, 3, 1, 2)
    return {"shapes": shapes, "gain": 1, "output": {"tokens": flat(model(x).last_hidden_state)}}


with torch.no_grad():
    reference = {
        "maker": "torch %s, torch-fidelity %s, transformers %s" % (torch.__version__.split("+")[0], torch_fidelity.__version__, transformers.__version__),
        "inception": inception(),
        "clip-quick-gelu": clip("quick_gelu"),
        "clip-gelu": clip("gelu"),
        "dinov2": dinov2(),
    }
with open("extractors.json", "w") as f:
    f.write("{\n" + ",\n".join("%s: %s" % (json.dumps(k), json.dumps(v, sort_keys=True, separators=(",", ":"))) for k, v in reference.items()) + "\n}\n")
