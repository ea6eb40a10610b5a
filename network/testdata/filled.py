"""What the scripts here share. Nothing is random: values(n, k) fills tensors by a formula that network/reference_test.go repeats."""
import numpy as np
import torch


def values(n, k):
    """n values in [-1,1): an integer hash of position and k."""
    m = np.uint64(0xFFFFFFFF)
    x = (np.arange(n, dtype=np.uint64) * np.uint64(374761393) + np.uint64(k * 668265263)) & m
    x = ((x ^ (x >> np.uint64(13))) * np.uint64(1274126177)) & m
    x ^= x >> np.uint64(16)
    return x.astype(np.float64) / 2**31 - 1


def tensor(k, *shape):
    return torch.from_numpy(values(int(np.prod(shape)), k).astype(np.float32).reshape(shape))


def weights(shapes, gain=1):
    """The k-th tensor in the order of names: matrices to ±gain·√(3/fan-in), vectors to ±0.1, scales and variances to 1 ± 0.1."""
    state = {}
    for k, name in enumerate(sorted(shapes)):
        shape = shapes[name]
        v = values(int(np.prod(shape)), k) * (gain * np.sqrt(3 / np.prod(shape[1:])) if len(shape) > 1 else 0.1)
        if len(shape) == 1 and name.endswith(("weight", "running_var")):
            v += 1
        state[name] = torch.from_numpy(v.astype(np.float32).reshape(shape))
    return state


def fill(model):
    """Gives a model those weights, and returns their shapes."""
    shapes = {name: list(t.shape) for name, t in model.named_parameters()}
    model.load_state_dict(weights(shapes), strict=False)
    return shapes


def flat(t):
    """Seven digits of all elements."""
    return [float("%.7g" % v) for v in t.detach().contiguous().flatten().tolist()]
