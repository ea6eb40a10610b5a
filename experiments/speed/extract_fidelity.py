"""Extracts Inception features with torch-fidelity, a round for every line on standard input, and answers with a line of JSON."""
import json
import sys
import time

import numpy as np
import torch
import torch_fidelity
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

weights, n, batch, side = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
model = FeatureExtractorInceptionV3("inception-v3-compat", ["2048", "logits_unbiased"], feature_extractor_weights_path=weights).eval()
i = np.arange(side * side * 3)
pictures = np.stack([((i // 3 % side) * (k + 1) + (i // 3 // side) * (i % 3 + 1)).astype(np.uint8).reshape(side, side, 3) for k in range(n)])
x = torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous()


def answer(value):
    print(json.dumps(value), flush=True)


answer("torch %s, torch-fidelity %s, %d threads" % (torch.__version__, torch_fidelity.__version__, torch.get_num_threads()))
features = None
for line in sys.stdin:
    if json.loads(line) == "features":
        answer(features.flatten().tolist())
        continue
    start = time.perf_counter()
    with torch.no_grad():
        features = torch.cat([model(x[j:j + batch])[0] for j in range(0, n, batch)])
    answer(time.perf_counter() - start)
