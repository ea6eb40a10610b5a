"""Prints the picture that diffusers draws with a folder in one step for "a fox" from the latents given as JSON, channels last.

    pip install torch==2.15.0 diffusers==0.35.2 transformers==4.57.3 numpy==2.4.6
"""
import json
import sys

import torch
from diffusers import DiffusionPipeline

pipe = DiffusionPipeline.from_pretrained(sys.argv[1], torch_dtype=torch.float32)
assert type(pipe.scheduler).__name__ == "EulerAncestralDiscreteScheduler", pipe.scheduler
pipe.set_progress_bar_config(disable=True)
latents = torch.tensor(json.loads(sys.argv[2])).reshape(1, 8, 8, 4).permute(0, 3, 1, 2)
x = pipe("a fox", latents=latents, output_type="latent", height=16, width=16, num_inference_steps=1, guidance_scale=0.0).images
with torch.no_grad():
    y = pipe.vae.decode(x / pipe.vae.config.scaling_factor).sample
print(json.dumps(y.permute(0, 2, 3, 1).contiguous().flatten().tolist()))
