"""Writes unets.json: small U-Nets built like those of Stable Diffusion 1.5, 2.1 and XL, their outputs and gradients by diffusers.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install torch==2.15.0 diffusers==0.42.1 transformers==5.24.0 numpy==2.4.6
    /tmp/golden/bin/python unets.py
"""
import torch
from diffusers import LatentConsistencyModelPipeline, UNet2DConditionModel
from filled import tensor
from golden import golden, write

cross, plain = ("CrossAttnDownBlock2D", "CrossAttnUpBlock2D"), ("DownBlock2D", "UpBlock2D")


def unet(blocks, **config):
    return UNet2DConditionModel(sample_size=8, down_block_types=[b[0] for b in blocks], up_block_types=[b[1] for b in reversed(blocks)],
                                cross_attention_dim=12, norm_num_groups=16, **config)


def guidance(model):
    """How the pipeline of latent consistency models embeds the weights 1.5 and 8.5."""
    embed = LatentConsistencyModelPipeline.get_guidance_scale_embedding
    return embed(None, torch.tensor([0.5, 7.5]), embedding_dim=model.config.time_cond_proj_dim) if model.config.time_cond_proj_dim else None


def output(model, x, tokens, pooled=None):
    added = None if pooled is None else {"text_embeds": pooled[:, :-6], "time_ids": pooled[:, -6:]}
    y = model(x.permute(0, 3, 1, 2), torch.tensor([7.0, 999.0]), encoder_hidden_states=tokens, timestep_cond=guidance(model), added_cond_kwargs=added).sample
    return y.permute(0, 2, 3, 1)


inputs = lambda: {"x": tensor(1001, 2, 8, 8, 4), "tokens": tensor(1002, 2, 5, 12)}
pooled = tensor(1003, 2, 26)
pooled[:, -6:] = torch.tensor([[512.0, 640, 0, 16, 512, 512], [1024, 1024, 32, 0, 1024, 768]])
weights = ["conv_in.bias", "conv_out.weight", "time_embedding.linear_1.bias", "down_blocks.0.downsamplers.0.conv.bias", "mid_block.resnets.0.norm1.weight",
           "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight", "up_blocks.0.attentions.0.proj_out.bias"]
write("unets.json", {
    "sd15": golden(unet([cross, cross, plain], block_out_channels=[32, 32, 64], layers_per_block=1, attention_head_dim=8), output, inputs(),
                   weights[:-1] + ["up_blocks.1.attentions.0.proj_out.bias"]),
    "sd21": golden(unet([cross, plain], block_out_channels=[32, 64], layers_per_block=2, attention_head_dim=[2, 4], use_linear_projection=True),
                   output, inputs(), weights[:-1] + ["up_blocks.1.attentions.0.proj_out.bias"]),
    "lcm": golden(unet([plain, cross], block_out_channels=[32, 48], layers_per_block=1, attention_head_dim=4, time_cond_proj_dim=10), output, inputs(),
                  ["time_embedding.linear_1.bias", "time_embedding.cond_proj.weight"]),
    "xl": golden(unet([plain, cross, cross], block_out_channels=[32, 32, 64], layers_per_block=1, attention_head_dim=[2, 4, 8],
                      transformer_layers_per_block=[1, 1, 2], use_linear_projection=True, addition_embed_type="text_time",
                      addition_time_embed_dim=8, projection_class_embeddings_input_dim=68),
                 output, dict(inputs(), pooled=pooled), weights + ["add_embedding.linear_1.bias"]),
})
