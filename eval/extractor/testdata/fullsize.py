"""Makes full-size random weights of an extractor and what its reference implementation says of some pictures and captions.

Made with torch 1.12.1, torchvision 0.13.1, torch-fidelity 0.3.0, transformers 4.33.3, timm 0.9.16, open_clip_torch 2.24.0,
pillow 10.4.0 (huggingface_hub<0.25, numpy<2):
    python fullsize.py FOLDER inception dinov2-s dinov2-b dinov2-l clip-b32 clip-l14 clip-l14-336 openclip-g14
    ADDLAB_FULLSIZE_EXTRACTORS=FOLDER go test ./eval/extractor -run FullSize -v -timeout 2h

Each kind gets a folder with the weights as users have them (90 MB to 6 GB) and want.json.
"""
import json
import os
import shutil
import sys

import numpy as np
import open_clip
import timm
import torch
import transformers
from PIL import Image
from torch_fidelity import feature_extractor_inceptionv3 as fidelity

import preprocess as pre

PICTURES = [(640, 427), (224, 224), (32, 32), (299, 400)]
CAPTIONS = ["", "a photo of a cat", "A large red star left of a small blue ring.", "word " * 100, "Фотография кошки 🐱"]
pictures = [pre.picture(w, h, k) for k, (w, h) in enumerate(PICTURES)]


def stack(arrays):
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).contiguous()


def rows(t):
    return [[float(str(v)) for v in row] for row in t.detach().float().numpy()]


def stir(model):
    """Random scales, biases and statistics of norms, which begin as ones and zeros."""
    for name, t in list(model.named_parameters()) + list(model.named_buffers()):
        if t.is_floating_point() and t.dim() == 1:
            t.data.add_(0.1 * torch.randn_like(t)) if not name.endswith("running_var") else t.data.mul_(1 + 0.2 * torch.rand_like(t))


def inception(folder):
    fidelity.FeatureExtractorInceptionV3.load_state_dict = lambda self, state: None
    fidelity.vassert = lambda *args: None  # floats will do, as they come from the other preprocessings
    path = os.path.join(folder, "weights-inception.pth")
    torch.save({}, path)
    model = fidelity.FeatureExtractorInceptionV3("inception-v3-compat", ["2048", "logits_unbiased"], feature_extractor_weights_path=path).eval()
    for m in model.modules():
        if isinstance(m, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(m.weight)
    stir(model)
    torch.save(model.state_dict(), path, _use_new_zipfile_serialization=False)  # as the published file
    want = {}
    tf = [model(stack([p])) for p in pictures]
    want["tf"] = {"Features": rows(torch.cat([f for f, _ in tf])), "Logits": rows(torch.cat([l for _, l in tf]))}
    for mode in "clean", "pytorch":
        x = stack([pre.whole["inception/" + mode](p) for p in pictures]) * 128 + 128
        f, l = model(x)
        want[mode] = {"Features": rows(f), "Logits": rows(l)}
    return want


def dinov2(width, layers, letter):
    def make(folder):
        config = transformers.Dinov2Config(hidden_size=width, num_hidden_layers=layers, num_attention_heads=width // 64, image_size=518, patch_size=14)
        model = transformers.Dinov2Model(config).eval()
        stir(model)
        want = {}
        for mode in "pillow", "clean":
            x = stack([pre.whole["dinov2/" + mode](p) for p in pictures])
            want[mode] = {"Features": rows(model(x).last_hidden_state[:, 0])}
        if letter == "b":
            model.save_pretrained(folder, safe_serialization=True)
            return want
        state = to_hub({k: v.clone() for k, v in model.state_dict().items()})
        torch.save(state, os.path.join(folder, "dinov2_vit%s14_pretrain.pth" % letter))
        # timm has the same names; at 224 pixels its positions are those that the other has interpolated.
        other = timm.create_model("vit_%s_patch14_dinov2.lvd142m" % {"s": "small", "l": "large"}[letter], pretrained=False, img_size=224, num_classes=0).eval()
        del state["mask_token"]
        state["pos_embed"] = model.embeddings.interpolate_pos_encoding(torch.zeros(1, 257, width), 224, 224)
        other.load_state_dict(state)
        y = torch.from_numpy(np.array(want["clean"]["Features"]))
        print("timm against transformers:", float((other(x) - y).norm() / y.norm()))
        return want
    return make


def to_hub(state):
    """Renames transformers' weights of DINOv2 as facebookresearch/dinov2 has them."""
    out = {}
    for name, t in state.items():
        new = name.replace("embeddings.patch_embeddings.projection", "patch_embed.proj").replace("embeddings.position_embeddings", "pos_embed")
        new = new.replace("embeddings.", "").replace("encoder.layer.", "blocks.").replace("attention.output.dense", "attn.proj")
        new = new.replace("layer_scale1.lambda1", "ls1.gamma").replace("layer_scale2.lambda1", "ls2.gamma")
        if new.startswith("layernorm."):
            new = new.replace("layernorm.", "norm.")
        if ".attention.attention." in new:
            if ".query." in new:
                out[new.replace("attention.attention.query", "attn.qkv")] = torch.cat([state[name.replace("query", p)] for p in ("query", "key", "value")])
        else:
            out[new] = t
    return out


def vocabulary(folder):
    name = "bpe_simple_vocab_16e6.txt.gz"
    shutil.copy(os.path.join(os.path.dirname(open_clip.__file__), name), os.path.join(folder, name))


def clip_transformers(size, patch, width, layers, text_width, projection):
    def make(folder):
        text = dict(hidden_size=text_width, intermediate_size=4 * text_width, num_hidden_layers=12, num_attention_heads=text_width // 64, hidden_act="quick_gelu")
        vision = dict(hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers, num_attention_heads=width // 64, image_size=size, patch_size=patch,
                      hidden_act="quick_gelu")
        model = transformers.CLIPModel(transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=projection)).eval()
        stir(model)
        model.save_pretrained(folder, safe_serialization=True)
        vocabulary(folder)
        ids = open_clip.tokenize(CAPTIONS)
        return {"": {"Features": rows(model.get_image_features(stack([pre.whole["clip/%d" % size](p) for p in pictures]))),
                     "Captions": rows(model.get_text_features(ids))}}
    return make


def clip_open(name, file):
    def make(folder):
        model = open_clip.create_model(name, pretrained=None).eval()
        stir(model)
        torch.save(model.state_dict(), os.path.join(folder, file))
        vocabulary(folder)
        ids = open_clip.tokenize(CAPTIONS)
        features = [model.encode_image(stack([pre.whole["clip/224"](p)])) for p in pictures]
        return {"": {"Features": rows(torch.cat(features)), "Captions": rows(model.encode_text(ids))}}
    return make


KINDS = {
    "inception": inception,
    "dinov2-s": dinov2(384, 12, "s"),
    "dinov2-b": dinov2(768, 12, "b"),
    "dinov2-l": dinov2(1024, 24, "l"),
    "clip-b32": clip_transformers(224, 32, 768, 12, 512, 512),
    "clip-l14": clip_open("ViT-L-14-quickgelu", "open_clip_pytorch_model.bin"),
    "clip-l14-336": clip_transformers(336, 14, 1024, 24, 768, 768),
    "openclip-g14": clip_open("ViT-g-14", "open_clip_pytorch_model.bin"),
}

if __name__ == "__main__":
    for kind in sys.argv[2:]:
        torch.manual_seed(1)
        folder = os.path.join(sys.argv[1], kind)
        os.makedirs(folder, exist_ok=True)
        with torch.no_grad():
            modes = KINDS[kind](folder)
        with open(os.path.join(folder, "want.json"), "w") as f:
            json.dump({"Pictures": PICTURES, "CaptionTexts": CAPTIONS, "Modes": modes}, f)
        print(kind, "made", flush=True)
