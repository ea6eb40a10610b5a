"""Writes preprocess.json, what the tools make of pictures before a network sees them.

Made with torch 1.12.1, torchvision 0.13.1, pillow 10.4.0, torch-fidelity 0.3.0, numpy 1.26.4:
    python preprocess.py

Pictures are a formula that eval/extractor/preprocess_test.go repeats. Small results stand in the file as they are, those at the
size of a network as the SHA-256 of their float32 values in the order of rows, columns, channels.
"""
import hashlib
import json

import numpy as np
import PIL
import torch
import torchvision
import torchvision.transforms as T
from PIL import Image
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x


def picture(width, height, k):
    """A width×height picture of blocks and noise: an integer hash of position and k."""
    m = np.uint64(0xFFFFFFFF)
    i = np.arange(width * height * 3, dtype=np.uint64)
    x = (i * np.uint64(374761393) + np.uint64(k * 668265263)) & m
    x = ((x ^ (x >> np.uint64(13))) * np.uint64(1274126177)) & m
    x ^= x >> np.uint64(16)
    noise = (x >> np.uint64(24)).astype(np.uint8)
    block = ((i // np.uint64(3) % np.uint64(width) // np.uint64(4) + i // np.uint64(3 * width) // np.uint64(4)) % np.uint64(2)).astype(np.uint8)
    return np.where(block == 1, noise, noise // 8 + 220 * (i % np.uint64(2)).astype(np.uint8)).astype(np.uint8).reshape(height, width, 3)


def pillow(a, w, h):
    return np.asarray(Image.fromarray(a).resize((w, h), Image.BICUBIC))


def clean(a, w, h):
    """clean-fid's resize: each channel as a float picture."""
    channels = [np.asarray(Image.fromarray(a[:, :, c].astype(np.float32), mode="F").resize((w, h), Image.BICUBIC)) for c in range(3)]
    return np.stack(channels, 2).clip(0, 255)


def chw(a):
    return torch.from_numpy(a.transpose(2, 0, 1).copy())[None].float()


def hwc(t):
    return t[0].permute(1, 2, 0).contiguous().numpy()


def tf(a, w, h):
    return hwc(interpolate_bilinear_2d_like_tensorflow1x(chw(a), size=(h, w), align_corners=False))


def pytorch(a, w, h):
    return hwc(torch.nn.functional.interpolate(chw(a) / 255, size=(h, w), mode="bilinear", align_corners=False))


IMAGENET = T.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CLIP = T.Normalize((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))


def clip(size):
    f = T.Compose([T.Resize(size, T.InterpolationMode.BICUBIC), T.CenterCrop(size), T.ToTensor(), CLIP])
    return lambda a: f(Image.fromarray(a)).permute(1, 2, 0).contiguous().numpy()


def dinov2(a):
    f = T.Compose([T.Resize((224, 224), T.InterpolationMode.BICUBIC), T.ToTensor(), IMAGENET])
    return f(Image.fromarray(a)).permute(1, 2, 0).contiguous().numpy()


def dinov2_clean(a):
    x = torch.from_numpy(clean(a, 224, 224).astype(np.float32).transpose(2, 0, 1)) / 255
    return IMAGENET(x).permute(1, 2, 0).contiguous().numpy()


whole = {
    "inception/clean": lambda a: (clean(a, 299, 299) - np.float32(128)) / np.float32(128),
    "inception/tf": lambda a: (tf(a, 299, 299) - np.float32(128)) / np.float32(128),
    "inception/pytorch": lambda a: 2 * pytorch(a, 299, 299) - 1,
    "dinov2/pillow": dinov2,
    "dinov2/clean": dinov2_clean,
    "clip/224": clip(224),
    "clip/336": clip(336),
}

if __name__ == "__main__":
    resizes, networks = [], []
    for k, (w, h, w2, h2) in enumerate([(13, 7, 5, 9), (9, 14, 9, 5), (5, 5, 11, 11), (40, 3, 4, 3), (1, 1, 4, 3), (2, 31, 3, 2), (8, 6, 8, 6)]):
        a = picture(w, h, k)
        for name, f in {"pillow": pillow, "clean": clean, "tf": tf, "pytorch": pytorch}.items():
            y = f(a, w2, h2)
            assert y.shape == (h2, w2, 3) and y.dtype in (np.uint8, np.float32), (name, y.dtype)
            resizes.append({"How": name, "K": k, "From": [w, h], "To": [w2, h2], "Pix": [float(str(v)) for v in y.flatten()]})
    for k, (w, h) in enumerate([(32, 32), (299, 299), (224, 224), (640, 427), (301, 500), (225, 224), (224, 227), (17, 400), (3, 1), (1024, 768)]):
        a = picture(w, h, k)
        for name, f in whole.items():
            y = f(a)
            assert y.dtype == np.float32, (name, y.dtype)
            networks.append({"How": name, "K": k, "From": [w, h], "SHA256": hashlib.sha256(np.ascontiguousarray(y).tobytes()).hexdigest(),
                             "Some": [float(str(v)) for v in y.flatten()[::max(1, y.size // 7)]]})

    with open("preprocess.json", "w") as f:
        f.write('{"Maker": "torch %s, torchvision %s, pillow %s, numpy %s",\n"Resizes": [\n' % (
            torch.__version__.split("+")[0], torchvision.__version__.split("+")[0], PIL.__version__, np.__version__))
        f.write(",\n".join(json.dumps(r, separators=(",", ":")) for r in resizes) + '],\n"Networks": [\n')
        f.write(",\n".join(json.dumps(r, separators=(",", ":")) for r in networks) + "]}\n")
