"""Prints the picture that diffusers draws for "a fox" from latents given as JSON, channels last.

    python draw.py FOLDER SCHEDULER STEPS LATENTS, with the packages of requirements.txt
"""
import json
import sys

import torch
from diffusers import DiffusionPipeline

folder, scheduler, steps, latents = sys.argv[1:]
pipe = DiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
assert type(pipe.scheduler).__name__ == scheduler, pipe.scheduler
pipe.set_progress_bar_config(disable=True)
latents = torch.tensor(json.loads(latents)).reshape(1, 8, 8, 4).permute(0, 3, 1, 2)
x = pipe("a fox", latents=latents, output_type="latent", height=16, width=16, num_inference_steps=int(steps), guidance_scale=0.0).images
with torch.no_grad():
    y = pipe.vae.decode(x / pipe.vae.config.scaling_factor).sample
print(json.dumps(y.permute(0, 2, 3, 1).contiguous().flatten().tolist()))
