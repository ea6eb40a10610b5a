"""Writes parity.json: what the reference tools say of features that both sides generate by the same formula.

    python3 -m venv /tmp/parity
    /tmp/parity/bin/pip install torch==2.15.0 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 torch-fidelity==0.4.0 prdc==0.2 mpmath==1.3.0
    /tmp/parity/bin/pip install --no-deps clean-fid==0.1.35
    /tmp/parity/bin/python parity.py

A tool's value is null where it raises or answers NaN. clean-fid's package needs torchvision only for its networks: its two formulas
are taken from the installed file.
"""
import ast
import contextlib
import importlib.metadata
import importlib.util
import io
import json
import math
import pathlib
import platform
import warnings

import mpmath
import numpy as np
import scipy.linalg
import scipy.stats
import torch
from prdc import compute_prdc
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import rbf_kernel
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kernel_rbf, kid_features_to_metric, mmd2
from torch_fidelity.metric_prc import prc_features_to_metric

mpmath.mp.dps = 50
warnings.simplefilter("ignore")


def clean_fid(names):
    folder = importlib.util.find_spec("cleanfid").submodule_search_locations[0]
    tree = ast.parse((pathlib.Path(folder) / "fid.py").read_text())
    tree.body = [node for node in tree.body if getattr(node, "name", None) in names]
    scope = {"np": np, "linalg": old_linalg}
    exec(compile(tree, "fid.py", "exec"), scope)
    return [scope[name] for name in names]


class old_linalg:
    """scipy.linalg with the sqrtm of scipy before 1.18, which still knew disp=False."""

    @staticmethod
    def sqrtm(a, disp=True):
        root = scipy.linalg.sqrtm(a)
        return root if disp else (root, None)


frechet_distance, kernel_distance = clean_fid(["frechet_distance", "kernel_distance"])


def features(seed, n, d, kind, shift):
    """The Go test has the same: a linear congruential generator, whose 16 upper bits become a dyadic number."""
    state, u = seed, np.zeros((n, d + 1))
    for i in range(n):
        for j in range(d + 1):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            u[i, j] = (state >> 48) / 2**16
    x = np.float32((u[:, 1:] + u[:, :-1] / 2) * 0.5 ** (np.arange(d) % 5) + shift)  # exact in float32
    if kind == "constant":
        x[:] = x[0]
    if kind == "columns twice":
        x[:, d // 2:] = x[:, : d - d // 2]
    if kind == "rows twice":
        x[n // 2:] = x[: n - n // 2]
    if kind == "logits":
        x = x * 8
    return x


def value(f):
    """The tool's number, or None where it has none."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            v = f()
    except Exception:
        return None
    return None if np.iscomplexobj(v) or not math.isfinite(v) else float(v)


def exact_fid(a, b):
    def moments(x):
        m = mpmath.matrix([[mpmath.mpf(float(v)) for v in row] for row in x])
        mean = mpmath.ones(1, m.rows) * m / m.rows
        centred = m - mpmath.ones(m.rows, 1) * mean
        return mean, centred / mpmath.sqrt(m.rows - 1)
    (m1, x1), (m2, x2) = moments(a), moments(b)
    cross = x1 * x2.T
    gram = cross * cross.T if cross.rows < cross.cols else cross.T * cross
    root = sum(mpmath.sqrt(max(v, 0)) for v in mpmath.eigsy(gram, eigvals_only=True))
    return float(sum(v * v for v in m1 - m2) + sum(v * v for v in x1) + sum(v * v for v in x2) - 2 * root)


def unit(x):
    x = x.astype(np.float64)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def neighbours(x, y):
    """Closed balls for precision and recall, open ones for density and coverage, from scipy's distances."""
    def radii(a, k):
        return np.sort(cdist(a, a), axis=1)[:, k]
    cross, r3, f3, r5 = cdist(x, y), radii(x, 3), radii(y, 3), radii(x, 5)
    return {"precision": float((cross <= r3[:, None]).any(0).mean()), "recall": float((cross <= f3[None]).any(1).mean()),
            "density": float((cross < r5[:, None]).sum() / 5 / len(y)), "coverage": float((cross.min(1) < r5).mean())}


def case(name, a, b):
    x32, y32 = features(**a), features(**b)
    x, y = x32.astype(np.float64), y32.astype(np.float64)
    out = {"name": name, "ref": a, "gen": b}
    tx, ty = torch.from_numpy(x), torch.from_numpy(y)
    with warnings.catch_warnings():
        stats = [{"mu": v.mean(0), "sigma": np.cov(v, rowvar=False)} for v in (x, y)]
    (m1, s1), (m2, s2) = ((s["mu"], s["sigma"]) for s in stats)
    out["fid"] = {
        "exact": exact_fid(x, y) if min(len(x), len(y)) > 1 else None,
        "torch-fidelity": value(lambda: fid_statistics_to_metric(
            fid_features_to_statistics(tx), fid_features_to_statistics(ty), False)["frechet_inception_distance"]),
        "clean-fid": value(lambda: frechet_distance(m1, s1, m2, s2)),
        "scipy": value(lambda: ((m1 - m2) ** 2).sum() + np.trace(s1) + np.trace(s2) - 2 * np.trace(scipy.linalg.sqrtm(s1 @ s2)).real),
    }
    n = min(len(x), len(y))
    if len(x) == len(y):
        out["kid"] = {
            "torch-fidelity": value(lambda: kid_features_to_metric(
                ty, tx, kid_subsets=1, kid_subset_size=n, verbose=False)["kernel_inception_distance_mean"]),
            "clean-fid": value(lambda: kernel_distance(x, y, num_subsets=1, max_subset_size=n)),
        }
    ux, uy = unit(x32), unit(y32)
    rbf = dict(kid_kernel_rbf_sigma=10)
    out["cmmd"] = {
        "torch-fidelity": value(lambda: 1000 * mmd2(kernel_rbf(ux, ux, **rbf), kernel_rbf(ux, uy, **rbf), kernel_rbf(uy, uy, **rbf), mmd_est="biased")),
        "scikit-learn": value(lambda: 1000 * (rbf_kernel(ux, ux, 1 / 200).mean() + rbf_kernel(uy, uy, 1 / 200).mean() - 2 * rbf_kernel(ux, uy, 1 / 200).mean())),
    }
    if n > 5:
        out["neighbours"] = {"scipy": neighbours(x, y)}
        if a["kind"] == b["kind"] == "mixed" and a != b:  # the others' distances of equal images are rounding, not 0
            prc = prc_features_to_metric(ty, tx, prc_neighborhood=3, prc_batch_size=10000, save_cpu_ram=False, verbose=False)
            with contextlib.redirect_stdout(io.StringIO()):
                five = compute_prdc(real_features=x, fake_features=y, nearest_k=5)
            out["neighbours"]["torch-fidelity and prdc"] = {
                "precision": prc["precision"], "recall": prc["recall"], "density": float(five["density"]), "coverage": float(five["coverage"])}
    return out


def inception_case(name, spec, splits):
    logits = torch.from_numpy(features(**spec))
    got = isc_features_to_metric(logits, splits, shuffle=False)
    return {"name": name, "logits": spec, "splits": splits,
            "mean": value(lambda: got["inception_score_mean"]), "std": value(lambda: got["inception_score_std"])}


def line_case(x, y):
    fit = scipy.stats.linregress(x, y)
    return {"x": x, "y": y, "intercept": float(fit.intercept), "slope": float(fit.slope), "stderr": float(fit.intercept_stderr)}


def spec(seed, n, d, kind="mixed", shift=0.0):
    return {"seed": seed, "n": n, "d": d, "kind": kind, "shift": shift}


parity = {
    "maker": "parity.py",
    "versions": {"python": platform.python_version(),
                 **{p: importlib.metadata.version(p) for p in ("numpy", "scipy", "torch", "torch-fidelity", "clean-fid", "prdc", "scikit-learn", "mpmath")}},
    "cases": [
        case("full rank", spec(1, 90, 12), spec(2, 90, 12, shift=0.25)),
        case("unequal numbers", spec(3, 90, 12), spec(4, 50, 12, shift=0.125)),
        case("fewer images than dimensions", spec(5, 20, 32), spec(6, 20, 32, shift=0.0625)),
        case("fewer images than dimensions on one side", spec(7, 80, 24), spec(8, 10, 24)),
        case("dependent dimensions", spec(9, 60, 16, "columns twice"), spec(10, 60, 16, "columns twice", 0.125)),
        case("every image twice", spec(11, 40, 24, "rows twice"), spec(12, 40, 24, "rows twice", 0.25)),
        case("identical sets", spec(13, 50, 10), spec(13, 50, 10)),
        case("identical sets, fewer images than dimensions", spec(14, 12, 20), spec(14, 12, 20)),
        case("constant images against others", spec(15, 40, 8), spec(16, 40, 8, "constant")),
        case("two constants", spec(17, 30, 8, "constant"), spec(18, 30, 8, "constant", 0.5)),
        case("one image against many", spec(19, 40, 8), spec(20, 1, 8)),
        case("one image against one", spec(21, 1, 8), spec(22, 1, 8)),
        case("far apart", spec(23, 40, 10), spec(24, 40, 10, shift=64.0)),
    ],
    "line": line_case([1 / n for n in range(5000, 20001, 1500)], [20.6, 19.1, 18.2, 17.8, 17.1, 16.9, 16.6, 16.4, 16.3, 16.0, 15.9]),
    "inception": [
        inception_case("ten splits", spec(31, 200, 40, "logits"), 10),
        inception_case("splits of unequal size", spec(32, 103, 17, "logits"), 10),
        inception_case("flat logits", spec(33, 40, 12), 4),
        inception_case("constant images", spec(34, 40, 12, "constant"), 4),
        inception_case("one image", spec(35, 1, 12, "logits"), 1),
    ],
}
pathlib.Path(__file__).with_name("parity.json").write_text(json.dumps(parity, indent=1) + "\n")
