"""Writes heun.json: the states that EDM's sampler passes through with a denoiser of one line. NVIDIA's code is not on PyPI: give the folder
of a clone.

    git clone https://github.com/NVlabs/edm /tmp/nvlabs-edm && git -C /tmp/nvlabs-edm checkout 008a4e5316c8e3bfe61a62f874bddba254295afb
    python3 -m venv /tmp/edm
    /tmp/edm/bin/pip install torch==2.15.0 numpy==2.4.6 pillow==13.0.0 requests==2.34.2 click==8.5.1 tqdm==4.70.1
    /tmp/edm/bin/python heun.py /tmp/nvlabs-edm
"""
import json
import sys

import torch

sys.path.insert(0, sys.argv[1])
from generate import edm_sampler  # noqa: E402


class Net:
    """x̂₀ of x̄ = x₀ + σ·ε, for a network that supports some levels only."""

    def __init__(self, sigma_min, sigma_max):
        self.sigma_min, self.sigma_max, self.round_sigma, self.calls = sigma_min, sigma_max, torch.as_tensor, []

    def __call__(self, x, sigma, class_labels):
        self.calls.append([float(sigma)] + x.flatten().tolist())
        return torch.tanh(1.5 * x / (1 + sigma * sigma).sqrt() - 0.4 + sigma / (1 + sigma))


runs = []
for steps, low, high in [(2, 0, float("inf")), (5, 0, float("inf")), (18, 0, float("inf")), (4, 0.02, 50)]:
    net = Net(low, high)
    end = edm_sampler(net, torch.tensor([[0.8, -1.3]], dtype=torch.float64), num_steps=steps)
    runs.append({"steps": steps, "sigma_min": low, "sigma_max": min(high, 1e9), "calls": net.calls, "end": end.flatten().tolist()})
with open("heun.json", "w") as f:
    json.dump({"maker": "NVlabs/edm 008a4e5, torch %s" % torch.__version__.split("+")[0], "runs": runs}, f, sort_keys=True, separators=(",", ":"))
    f.write("\n")
