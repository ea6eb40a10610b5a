"""Writes sd.zip and xl.zip, small random models in the layout of Stable Diffusion and Stable Diffusion XL as diffusers saves them, and
pictures.json, what its pipelines draw with them from given latents.

    pip install torch==2.15.0 diffusers==0.35.2 transformers==4.57.3 numpy==2.4.6
    python folders.py

transformers 4 writes the tokenizer's files that published models have. sd holds a variant fp16, xl its U-Net in two shards.
"""
import json
import os
import shutil
import zipfile

import diffusers
import numpy as np
import torch
import transformers
from diffusers import (AutoencoderKL, DPMSolverMultistepScheduler, EulerDiscreteScheduler, LatentConsistencyModelPipeline, LCMScheduler, PNDMScheduler, StableDiffusionPipeline,
                       StableDiffusionXLPipeline, UNet2DConditionModel)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

torch.manual_seed(1)
WORDS = "../../network/tokenizer/testdata/transformers"
NOISE = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
PROMPTS = ["a photo of a fox", "a red tail!"]


def values(n, k):
    """n values in [-1,1): an integer hash of position and k."""
    m = np.uint64(0xFFFFFFFF)
    x = (np.arange(n, dtype=np.uint64) * np.uint64(374761393) + np.uint64(k * 668265263)) & m
    x = ((x ^ (x >> np.uint64(13))) * np.uint64(1274126177)) & m
    x ^= x >> np.uint64(16)
    return x.astype(np.float64) / 2**31 - 1


def tokenizer(pad):
    return CLIPTokenizer(WORDS + "/vocab.json", WORDS + "/merges.txt", model_max_length=20, pad_token=pad)


def text(model, **more):
    config = dict(vocab_size=531, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=20,
                  bos_token_id=529, eos_token_id=530)
    return model(CLIPTextConfig(**dict(config, **more)))


def loud(model):
    """Weights at which a picture depends on all parts."""
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() > 1:
                p.normal_(0, 1.2 / p[0].numel() ** 0.5)
            elif p.dim() == 1:
                p.add_(0.1 * torch.randn_like(p))
    return model.eval()


def vae(scale):
    return loud(AutoencoderKL(block_out_channels=[8, 16], down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
                              norm_num_groups=4, layers_per_block=1, sample_size=16, scaling_factor=scale))


def latents(n, side, k=1):
    x = 1.7 * values(n * side * side * 4, k).reshape(n, side, side, 4)
    return torch.from_numpy(x.astype(np.float32)).permute(0, 3, 1, 2)


def draw(pipe, side=8, **call):
    """Flat pictures [n,S,S,3], not clipped."""
    prompts = PROMPTS
    x = pipe(prompts, latents=latents(len(prompts), side), output_type="latent", height=2 * side, width=2 * side, **call).images
    with torch.no_grad():
        y = pipe.vae.decode(x / pipe.vae.config.scaling_factor).sample.permute(0, 2, 3, 1)
    return [float("%.6g" % v) for v in y.contiguous().flatten().tolist()]


shutil.rmtree("sd", ignore_errors=True)
shutil.rmtree("xl", ignore_errors=True)
turbo = lambda: EulerDiscreteScheduler(**NOISE, timestep_spacing="trailing")
unet = dict(sample_size=8, block_out_channels=[16, 24], layers_per_block=1, norm_num_groups=8, attention_head_dim=[2, 4])

StableDiffusionPipeline(
    vae=vae(0.18215), text_encoder=loud(text(CLIPTextModel, hidden_act="gelu")), tokenizer=tokenizer("!"), scheduler=turbo(), safety_checker=None,
    feature_extractor=None, requires_safety_checker=False,
    unet=loud(UNet2DConditionModel(**unet, cross_attention_dim=16, use_linear_projection=True, down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"],
                                   up_block_types=["UpBlock2D", "CrossAttnUpBlock2D"])),
).to(dtype=torch.float16).save_pretrained("sd", variant="fp16")

xl = StableDiffusionXLPipeline(
    vae=vae(0.13025), text_encoder=loud(text(CLIPTextModel)), tokenizer=tokenizer("<|endoftext|>"),
    text_encoder_2=loud(text(CLIPTextModelWithProjection, hidden_act="gelu", hidden_size=24, projection_dim=12)), tokenizer_2=tokenizer("!"),
    scheduler=turbo(),
    unet=loud(UNet2DConditionModel(**unet, cross_attention_dim=40, use_linear_projection=True, down_block_types=["DownBlock2D", "CrossAttnDownBlock2D"],
                                   up_block_types=["CrossAttnUpBlock2D", "UpBlock2D"], transformer_layers_per_block=[1, 2],
                                   addition_embed_type="text_time", addition_time_embed_dim=8, projection_class_embeddings_input_dim=60)),
).to(dtype=torch.float16)
xl.save_pretrained("xl")
shutil.rmtree("xl/unet")
xl.unet.save_pretrained("xl/unet", max_shard_size="200KB")

pictures = {}
for name, kind, variant in (("sd", StableDiffusionPipeline, "fp16"), ("xl", StableDiffusionXLPipeline, None)):
    pipe = kind.from_pretrained(name, variant=variant, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    pictures[name] = {
        "turbo 1": draw(pipe, num_inference_steps=1, guidance_scale=0.0),
        "turbo 4": draw(pipe, num_inference_steps=4, guidance_scale=0.0),
    }
    if name == "sd":  # of the offset 0 in the file the pipeline makes 1
        pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config, timestep_spacing="leading")
        pictures[name]["leading 3"] = draw(pipe, num_inference_steps=3, guidance_scale=0.0)
        pipe.scheduler = PNDMScheduler.from_config(pipe.scheduler.config, timestep_spacing="trailing", skip_prk_steps=True)
        pictures[name]["pndm 6"] = draw(pipe, num_inference_steps=6, guidance_scale=0.0)
        pipe.scheduler = turbo()
    pipe.scheduler = DPMSolverMultistepScheduler.from_config(pipe.scheduler.config)
    pictures[name]["guided 5"] = draw(pipe, num_inference_steps=5, guidance_scale=4.0)
    pictures[name]["negative 5"] = draw(pipe, num_inference_steps=5, guidance_scale=4.0, negative_prompt=["fox"] * len(PROMPTS))
# sd as a latent consistency model: its U-Net reads guidance through weights that the test makes too.
from diffusers.schedulers import scheduling_lcm

parts = StableDiffusionPipeline.from_pretrained("sd", variant="fp16", torch_dtype=torch.float32).components
reading = UNet2DConditionModel.from_config(dict(parts["unet"].config, time_cond_proj_dim=8)).eval()
reading.load_state_dict(dict(parts["unet"].state_dict(), **{"time_embedding.cond_proj.weight": torch.from_numpy(values(16 * 8, 9).astype(np.float32).reshape(16, 8))}))
pipe = LatentConsistencyModelPipeline(**dict(parts, unet=reading, scheduler=LCMScheduler()), requires_safety_checker=False)
pipe.set_progress_bar_config(disable=True)
calls = iter(range(2, 9))
scheduling_lcm.randn_tensor = lambda shape, **kwargs: latents(shape[0], shape[2], next(calls))
pictures["sd"]["lcm 3"] = draw(pipe, num_inference_steps=3, guidance_scale=8.5)

maker = "torch %s, diffusers %s, transformers %s" % (torch.__version__.split("+")[0], diffusers.__version__, transformers.__version__)
with open("pictures.json", "w") as f:
    json.dump(dict(pictures, maker=maker), f, sort_keys=True, separators=(",", ":"))
    f.write("\n")

for name in ("sd", "xl"):
    with zipfile.ZipFile(name + ".zip", "w", zipfile.ZIP_DEFLATED) as z:
        for folder, _, files in sorted(os.walk(name)):
            for file in sorted(files):
                z.write(os.path.join(folder, file), os.path.relpath(os.path.join(folder, file), name))
    shutil.rmtree(name)
