"""Makes models of full size with random weights, as diffusers saves them, and what its pipeline draws with them in one step of 512×512 pixels.

Made with torch 2.15.0, diffusers 0.35.2, transformers 4.57.3, open_clip_torch 2.24.0 (for CLIP's vocabulary), numpy 2.4.6:
    python fullsize.py FOLDER sd15 sd21 xl
    ADDLAB_FULLSIZE=FOLDER go test ./latent -run FullSize -v -timeout 2h

sd15 takes 4.3 GB of disk, sd21 5.2 GB, xl 7 GB (in half precision) and four times as much memory.
"""
import gzip
import json
import os
import sys

import open_clip
import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionPipeline, StableDiffusionXLPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

PROMPT, SIDE = "a photo of a fox, 35mm", 64


def tokenizer(pad):
    folder = os.path.join(sys.argv[1], "vocabulary")
    os.makedirs(folder, exist_ok=True)
    with gzip.open(os.path.join(os.path.dirname(open_clip.__file__), "bpe_simple_vocab_16e6.txt.gz"), "rt") as f:
        merges = f.read().split("\n")[1 : 49152 - 256 - 2 + 1]
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = [chr(b) for b in printable] + [chr(256 + i) for i in range(256 - len(printable))]
    pieces = letters + [c + "</w>" for c in letters] + [m.replace(" ", "") for m in merges] + ["<|startoftext|>", "<|endoftext|>"]
    with open(os.path.join(folder, "vocab.json"), "w") as f:
        json.dump({p: i for i, p in enumerate(pieces)}, f)
    with open(os.path.join(folder, "merges.txt"), "w") as f:
        f.write("#version: 0.2\n" + "\n".join(merges) + "\n")
    return CLIPTokenizer(os.path.join(folder, "vocab.json"), os.path.join(folder, "merges.txt"), model_max_length=77, pad_token=pad)


def text(kind, width, layers, heads, **more):
    return kind(CLIPTextConfig(hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers, num_attention_heads=heads,
                               bos_token_id=49406, eos_token_id=49407, **more)).eval()


def vae():
    blocks = dict(down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4)
    return AutoencoderKL(block_out_channels=[128, 256, 512, 512], layers_per_block=2, sample_size=512, **blocks).eval()


common = lambda: dict(vae=vae(), scheduler=EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="trailing"))
plain = dict(safety_checker=None, feature_extractor=None, requires_safety_checker=False)
clip = lambda: text(CLIPTextModel, 768, 12, 12)


def sd15():
    return StableDiffusionPipeline(text_encoder=clip(), tokenizer=tokenizer("<|endoftext|>"),
                                   unet=UNet2DConditionModel(sample_size=64, cross_attention_dim=768).eval(), **common(), **plain)


def sd21():
    unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=1024, attention_head_dim=[5, 10, 20, 20], use_linear_projection=True).eval()
    return StableDiffusionPipeline(text_encoder=text(CLIPTextModel, 1024, 23, 16, hidden_act="gelu"), tokenizer=tokenizer("!"), unet=unet, **common(), **plain)


def xl():
    unet = UNet2DConditionModel(
        sample_size=128, block_out_channels=[320, 640, 1280], down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"], cross_attention_dim=2048, attention_head_dim=[5, 10, 20],
        transformer_layers_per_block=[1, 2, 10], use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816).eval()
    second = text(CLIPTextModelWithProjection, 1280, 32, 20, hidden_act="gelu", projection_dim=1280)
    return StableDiffusionXLPipeline(text_encoder=clip(), text_encoder_2=second, tokenizer=tokenizer("<|endoftext|>"), tokenizer_2=tokenizer("!"), unet=unet, **common())


for name in sys.argv[2:]:
    torch.manual_seed(1)
    pipe = {"sd15": sd15, "sd21": sd21, "xl": xl}[name]()
    folder = os.path.join(sys.argv[1], name)
    if name == "xl":
        pipe.to(dtype=torch.float16).save_pretrained(folder)
        pipe.to(dtype=torch.float32)
    else:
        pipe.save_pretrained(folder)
    latents = torch.randn(1, 4, SIDE, SIDE)
    x = pipe(PROMPT, latents=latents, output_type="latent", height=8 * SIDE, width=8 * SIDE, num_inference_steps=1, guidance_scale=0.0).images
    with torch.no_grad():
        picture = pipe.vae.decode(x / pipe.vae.config.scaling_factor).sample
    flat = lambda t: t.permute(0, 2, 3, 1).contiguous().flatten().tolist()
    with open(os.path.join(folder, "want.json"), "w") as f:
        json.dump({"prompt": PROMPT, "latents": flat(latents), "picture": flat(picture)}, f)
    print(name, "done", flush=True)
    del pipe
