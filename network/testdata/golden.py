"""What unets.py, vaes.py and texts.py share. Nothing is random: values(n, k) fills tensors by a formula that network/reference_test.go repeats."""
import json

import diffusers
import numpy as np
import torch
import transformers


def values(n, k):
    """n values in [-1,1): an integer hash of position and k."""
    m = np.uint64(0xFFFFFFFF)
    x = (np.arange(n, dtype=np.uint64) * np.uint64(374761393) + np.uint64(k * 668265263)) & m
    x = ((x ^ (x >> np.uint64(13))) * np.uint64(1274126177)) & m
    x ^= x >> np.uint64(16)
    return x.astype(np.float64) / 2**31 - 1


def tensor(k, *shape):
    return torch.from_numpy(values(int(np.prod(shape)), k).astype(np.float32).reshape(shape))


def fill(model):
    """Sets the k-th parameter in the order of names: matrices to ±√(3/fan-in), vectors to ±0.1, scales to 1 ± 0.1."""
    state = dict(model.named_parameters())
    with torch.no_grad():
        for k, name in enumerate(sorted(state)):
            shape = tuple(state[name].shape)
            v = values(int(np.prod(shape)), k) * (np.sqrt(3 / np.prod(shape[1:])) if len(shape) > 1 else 0.1)
            if len(shape) == 1 and name.endswith("weight"):
                v += 1
            state[name].copy_(torch.from_numpy(v.astype(np.float32).reshape(shape)))
    return {name: list(t.shape) for name, t in state.items()}


def flat(t):
    """Seven digits; maps [B,C,H,W] with the channels last."""
    t = t.detach()
    return [float("%.7g" % v) for v in t.contiguous().flatten().tolist()]


def golden(model, output, inputs, weights):
    """Shapes, config, output, and the gradients of half the sum of its squares with respect to inputs and some weights."""
    shapes = fill(model.eval())
    inputs = {name: t.requires_grad_() if t.is_floating_point() else t for name, t in inputs.items()}
    y = output(model, **inputs)
    (y.square().sum() / 2).backward()
    gradient = {name: flat(t.grad) for name, t in inputs.items() if t.is_floating_point()}
    state = dict(model.named_parameters())
    gradient.update({name: flat(state[name].grad) for name in weights})
    config = model.config.to_diff_dict() if hasattr(model.config, "to_diff_dict") else model.config
    config = {k: v for k, v in dict(config).items() if not k.startswith("_")}
    return {"config": config, "shapes": shapes, "output": {"y": flat(y)}, "gradient": gradient}


def write(file, models):
    maker = "torch %s, diffusers %s, transformers %s" % (torch.__version__.split("+")[0], diffusers.__version__, transformers.__version__)
    with open(file, "w") as f:
        json.dump(dict(models, maker=maker), f, sort_keys=True, separators=(",", ":"))
        f.write("\n")
