"""Writes persistent.pkl.gz, a snapshot as EDM's training writes it, with a small NCSN++, and persistent.json: the SHA-256 of its tensors,
what it makes of noise by Table 1 of EDM, and the states of EDM's sampler. unconditional.pkl.gz is a small DDPM++ as EDM's are published; its
picture is in persistent.json too. By NVIDIA's code, which is not on PyPI: give the folder of a clone.

    git clone https://github.com/NVlabs/edm /tmp/nvlabs-edm && git -C /tmp/nvlabs-edm checkout 008a4e5316c8e3bfe61a62f874bddba254295afb
    python3 -m venv /tmp/edm
    /tmp/edm/bin/pip install torch==2.15.0 numpy==2.4.6 scipy==1.17.1 pillow==13.0.0 requests==2.34.2 click==8.5.1 tqdm==4.70.1
    /tmp/edm/bin/python persistent.py /tmp/nvlabs-edm

The pickles would hold the text of NVIDIA's modules, which is not ours to distribute: another text stands in its place.
"""
import gzip
import hashlib
import json
import pathlib
import pickle
import sys

import torch

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [sys.argv[1], str(here.parents[1] / "testdata")]
from filled import flat, tensor, weights  # noqa: E402
from generate import edm_sampler  # noqa: E402
from torch_utils import persistence  # noqa: E402
from training.augment import AugmentPipe  # noqa: E402
from training.loss import EDMLoss  # noqa: E402
from training.networks import EDMPrecond  # noqa: E402



def make(**arguments):
    net = EDMPrecond(
        img_resolution=8, img_channels=3, model_type="SongUNet", decoder_type="standard", model_channels=4, channel_mult=[1, 2], num_blocks=1,
        attn_resolutions=[4], augment_dim=9, dropout=0.1, use_fp16=False, **arguments).eval().requires_grad_(False)
    state = {name: t for name, t in net.state_dict().items() if not name.endswith("resample_filter")}
    filled = weights({name: list(t.shape) for name, t in state.items()})
    net.load_state_dict({name: torch.round(t * 32) / 32 for name, t in filled.items()}, strict=False)  # round numbers make small files
    return net


def pack(file, content):
    with open(here / file, "wb") as f:
        f.write(gzip.compress(pickle.dumps(content), mtime=0))


net = make(label_dim=10, embedding_type="fourier", encoder_type="residual", channel_mult_noise=2, resample_filter=[1, 3, 3, 1])
unconditional = make(embedding_type="positional", encoder_type="standard", channel_mult_noise=1, resample_filter=[1, 1])
layer = net.model.map_layer1
layer.weight.data = layer.weight.data.t().contiguous().t()  # columns first

for decorated in persistence._decorators:
    decorated._orig_module_src = "raise SystemExit('code of a pickle was run')\n"
pack("persistent.pkl.gz", dict(ema=net, loss_fn=EDMLoss(), augment_pipe=AugmentPipe(p=0.1, xflip=1e8), dataset_kwargs=dict(class_name="dataset")))
pack("unconditional.pkl.gz", dict(ema=unconditional))

sigma = torch.tensor([0.002, 0.5, 80.0])
labels = torch.eye(10)[[7, 3, 0]]
x = tensor(1001, 3, 8, 8, 3) * (sigma.square() + 0.25).sqrt().reshape(-1, 1, 1, 1)
x.requires_grad_()
y = net(x.permute(0, 3, 1, 2), sigma, labels).permute(0, 2, 3, 1)
(y.square().sum() / 2).backward()


class Recorder:
    """Notes what the sampler asks the network for."""

    def __init__(self):
        self.sigma_min, self.sigma_max, self.round_sigma, self.calls = net.sigma_min, net.sigma_max, net.round_sigma, []

    def __call__(self, x, sigma, class_labels):
        self.calls.append({"sigma": float(sigma), "x": flat(x.permute(0, 2, 3, 1))})
        return net(x, sigma, class_labels)


recorder = Recorder()
noise = tensor(1002, 1, 8, 8, 3).permute(0, 3, 1, 2) * 3**0.5
end = edm_sampler(recorder, noise, torch.eye(10)[[7]], num_steps=4)
with open(here / "persistent.json", "w") as f:
    json.dump({
        "maker": "NVlabs/edm 008a4e5, torch %s" % torch.__version__.split("+")[0],
        "tensors": {name: {"shape": list(t.shape), "sha256": hashlib.sha256(t.contiguous().numpy().tobytes()).hexdigest()} for name, t in net.state_dict().items()},
        "denoised": {"y": flat(y), "gradient": flat(x.grad)},
        "calls": recorder.calls, "end": flat(end.permute(0, 2, 3, 1)),
        "unconditional": flat(edm_sampler(unconditional, noise, num_steps=4).permute(0, 2, 3, 1)),
    }, f, sort_keys=True, separators=(",", ":"))
    f.write("\n")
