"""Writes edm.json: small networks like those of EDM, their outputs and gradients by NVIDIA's code; and of the published networks at full
size the numbers of parameters and SHA-256 of the names and shapes of all tensors. The code is not on PyPI: give the folder of a clone.

    git clone https://github.com/NVlabs/edm /tmp/nvlabs-edm && git -C /tmp/nvlabs-edm checkout 008a4e5316c8e3bfe61a62f874bddba254295afb
    python3 -m venv /tmp/edm && /tmp/edm/bin/pip install torch==2.15.0 numpy==2.4.6 requests==2.34.2
    /tmp/edm/bin/python edm.py /tmp/nvlabs-edm
"""
import hashlib
import json
import sys

import torch
from filled import flat, tensor, weights

sys.path.insert(0, sys.argv[1])
from training.networks import EDMPrecond  # noqa: E402

VP = dict(model_type="SongUNet", embedding_type="positional", encoder_type="standard", decoder_type="standard", channel_mult_noise=1,
          resample_filter=[1, 1])
VE = dict(model_type="SongUNet", embedding_type="fourier", encoder_type="residual", decoder_type="standard", channel_mult_noise=2,
          resample_filter=[1, 3, 3, 1])


def state(net):
    """All tensors but the filters, which are constants of the config."""
    return {name: t for name, t in net.model.state_dict().items() if not name.endswith("resample_filter")}


def golden(wanted, **arguments):
    net = EDMPrecond(img_resolution=8, img_channels=3, **arguments).eval()
    shapes = {name: list(t.shape) for name, t in state(net).items()}
    net.model.load_state_dict(weights(shapes), strict=False)
    x, labels = tensor(1001, 2, 8, 8, 3).requires_grad_(), None
    if net.label_dim:
        labels = torch.tensor([[0, 0, 1], [1, 0, 0]], dtype=torch.float32)
    y = net.model(x.permute(0, 3, 1, 2), torch.tensor([-1.5, 1.0]), class_labels=labels).permute(0, 2, 3, 1)
    (y.square().sum() / 2).backward()
    parameters = dict(net.model.named_parameters())
    gradient = dict({name: flat(parameters[name].grad) for name in wanted}, x=flat(x.grad))
    return {"config": net.init_kwargs, "shapes": shapes, "output": {"y": flat(y)}, "gradient": gradient}


def size(resolution, **arguments):
    with torch.device("meta"):
        net = EDMPrecond(img_resolution=resolution, img_channels=3, **arguments)
    shapes = {name: list(t.shape) for name, t in state(net).items()}
    lines = "".join("%s %s\n" % (name, "×".join(map(str, shapes[name]))) for name in sorted(shapes))
    return {"config": net.init_kwargs, "parameters": sum(p.numel() for p in net.parameters()), "sha256": hashlib.sha256(lines.encode()).hexdigest()}


small = dict(model_channels=8, channel_mult=[1, 2], num_blocks=1, attn_resolutions=[4])
wide = dict(small, model_channels=16, channel_mult=[1, 4])
song = ["map_layer0.bias", "enc.4x4_block0.qkv.bias", "dec.8x8_up.affine.bias", "dec.8x8_aux_conv.bias"]
adm = ["map_layer0.bias", "enc.4x4_block0.qkv.bias", "dec.8x8_up.affine.bias", "out_conv.bias"]
cifar, large = dict(model_channels=128, channel_mult=[2, 2, 2], augment_dim=9), dict(model_channels=128, channel_mult=[1, 2, 2, 2], augment_dim=9)
models = {
    "ddpmpp": golden(song, **VP, **small),
    "ddpmpp-cond": golden(song + ["map_label.weight"], label_dim=3, augment_dim=9, **VP, **small),
    "ncsnpp": golden(song + ["enc.4x4_aux_residual.bias"], augment_dim=9, **VE, **dict(small, channel_mult=[1, 2, 2])),
    "ncsnpp-cond": golden(song + ["enc.4x4_aux_residual.weight"], label_dim=3, **VE, **small),
    "adm": golden(adm, model_type="DhariwalUNet", **wide),
    "adm-cond": golden(adm, model_type="DhariwalUNet", label_dim=3, augment_dim=9, **dict(wide, model_channels=32, channel_mult_emb=1)),
    "size cifar10-32x32-cond-vp": size(32, label_dim=10, **VP, **cifar),
    "size cifar10-32x32-uncond-vp": size(32, **VP, **cifar),
    "size cifar10-32x32-cond-ve": size(32, label_dim=10, **VE, **cifar),
    "size cifar10-32x32-uncond-ve": size(32, **VE, **cifar),
    "size ffhq-64x64-uncond-vp": size(64, **VP, **large),
    "size ffhq-64x64-uncond-ve": size(64, **VE, **large),
    "size imagenet-64x64-cond-adm": size(64, label_dim=1000, model_type="DhariwalUNet", model_channels=192, channel_mult=[1, 2, 3, 4]),
}
with open("edm.json", "w") as f:
    json.dump(dict(models, maker="NVlabs/edm 008a4e5, torch %s" % torch.__version__.split("+")[0]), f, sort_keys=True, separators=(",", ":"))
    f.write("\n")
