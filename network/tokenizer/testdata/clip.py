"""Writes clip.json: captions, their ids by OpenCLIP's tokenizer, and the merges of CLIP's vocabulary that can touch them.

Made with open_clip_torch 2.24.0, ftfy 6.2.3, regex 2026.9.29:
    python clip.py

The merges are a part of bpe_simple_vocab_16e6.txt of OpenAI's CLIP (MIT licence). A merge whose result is no part of any word
can never be used, so that the ids are those of the whole vocabulary.
"""
import gzip
import json
import os
import random

import ftfy
import open_clip
import regex
from open_clip.tokenizer import SimpleTokenizer, basic_clean, whitespace_clean

file = os.path.join(os.path.dirname(open_clip.__file__), "bpe_simple_vocab_16e6.txt.gz")
tokenizer = SimpleTokenizer(file)

captions = [
    "", " ", "\n\t ", "a", "A photo of a cat.", "a photo of the number 1234567890", "don't, can't, we'll they've I'm he'd you're it's",
    "DON'T SHOUT'S", "rock'n'roll 'tis", "!!!???...", "a+b=c; f(x)->y #hashtag @name $5.00 100% ^_^ ~/.config [x] {y} |z|",
    "hello,world;foo:bar/baz\\qux", "snake_case and kebab-case and CamelCase", "  leading and   inner\tspace\n\nlines  ",
    "tom &amp; jerry &lt;b&gt;", "&amp;amp; &quot;quoted&quot; &#39;x&#39; &#x27;", "caf&eacute; &copy;&reg; &nbsp; &hellip;&mdash;", "&notanentity; &amp &lt",
    "&amp;amp;amp;amp;lt;", "< &amp;amp;amp;lt;", "Café naïve façade Ångström Øresund ñandú", "cafe\u0301 (combining)", "ÀÉÎÕÜ ßẞ ŒÆ",
    "“curly” ‘quotes’ „low“ ‚single‘ it’s", "ﬁne ﬂow eﬃcient Ĳssel ǆ", "ＦＵＬＬ　ｗｉｄｔｈ １２３ ﾊﾝｶｸ", "em—dash en–dash … ellipsis",
    "日本語の写真", "中文 字幕 图片", "한국어 사진", "Фотография кошки на столе", "φωτογραφία ΟΔΟΣ ΣΟΦΟΣ Σ", "صورة قطة", "תמונה של חתול", "ภาพถ่ายแมว", "हिन्दी चित्र",
    "İstanbul ıI", "🐱 cat 🐶dog 👩‍👩‍👧‍👦 family 🇩🇪", "emoji😀😃😄mixed", "½ ¾ ² ³ ① Ⅷ ٣ 四", "1st 2nd 3.14 1,000", "naïve—résumé", "zero\u200bwidth\u200djoiner", "\ufeffbom",
    "control\x00\x01\x07chars\x7f", "\x1b[31mred\x1b[0m", "line\u2028sep\u2029par\x85nel\r\nwin\rmac", "nbsp\u00a0thin\u2009ideographic\u3000", "euro \x80 quote \x93x\x94",
    "<start_of_text> inside <end_of_text>", "<|startoftext|> and <|endoftext|>", "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "a" * 300, "word " * 100, "x1y2z3 " * 40, "é" * 120, "日本" * 60, "!" * 200, "1" * 100, "https://example.org/a/b?c=d&e=f", "C:\\temp\\file.txt", "\\n \\t",
    "a large red star left of a small blue ring", "two tables, one on top of the other", "The quick brown fox jumps over the lazy dog",
    "A cyberpunk city at night, neon lights, 8k, ultra-detailed, trending on artstation", "portrait of a woman, oil on canvas, 1889", "soft hyphen\u00adhere",
    "a photo of a cat", "Two small blue rings &amp; a star, don't you see?",
]
words = ("a an the of on in with and red blue green large small cat dog man woman street city table portrait painting photo sunset mountain river "
         "riding holding standing beautiful detailed style 3d render macro bokeh vintage neon quietly transcendental xylophone quixotic zeitgeist").split()
r = random.Random(1)
for i in range(120):
    captions.append(" ".join(r.choice(words) for _ in range(r.randint(1, 14))) + r.choice(["", ".", "!", ", 4k", " #%d" % i]))
ranges = [(0x21, 0x7e), (0xa1, 0xff), (0x100, 0x17f), (0x370, 0x3ff), (0x400, 0x4ff), (0x3041, 0x30ff), (0x4e00, 0x4fff), (0xac00, 0xad00), (0x1f600, 0x1f64f), (0x20, 0x20)]
for i in range(120):
    text = "".join(chr(r.randint(*r.choice(ranges))) for _ in range(r.randint(1, 25)))
    if ftfy.fix_encoding(text) == text:  # mojibake is not repaired
        captions.append(text)

pieces = set()
for text in captions:
    for token in regex.findall(tokenizer.pat, whitespace_clean(basic_clean(text)).lower()):
        pieces.add("".join(tokenizer.byte_encoder[b] for b in token.encode("utf-8")) + "</w>")
substrings = set()
for p in pieces:
    for i in range(len(p)):
        for j in range(i + 1, min(i + 40, len(p)) + 1):
            substrings.add(p[i:j])
lines = gzip.open(file).read().decode("utf-8").split("\n")[1:49152 - 256 - 2 + 1]
merges = [(rank, line) for rank, line in enumerate(lines) if line.replace(" ", "") in substrings]
assert len(lines) == 48894

ids = []
for text in captions:
    row = tokenizer(text)[0].tolist()
    while row[-1] == 0:
        row.pop()
    ids.append(row)

with open("clip.json", "w") as f:
    f.write('{"Maker": "open_clip_torch %s, ftfy %s",\n"Captions": [\n' % (open_clip.version.__version__, ftfy.__version__))
    f.write(",\n".join(json.dumps({"Text": t, "IDs": i}, separators=(",", ":")) for t, i in zip(captions, ids)))
    f.write('],\n"Ranks": %s,\n' % json.dumps([rank for rank, _ in merges], separators=(",", ":")))
    f.write('"Merges": %s}\n' % json.dumps("\n".join(line for _, line in merges)))
print(len(captions), "captions,", len(merges), "merges")
