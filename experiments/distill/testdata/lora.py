"""Compares one step of a saved student with its teacher and the LoRA beside the student, all in diffusers: prints the largest difference
and the largest value of the latents.

    python lora.py TEACHER STUDENT, with the packages of latent/testdata/requirements.txt
"""
import sys

import torch
from diffusers import DiffusionPipeline

teacher, student = sys.argv[1:]


def draw(pipe):
    pipe.set_progress_bar_config(disable=True)
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    return pipe("a fox", latents=latents, output_type="latent", height=16, width=16, num_inference_steps=1, guidance_scale=0.0).images


whole = DiffusionPipeline.from_pretrained(student)
adapted = DiffusionPipeline.from_pretrained(teacher, variant="fp16", torch_dtype=torch.float32)
adapted.scheduler = whole.scheduler
adapted.load_lora_weights(student)
x, y = draw(whole), draw(adapted)
print((x - y).abs().max().item(), x.abs().max().item())
