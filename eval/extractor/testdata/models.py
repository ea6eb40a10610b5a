"""Writes models.json: the names and shapes of small models as OpenCLIP and transformers save them, and what they say of pictures
and captions.

Made with torch 1.12.1, torchvision 0.13.1, open_clip_torch 2.24.0, transformers 4.33.3, pillow 10.4.0 (huggingface_hub<0.25,
numpy<2):
    python models.py

Weights are a formula that eval/extractor/models_test.go repeats.
"""
import json

import numpy as np
import open_clip
import torch
import torchvision.transforms as T
import transformers
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg
from PIL import Image

import preprocess as pre


def weights(shapes):
    """The k-th tensor in the order of names: matrices to ±√(3/fan-in), vectors to ±0.1, scales of norms to 1 ± 0.1."""
    m, state = np.uint64(0xFFFFFFFF), {}
    for k, name in enumerate(sorted(shapes)):
        shape = shapes[name]
        n = int(np.prod(shape))
        x = (np.arange(n, dtype=np.uint64) * np.uint64(374761393) + np.uint64(k * 668265263)) & m
        x = ((x ^ (x >> np.uint64(13))) * np.uint64(1274126177)) & m
        x ^= x >> np.uint64(16)
        v = (x.astype(np.float64) / 2**31 - 1) * (np.sqrt(3 / np.prod(shape[1:])) if len(shape) > 1 else 0.1)
        if len(shape) == 1 and name.endswith("weight"):
            v += 1
        state[name] = torch.from_numpy(v.astype(np.float32).reshape(shape))
    return state


def fill(model):
    shapes = {name: list(t.shape) for name, t in model.state_dict().items() if t.is_floating_point()}
    model.load_state_dict(weights(shapes), strict=False)
    return shapes


def rows(t):
    return [[float(str(v)) for v in row] for row in t.detach().numpy()]


PICTURES = [(20, 30), (16, 16), (7, 5)]
CAPTIONS = ["", "a photo of a cat", "Two small blue rings &amp; a star, don't you see?", "word " * 100]
pictures = [pre.picture(w, h, k) for k, (w, h) in enumerate(PICTURES)]


def prepared(transform, normal):
    f = T.Compose(transform + [T.ToTensor(), normal])
    return torch.stack([f(Image.fromarray(p)) for p in pictures])


crop = prepared([T.Resize(16, T.InterpolationMode.BICUBIC), T.CenterCrop(16)], pre.CLIP)
squash = prepared([T.Resize((16, 16), T.InterpolationMode.BICUBIC)], pre.IMAGENET)


def clip_open(quick):
    model = CLIP(12, CLIPVisionCfg(layers=2, width=16, head_width=8, mlp_ratio=2.5, patch_size=4, image_size=16),
                 CLIPTextCfg(context_length=77, vocab_size=49408, width=16, heads=2, layers=2), quick_gelu=quick).eval()
    shapes = fill(model)
    return {"Shapes": shapes, "Features": rows(model.encode_image(crop)), "Captions": rows(model.encode_text(open_clip.tokenize(CAPTIONS)))}


def clip_transformers():
    text = dict(hidden_size=16, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, hidden_act="quick_gelu")
    vision = dict(hidden_size=16, intermediate_size=40, num_hidden_layers=2, num_attention_heads=2, image_size=16, patch_size=4, hidden_act="quick_gelu")
    model = transformers.CLIPModel(transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=12)).eval()
    shapes = fill(model)
    return {"Shapes": shapes, "Features": rows(model.get_image_features(crop)), "Captions": rows(model.get_text_features(open_clip.tokenize(CAPTIONS)))}


def dinov2():
    model = transformers.Dinov2Model(transformers.Dinov2Config(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, mlp_ratio=4, image_size=20, patch_size=4)).eval()
    shapes = fill(model)
    return {"Shapes": shapes, "Features": rows(model(squash).last_hidden_state[:, 0])}


with torch.no_grad():
    models = {"open_clip": clip_open(False), "openai": clip_open(True), "transformers": clip_transformers(), "dinov2": dinov2()}
with open("models.json", "w") as f:
    f.write('{"Maker": "torch %s, open_clip_torch %s, transformers %s",\n"Pictures": %s,\n"Captions": %s,\n"Models": {\n' % (
        torch.__version__.split("+")[0], open_clip.version.__version__, transformers.__version__, json.dumps(PICTURES), json.dumps(CAPTIONS)))
    f.write(",\n".join("%s: %s" % (json.dumps(k), json.dumps(v, sort_keys=True, separators=(",", ":"))) for k, v in models.items()) + "}}\n")
