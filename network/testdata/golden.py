"""What unets.py, vaes.py and texts.py share."""
import json

import diffusers
import torch
import transformers
from filled import fill, flat


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
