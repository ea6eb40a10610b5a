"""Writes schedulers.json: the states that diffusers' schedulers pass through with a denoiser of one line, Stable Diffusion's schedule and
timesteps from 1000 down in equal steps ("trailing").

    python3 -m venv /tmp/schedulers && /tmp/schedulers/bin/pip install torch==2.15.0 diffusers==0.42.1 numpy==2.4.6
    /tmp/schedulers/bin/python schedulers.py

States are x = α·x̄ where a scheduler keeps x̄ = x/α. UniPC's and DPM-Solver++'s σ/α is set in double precision; the schedulers would round
it to single. Euler's schedulers compute in single precision whatever they are given.
"""
import json

import diffusers
import numpy as np
import torch
from diffusers.schedulers import scheduling_euler_ancestral_discrete as ancestral

torch.set_default_dtype(torch.float64)
START = [[0.8, -1.3]]  # a batch of one
BETAS = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
ALPHA_BAR = np.cumprod(1 - BETAS)


def denoise(x, t):
    """x̂₀ of the state x at time t in (0,1]."""
    return torch.tanh(1.5 * x - 0.4 + t)


def noise(step):
    """Stands for the normal values of a step."""
    return torch.tensor([[np.sin(3 * step + 1), np.cos(5 * step + 2)]])


def run(kind, steps, **config):
    scheduler = kind(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="trailing", **config)
    scheduler.set_timesteps(steps)
    index = scheduler.timesteps.long().numpy()
    assert (index == 1000 - 1000 // steps * np.arange(steps) - 1).all(), index
    euler = "Euler" in kind.__name__
    if not euler:
        scheduler.sigmas = torch.tensor(np.append(np.sqrt((1 - ALPHA_BAR[index]) / ALPHA_BAR[index]), 0))
    x, states = torch.tensor(START), []
    if euler:
        x = x / np.sqrt(ALPHA_BAR[index[0]])
    for step, i in enumerate(index):
        alpha, sigma = np.sqrt(ALPHA_BAR[i]), np.sqrt(1 - ALPHA_BAR[i])
        model_input = scheduler.scale_model_input(x, scheduler.timesteps[step])
        states.append(model_input[0].tolist())
        output = denoise(model_input, (i + 1) / 1000)
        if scheduler.config.prediction_type == "epsilon":
            output = (model_input - alpha * output) / sigma
        ancestral.randn_tensor = lambda *args, **kwargs: noise(step)
        x = scheduler.step(output, scheduler.timesteps[step], x).prev_sample
    return states + [x[0].tolist()]


schedulers = {
    "dpmpp2m": (diffusers.DPMSolverMultistepScheduler, dict(prediction_type="sample", final_sigmas_type="zero")),
    "unipc": (diffusers.UniPCMultistepScheduler, dict(prediction_type="sample")),
    "euler": (diffusers.EulerDiscreteScheduler, dict(prediction_type="sample")),
    "euler-ancestral": (diffusers.EulerAncestralDiscreteScheduler, dict(prediction_type="epsilon")),
}
runs = {name: {str(steps): run(kind, steps, **config) for steps in (1, 2, 5, 20)} for name, (kind, config) in schedulers.items()}
with open("schedulers.json", "w") as f:
    json.dump({"made by": f"schedulers.py, diffusers {diffusers.__version__}, torch {torch.__version__}", "runs": runs}, f, indent=None, separators=(",", ":"))
    f.write("\n")
