"""Draws pictures for captions with a small U-Net that diffuses pixels, in the steps that its sampler was planned for.

    pipe = DiffusionPipeline.from_pretrained(FOLDER, trust_remote_code=True)
    pipe("a green star", num_inference_steps=1).images[0]

The U-Net sees pictures after pixel_unshuffle by `patch`, and the pooled caption as class_labels. `plans` has the calls of the U-Net for every
possible number of steps: x ← x·call.x + output·call.network + noise·call.noise.
"""
import torch
import torch.nn.functional as F
from diffusers import DiffusionPipeline, ImagePipelineOutput
from diffusers.utils.torch_utils import randn_tensor


class PixelPipeline(DiffusionPipeline):
    def __init__(self, unet, text_encoder, tokenizer, patch=1, plans=None):
        super().__init__()
        self.register_modules(unet=unet, text_encoder=text_encoder, tokenizer=tokenizer)
        self.register_to_config(patch=patch, plans=plans)

    @torch.no_grad()
    def __call__(self, prompt, num_inference_steps=1, num_images_per_prompt=1, generator=None, latents=None, output_type="pil", return_dict=True):
        """Draws num_images_per_prompt pictures for each prompt, a string or a list. latents [B,3,S,S] are the noise to begin with; without them it
        comes of generator. output_type is "pil", "np" [B,S,S,3] or "pt" [B,3,S,S] in 0…1, or "latent": [B,3,S,S], about in −1…1, not clipped.
        """
        plan = self.config.plans.get(str(num_inference_steps))
        if plan is None:
            raise ValueError(f"num_inference_steps = {num_inference_steps}, want one of {', '.join(sorted(self.config.plans, key=int))}")
        if output_type not in ("pil", "np", "pt", "latent"):
            raise ValueError(f'output_type = "{output_type}", want "pil", "np", "pt" or "latent"')
        prompts = [p for p in ([prompt] if isinstance(prompt, str) else prompt) for _ in range(num_images_per_prompt)]
        device, dtype, patch = self._execution_device, self.unet.dtype, self.config.patch
        side = self.unet.config.sample_size * patch
        shape = (len(prompts), self.unet.config.in_channels // patch**2, side, side)
        if latents is not None and latents.shape != shape:
            raise ValueError(f"latents are {list(latents.shape)}, want {list(shape)}")

        def noise():
            return randn_tensor(shape, generator=generator, device=device, dtype=dtype)

        ids = self.tokenizer(prompts, padding="max_length", truncation=True, return_tensors="pt").input_ids
        text = self.text_encoder(ids.to(device))
        tokens, pooled = text.last_hidden_state.to(dtype), text.text_embeds.to(dtype)
        x = noise() if latents is None else latents.to(device, dtype)
        for call in self.progress_bar(plan):
            output = self.unet(F.pixel_unshuffle(x, patch), call["timestep"], tokens, class_labels=pooled).sample
            x = call["x"] * x + call["network"] * F.pixel_shuffle(output, patch)
            if call["noise"]:
                x = x + call["noise"] * noise()

        if output_type != "latent":
            x = (x / 2 + 0.5).clamp(0, 1)
        if output_type in ("pil", "np"):
            x = x.permute(0, 2, 3, 1).float().cpu().numpy()
        if output_type == "pil":
            x = self.numpy_to_pil(x)
        self.maybe_free_model_hooks()
        return ImagePipelineOutput(images=x) if return_dict else (x,)
