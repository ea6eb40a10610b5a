"""Writes published.json: the states that diffusers' schedulers pass through, each with its own scheduler_config.json, with a network of one line.

    pip install torch==2.15.0 diffusers==0.42.1 numpy==2.4.6
    python published.py

States are x = α·x̄ where a scheduler keeps x̄ = x/α: what the network sees.
"""
import json
import math

import diffusers
import torch
from diffusers import (DDIMScheduler, DPMSolverMultistepScheduler, EulerAncestralDiscreteScheduler, EulerDiscreteScheduler, LCMScheduler, PNDMScheduler,
                       UniPCMultistepScheduler)
from diffusers.schedulers import scheduling_euler_ancestral_discrete, scheduling_lcm

SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
START = [[0.8, -1.3]]  # a batch of one


def noise(step):
    """Stands for the normal values of a step."""
    return torch.tensor([[math.sin(3 * step + 1), math.cos(5 * step + 2)]], dtype=torch.float32)


def run(scheduler, steps):
    scheduler.set_timesteps(steps)
    x = torch.tensor(START) * scheduler.init_noise_sigma
    states, times = [], []
    for step, t in enumerate(scheduler.timesteps):
        seen = scheduler.scale_model_input(x, t)
        states.append(seen[0].tolist())
        times.append(float(t))
        output = torch.tanh(1.5 * seen - 0.4 + t / 1000)
        for module in (scheduling_euler_ancestral_discrete, scheduling_lcm):
            module.randn_tensor = lambda *args, **kwargs: noise(step)
        x = scheduler.step(output, t, x).prev_sample
    if "Euler" in type(scheduler).__name__:
        x = x / (1 + scheduler.sigmas[-1] ** 2) ** 0.5
    return {"times": times, "states": [[float("%.8g" % v) for v in s] for s in states + [x[0].tolist()]]}


leading, zero = dict(timestep_spacing="leading", steps_offset=1), dict(timestep_spacing="trailing", rescale_betas_zero_snr=True, prediction_type="v_prediction")
cases = {
    "ddim, Stable Diffusion 2.1": DDIMScheduler(**SD, **leading, clip_sample=False, set_alpha_to_one=False, prediction_type="v_prediction"),
    "ddim, trailing to pure noise": DDIMScheduler(**SD, **zero, clip_sample=False),
    "ddim, linspace, x0": DDIMScheduler(clip_sample=False, timestep_spacing="linspace", prediction_type="sample"),
    "dpm, linspace": DPMSolverMultistepScheduler(**SD),
    "dpm, leading to the first timestep": DPMSolverMultistepScheduler(**SD, **leading, final_sigmas_type="sigma_min", prediction_type="v_prediction"),
    "dpm, trailing to pure noise": DPMSolverMultistepScheduler(**SD, **zero),
    "dpm, first order last": DPMSolverMultistepScheduler(**SD, final_sigmas_type="sigma_min", euler_at_final=True, timestep_spacing="trailing"),
    "dpm, second order last": DPMSolverMultistepScheduler(**SD, final_sigmas_type="sigma_min", lower_order_final=False, timestep_spacing="trailing"),
    "unipc, linspace": UniPCMultistepScheduler(**SD),
    "unipc, leading to the first timestep": UniPCMultistepScheduler(**SD, **leading, final_sigmas_type="sigma_min", prediction_type="v_prediction"),
    "unipc, cosine, x0": UniPCMultistepScheduler(beta_schedule="squaredcos_cap_v2", timestep_spacing="trailing", prediction_type="sample"),
    "euler, turbo": EulerDiscreteScheduler(**SD, timestep_spacing="trailing"),
    "euler, SDXL": EulerDiscreteScheduler(**SD, **leading),
    "euler, linspace to the first timestep": EulerDiscreteScheduler(**SD, final_sigmas_type="sigma_min", prediction_type="sample"),
    "euler, trailing to pure noise": EulerDiscreteScheduler(**SD, **zero),
    "euler, Karras": EulerDiscreteScheduler(**SD, **leading, use_karras_sigmas=True),
    "dpm, Karras": DPMSolverMultistepScheduler(**SD, use_karras_sigmas=True, prediction_type="v_prediction"),
    "dpm, Karras to the first timestep": DPMSolverMultistepScheduler(**SD, **leading, use_karras_sigmas=True, final_sigmas_type="sigma_min"),
    "unipc, Karras": UniPCMultistepScheduler(**SD, use_karras_sigmas=True),
    "euler ancestral, turbo": EulerAncestralDiscreteScheduler(**SD, timestep_spacing="trailing"),
    "euler ancestral, linspace": EulerAncestralDiscreteScheduler(**SD, prediction_type="v_prediction"),
    "pndm, Stable Diffusion 1.5": PNDMScheduler(**SD, steps_offset=1, skip_prk_steps=True),
    "pndm, v, linspace": PNDMScheduler(**SD, timestep_spacing="linspace", prediction_type="v_prediction", set_alpha_to_one=True, skip_prk_steps=True),
    "pndm, cosine, trailing": PNDMScheduler(beta_schedule="squaredcos_cap_v2", timestep_spacing="trailing", skip_prk_steps=True),
    "lcm": LCMScheduler(),
    "lcm, v": LCMScheduler(original_inference_steps=100, prediction_type="v_prediction", timestep_scaling=0.001),
}


def steps(name):
    return range(1, 21) if name == "pndm, Stable Diffusion 1.5" else (1, 2, 4, 7, 20)


def table(name, scheduler):
    return {"config": scheduler.to_json_string(), "runs": {str(n): run(scheduler, n) for n in steps(name)}}


all = {name: table(name, scheduler) for name, scheduler in cases.items()}
# x̄ is 4096 times x at zero terminal SNR, and single precision, which the scheduler asks for by name, has 2e-4 of x there.
torch.float32, single = torch.float64, torch.float32
torch.set_default_dtype(torch.float64)
all["euler, trailing to pure noise"] = table("", EulerDiscreteScheduler(**SD, **zero))
torch.float32 = single

with open("published.json", "w") as f:
    json.dump({"maker": f"diffusers {diffusers.__version__}, torch {torch.__version__}", "cases": all}, f, separators=(",", ":"))
    f.write("\n")
