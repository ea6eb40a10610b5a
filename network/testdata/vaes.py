"""Writes vaes.json: a small autoencoder like Stable Diffusion's and one without quantising convolutions and attention, their latents,
pictures and gradients by diffusers. unets.py names the versions.

    /tmp/golden/bin/python vaes.py
"""
import torch
from diffusers import AutoencoderKL
from filled import tensor
from golden import golden, write


def vae(levels, **config):
    return AutoencoderKL(down_block_types=["DownEncoderBlock2D"] * levels, up_block_types=["UpDecoderBlock2D"] * levels, **config)


def output(model, x, z):
    """Mean and logarithm of the variance of a picture's latents, and the picture of other latents, behind each other."""
    latent = model.encode(x.permute(0, 3, 1, 2)).latent_dist
    y = model.decode(z.permute(0, 3, 1, 2)).sample
    return torch.cat([t.permute(0, 2, 3, 1).flatten() for t in (latent.mean, latent.logvar, y)])


weights = ["encoder.conv_in.bias", "encoder.down_blocks.0.downsamplers.0.conv.bias", "encoder.mid_block.resnets.0.norm1.weight",
           "decoder.conv_out.weight", "decoder.up_blocks.0.upsamplers.0.conv.bias"]
inputs = lambda channels: {"x": tensor(1001, 2, 16, 8, 3), "z": tensor(1002, 2, 4, 4, channels)}
write("vaes.json", {
    "sd": golden(vae(3, block_out_channels=[32, 32, 64], layers_per_block=2, norm_num_groups=16), output, inputs(4),
                 weights + ["quant_conv.weight", "post_quant_conv.weight", "decoder.mid_block.attentions.0.to_q.bias"]),
    "plain": golden(vae(2, block_out_channels=[32, 48], layers_per_block=1, norm_num_groups=16, latent_channels=6, use_quant_conv=False,
                        use_post_quant_conv=False, mid_block_add_attention=False, scaling_factor=0.4, shift_factor=0.1),
                    output, inputs(6), weights),
})
