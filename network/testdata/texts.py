"""Writes texts.json: small text towers like those of Stable Diffusion 1.5 (CLIP-L), 2.1 (OpenCLIP-H) and XL (OpenCLIP bigG), their states
and gradients by transformers. unets.py names the versions.

    /tmp/golden/bin/python texts.py
"""
import torch
from golden import golden, write
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection


def config(model, **more):
    return model(CLIPTextConfig(vocab_size=30, hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4,
                                max_position_embeddings=8, architectures=[model.__name__], **more))


def output(model, ids):
    """The states after the final norm and those that enter the last layer, and the pooled one, behind each other."""
    y = model(ids, output_hidden_states=True)
    pooled = y.text_embeds if "text_embeds" in y else y.pooler_output
    return torch.cat([t.flatten() for t in (y.last_hidden_state, y.hidden_states[-2], pooled)])


# Padding by the end token as CLIP-L's, by 0 as the others'.
padded = {"ids": torch.tensor([[28, 5, 7, 29, 29, 29, 29, 29], [28, 3, 9, 11, 4, 4, 8, 29]])}
zeros = {"ids": torch.tensor([[28, 5, 7, 29, 0, 0, 0, 0], [28, 3, 9, 11, 4, 4, 8, 29]])}
layer = "encoder.layers.%d.self_attn.%s_proj.bias"
weights = [layer % (0, "q"), layer % (1, "v"), "encoder.layers.0.mlp.fc1.bias", "embeddings.position_embedding.weight"]
write("texts.json", {
    "clip-l": golden(config(CLIPTextModel, eos_token_id=2, bos_token_id=0), output, padded, weights),
    "openclip-h": golden(config(CLIPTextModel, hidden_act="gelu", eos_token_id=2, bos_token_id=0), output, zeros, weights),
    "openclip-bigg": golden(config(CLIPTextModelWithProjection, hidden_act="gelu", projection_dim=20, eos_token_id=29, bos_token_id=28), output, zeros,
                            ["text_model." + name for name in weights] + ["text_projection.weight"]),
})
