"""Writes EDM's networks for CIFAR-10 at full size with random weights, each with the picture that EDM's sampler draws in two steps, into a
folder for ADDLAB_FULLSIZE_EDM. network/weights/testdata/persistent.py tells what to install. The pickles hold NVIDIA's code: keep them.

    /tmp/edm/bin/python fullsize.py /tmp/nvlabs-edm FOLDER
"""
import json
import pathlib
import pickle
import sys

import torch

sys.path[:0] = [sys.argv[1], str(pathlib.Path(__file__).resolve().parents[2] / "network" / "testdata")]
from filled import flat, tensor  # noqa: E402
from generate import edm_sampler  # noqa: E402
from training.networks import EDMPrecond  # noqa: E402

VP = dict(embedding_type="positional", encoder_type="standard", channel_mult_noise=1, resample_filter=[1, 1])
VE = dict(embedding_type="fourier", encoder_type="residual", channel_mult_noise=2, resample_filter=[1, 3, 3, 1])
folder = pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
for name, arguments in {"vp": VP, "ve": VE}.items():
    net = EDMPrecond(img_resolution=32, img_channels=3, label_dim=10, model_type="SongUNet", decoder_type="standard", model_channels=128,
                     channel_mult=[2, 2, 2], augment_dim=9, **arguments).eval().requires_grad_(False)
    torch.manual_seed(0)
    for tensor_name, p in net.named_parameters():
        if p.dim() > 1:
            p.copy_(torch.randn_like(p) / p[0].numel() ** 0.5)
        else:
            p.copy_(tensor_name.endswith("weight") + 0.1 * torch.randn_like(p))
    with open(folder / (name + ".pkl"), "wb") as f:
        pickle.dump({"ema": net}, f)
    picture = edm_sampler(net, tensor(1002, 1, 32, 32, 3).permute(0, 3, 1, 2) * 3**0.5, torch.eye(10)[[7]], num_steps=2)
    (folder / (name + ".json")).write_text(json.dumps(flat(picture.permute(0, 2, 3, 1))))
