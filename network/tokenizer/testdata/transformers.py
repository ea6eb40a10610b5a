"""Writes the folder `transformers`, a small tokenizer in the layout of Stable Diffusion 2.1's, and transformers.json, the ids that
transformers' CLIPTokenizer gives to captions.

    pip install transformers==5.24.0
    python transformers.py
"""
import json
import os
import sys

sys.path.pop(0)  # this file is called like the package
import transformers
from transformers import CLIPTokenizer

MERGES = "o x</w>|f ox</w>|r e|re d</w>|t a|ta i|tai l</w>|p h|ph o|pho t|phot o</w>|o f</w>|c a|ca f|Ã ©</w>|caf Ã©</w>|' s</w>".split("|")
CAPTIONS = ["", "a photo of a fox", "A RED  fox's tail,\n42!", "naïve café – 東京 🦊", "cafe\u0301", "fox " * 40, "a <|endoftext|> fox", "it's we'll I'd", "&amp; <b>", "what?!"]

printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
other = [b for b in range(256) if b not in printable]
letters = [chr(b) for b in printable] + [chr(256 + i) for i in range(len(other))]
pieces = letters + [c + "</w>" for c in letters] + [m.replace(" ", "") for m in MERGES] + ["<|startoftext|>", "<|endoftext|>"]

folder = "transformers"
os.makedirs(folder, exist_ok=True)


def put(name, value):
    with open(os.path.join(folder, name), "w") as f:
        json.dump(value, f, ensure_ascii=False)
        f.write("\n")


put("vocab.json", {p: i for i, p in enumerate(pieces)})
with open(os.path.join(folder, "merges.txt"), "w") as f:
    f.write("#version: 0.2\n" + "\n".join(MERGES) + "\n")
special = lambda text: {"content": text, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
put("tokenizer_config.json", {"add_prefix_space": False, "bos_token": dict(special("<|startoftext|>"), __type="AddedToken"), "do_lower_case": True,
                              "eos_token": dict(special("<|endoftext|>"), __type="AddedToken"), "errors": "replace", "model_max_length": 20,
                              "pad_token": "<|endoftext|>", "tokenizer_class": "CLIPTokenizer",
                              "unk_token": dict(special("<|endoftext|>"), __type="AddedToken")})
put("special_tokens_map.json", {"bos_token": special("<|startoftext|>"), "eos_token": special("<|endoftext|>"), "pad_token": "!", "unk_token": special("<|endoftext|>")})

tokenizer = CLIPTokenizer.from_pretrained(folder)
ids = [tokenizer(c, padding="max_length", max_length=tokenizer.model_max_length, truncation=True).input_ids for c in CAPTIONS]
with open("transformers.json", "w") as f:
    json.dump({"maker": "transformers " + transformers.__version__, "captions": [{"text": c, "ids": i} for c, i in zip(CAPTIONS, ids)]}, f)
    f.write("\n")
