"""The networks of the training steps in PyTorch, and DiffAugment: torch_steps.py goes on from here."""
import math

import torch
import torch.nn.functional as F
from torch import nn


class ResBlock(nn.Module):
    def __init__(self, inp, out, emb, groups):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(groups, inp), nn.Conv2d(inp, out, 3, padding=1)
        self.proj = nn.Linear(emb, out)
        self.norm2, self.conv2 = nn.GroupNorm(groups, out), nn.Conv2d(out, out, 3, padding=1)
        self.shortcut = nn.Conv2d(inp, out, 1) if inp != out else nn.Identity()

    def forward(self, x, emb):
        h = self.conv1(F.silu(self.norm1(x))) + self.proj(emb)[:, :, None, None]
        return self.shortcut(x) + self.conv2(F.silu(self.norm2(h)))


class Attention(nn.Module):
    def __init__(self, width, context, heads, bias=(False, False, False)):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v = (nn.Linear(n, width, bias=b) for n, b in zip((width, context, context), bias))
        self.out = nn.Linear(width, width)

    def forward(self, x, context, causal=False):
        q, k, v = (p(y).unflatten(2, (self.heads, -1)).transpose(1, 2) for p, y in ((self.q, x), (self.k, context), (self.v, context)))
        return self.out(F.scaled_dot_product_attention(q, k, v, is_causal=causal).transpose(1, 2).flatten(2))


class Transformer(nn.Module):
    """A level's transformer: self-attention, attention to the text, gated feed-forward layer."""

    def __init__(self, width, context, heads, groups):
        super().__init__()
        self.norm, self.proj_in, self.proj_out = nn.GroupNorm(groups, width, eps=1e-6), nn.Linear(width, width), nn.Linear(width, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.self_attention, self.cross_attention = Attention(width, width, heads), Attention(width, context, heads)
        self.gate, self.down = nn.Linear(width, 8 * width), nn.Linear(4 * width, width)

    def forward(self, x, tokens):
        y = self.proj_in(self.norm(x).flatten(2).transpose(1, 2))
        n = self.norms[0](y)
        y = y + self.self_attention(n, n)
        y = y + self.cross_attention(self.norms[1](y), tokens)
        value, gate = self.gate(self.norms[2](y)).chunk(2, 2)
        y = y + self.down(value * F.gelu(gate))
        return x + self.proj_out(y).transpose(1, 2).unflatten(2, x.shape[2:])


class UNet(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.widths, self.stem, groups = c["block_out_channels"], c["stem"], c["norm_num_groups"]
        self.cross, w = c["cross_attention"], self.widths
        emb = 4 * w[0]
        self.time = nn.Sequential(nn.Linear(w[0], emb), nn.SiLU(), nn.Linear(emb, emb))
        self.pooled = nn.Sequential(nn.Linear(c["pooled_dim"], emb), nn.SiLU(), nn.Linear(emb, emb))
        self.conv_in = nn.Conv2d(c["in_channels"] * self.stem**2, w[0], 3, padding=1)

        def transformer(i):
            return Transformer(w[i], c["cross_attention_dim"], c["heads"][i], groups) if self.cross[i] else None

        def layer(inp, i):
            return nn.ModuleDict({k: v for k, v in (("res", ResBlock(inp, w[i], emb, groups)), ("attn", transformer(i))) if v is not None})

        skips, now = [w[0]], w[0]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for i in range(len(w)):
            block = nn.ModuleList()
            for _ in range(c["layers_per_block"]):
                block.append(layer(now, i))
                now = w[i]
                skips.append(now)
            if i < len(w) - 1:
                skips.append(now)
            self.down.append(block)
        last = len(w) - 1
        self.mid1, self.mid2 = ResBlock(now, now, emb, groups), ResBlock(now, now, emb, groups)
        self.mid_attn = Transformer(now, c["cross_attention_dim"], c["heads"][last], groups)
        for i in reversed(range(len(w))):
            block = nn.ModuleList()
            for _ in range(c["layers_per_block"] + 1):
                block.append(layer(now + skips.pop(), i))
                now = w[i]
            self.up.append(block)
        self.norm_out, self.conv_out = nn.GroupNorm(groups, w[0]), nn.Conv2d(w[0], c["out_channels"] * self.stem**2, 3, padding=1)

    def forward(self, x, timestep, tokens, pooled):
        half = self.widths[0] // 2
        angles = timestep[:, None] * torch.exp(-math.log(10000) * torch.arange(half) / half)
        emb = F.silu(self.time(torch.cat([angles.cos(), angles.sin()], 1)) + self.pooled(pooled))

        def run(layer, h):
            h = layer["res"](h, emb)
            return layer["attn"](h, tokens) if "attn" in layer else h

        h = self.conv_in(F.pixel_unshuffle(x, self.stem))
        skips = [h]
        for i, block in enumerate(self.down):
            for layer in block:
                h = run(layer, h)
                skips.append(h)
            if i < len(self.down) - 1:
                h = F.avg_pool2d(h, 2)
                skips.append(h)
        h = self.mid2(self.mid_attn(self.mid1(h, emb), tokens), emb)
        for i, block in enumerate(self.up):
            for layer in block:
                h = run(layer, torch.cat([h, skips.pop()], 1))
            if i < len(self.up) - 1:
                h = F.interpolate(h, scale_factor=2)
        return F.pixel_shuffle(self.conv_out(F.silu(self.norm_out(h))), self.stem)


class Text(nn.Module):
    def __init__(self, c):
        super().__init__()
        w = c["hidden_size"]
        self.embed, self.position = nn.Embedding(c["vocab_size"], w), nn.Parameter(torch.zeros(c["max_position_embeddings"], w))
        self.layers = nn.ModuleList(
            nn.ModuleDict({"n1": nn.LayerNorm(w), "attn": Attention(w, w, c["num_attention_heads"], (True, False, True)), "n2": nn.LayerNorm(w),
                           "mlp": nn.Sequential(nn.Linear(w, 4 * w), nn.GELU(), nn.Linear(4 * w, w))}) for _ in range(c["num_hidden_layers"]))
        self.norm, self.project, self.end = nn.LayerNorm(w), nn.Linear(w, c["projection_dim"], bias=False), c["eos_token_id"]

    def forward(self, ids):
        h = self.embed(ids) + self.position
        for layer in self.layers:
            n = layer["n1"](h)
            h = h + layer["attn"](n, n, causal=True)
            h = h + layer["mlp"](layer["n2"](h))
        tokens = self.norm(h)
        return tokens, self.project(tokens[torch.arange(len(ids)), (ids == self.end).int().argmax(1)])


class ViT(nn.Module):
    """The feature network with its convolutional stem; forward gives the taps."""

    def __init__(self, c):
        super().__init__()
        w, patch, n = c["embed_dim"], c["patch_size"], (c["image_size"] // c["patch_size"]) ** 2
        self.heads, stem, size, inp = c["num_heads"], [], 2, 3
        while True:
            out = max(w * size // patch, 32)
            stem += [nn.PixelUnshuffle(2), nn.Conv2d(4 * inp, out, 3, padding=1), nn.GroupNorm(8, out), nn.SiLU()]
            if size == patch:
                break
            size, inp = 2 * size, out
        self.stem = nn.Sequential(*stem, nn.Conv2d(out, w, 1))
        self.mask, self.cls, self.position = nn.Parameter(torch.zeros(1, w)), nn.Parameter(torch.zeros(1, 1, w)), nn.Parameter(torch.zeros(1, n + 1, w))
        self.blocks = nn.ModuleList(
            nn.ModuleDict({"n1": nn.LayerNorm(w, eps=1e-6), "attn": Attention(w, w, self.heads), "n2": nn.LayerNorm(w, eps=1e-6),
                           "mlp": nn.Sequential(nn.Linear(w, 4 * w), nn.GELU(), nn.Linear(4 * w, w))}) for _ in range(c["depth"]))
        self.norm = nn.LayerNorm(w, eps=1e-6)

    def forward(self, x):
        h = self.stem(x).flatten(2).transpose(1, 2)
        h = torch.cat([self.cls.expand(len(h), -1, -1), h], 1) + self.position
        taps = [h]
        for b in self.blocks:
            n = b["n1"](h)
            h = h + b["attn"](n, n)
            h = h + b["mlp"](b["n2"](h))
            taps.append(h)
        return taps, self.norm(h)[:, 0]


class Head(nn.Module):
    def __init__(self, w, condition, c):
        super().__init__()
        sn = nn.utils.parametrizations.spectral_norm
        self.group, self.pad = c["norm_group"], c["kernel"] // 2
        self.point, self.ring = sn(nn.Conv1d(w, w, 1, bias=False)), sn(nn.Conv1d(w, w, c["kernel"], bias=False))
        self.scales, self.biases = nn.Parameter(torch.ones(2, w)), nn.Parameter(torch.zeros(2, w))
        self.out, self.cond = sn(nn.Conv1d(w, c["map_dim"], 1)), nn.Linear(condition, c["map_dim"])

    def block(self, x, conv, i, pad):
        x = conv(F.pad(x, (pad, pad), mode="circular") if pad else x)  # [B,C,T]
        b, ch, t = x.shape
        g = x.reshape(-1, math.gcd(b, self.group), ch, t)
        g = (g - g.mean((1, 3), keepdim=True)) / (g.var((1, 3), unbiased=False, keepdim=True) + 1e-5).sqrt()
        return F.leaky_relu(g.reshape(b, ch, t) * self.scales[i][:, None] + self.biases[i][:, None], 0.2)

    def forward(self, tokens, cond):
        x = self.block(tokens.transpose(1, 2), self.point, 0, 0)
        x = (self.block(x, self.ring, 1, self.pad) + x) / math.sqrt(2)
        cmap = self.cond(cond)
        return (self.out(x) * cmap[:, :, None]).sum(1) / math.sqrt(cmap.shape[1])


def augment(x):
    """DiffAugment: colour, translation, cutout."""
    b, _, h, w = x.shape
    u = lambda lo, hi: torch.rand(b, 1, 1, 1) * (hi - lo) + lo
    x = x + u(-0.5, 0.5)
    m = x.mean(1, keepdim=True)
    x = (x - m) * u(0, 2) + m
    m = x.mean((1, 2, 3), keepdim=True)
    x = (x - m) * u(0.5, 1.5) + m
    rows = torch.arange(h)[None] + torch.randint(-(h // 8), h // 8 + 1, (b, 1)) + 1
    cols = torch.arange(w)[None] + torch.randint(-(w // 8), w // 8 + 1, (b, 1)) + 1
    padded = F.pad(x, (1, 1, 1, 1)).permute(0, 2, 3, 1)
    x = padded[torch.arange(b)[:, None, None], rows.clamp(0, h + 1)[:, :, None], cols.clamp(0, w + 1)[:, None, :]].permute(0, 3, 1, 2)
    side = int(0.2 * h + 0.5)
    top, left = torch.randint(-(side // 2), h - side // 2 + 1, (2, b, 1))
    inside = lambda n, start: (torch.arange(n)[None] >= start) & (torch.arange(n)[None] < start + side)
    return x * ~(inside(h, top)[:, None, :, None] & inside(w, left)[:, None, None, :])
