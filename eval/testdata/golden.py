"""Writes golden.json: inputs and reference values for the tests of package eval.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install numpy scipy mpmath prdc tqdm && /tmp/golden/bin/pip install --no-deps torch-fidelity
    /tmp/golden/bin/python golden.py

torch-fidelity's FID and KID formulas are numpy only: they are taken from the installed package without importing torch.
"""
import ast
import contextlib
import importlib.metadata
import importlib.util
import io
import json
import pathlib
import platform
import re

import mpmath
import numpy as np
import scipy.stats
from prdc import compute_prdc

rng = np.random.default_rng(20231128)
mpmath.mp.dps = 60


def installed(package, file, names, **scope):
    """Some top-level functions of an installed file, in a scope of our own."""
    folder = importlib.util.find_spec(package).submodule_search_locations[0]
    tree = ast.parse((pathlib.Path(folder) / file).read_text())
    tree.body = [node for node in tree.body if getattr(node, "name", None) in names]
    exec(compile(tree, file, "exec"), scope)
    return [scope[name] for name in names]


def vassert(ok, message):
    assert ok, message


(torch_fidelity_fid,) = installed(
    "torch_fidelity", "metric_fid.py", ["fid_statistics_to_metric"],
    np=np, vprint=lambda *_: None, KEY_METRIC_FID="fid")
kernel_poly, mmd2 = installed(
    "torch_fidelity", "metric_kid.py", ["kernel_poly", "mmd2"], np=np, vassert=vassert, get_kwarg=lambda name, kw: kw[name])


def features(n, d, shift=0.0, decay=0.0):
    """n correlated rows; each value is a float32 that three decimals name."""
    x = rng.normal(size=(n, d)) @ (rng.normal(size=(d, d)) / np.sqrt(d)) * np.exp(-decay * np.arange(d)) + shift
    return np.round(x, 3).astype(np.float32)


def rows(x):
    return [[round(float(v), 3) for v in row] for row in x]


def exact_fid(a, b):
    """FID at 60 digits, from the eigenvalues of the product of the covariances."""
    def moments(x):
        m = mpmath.matrix([[mpmath.mpf(float(v)) for v in row] for row in x])
        n = m.rows
        mean = (mpmath.ones(1, n) * m) / n
        centred = m - mpmath.ones(n, 1) * mean
        return mean, centred.T * centred / (n - 1)
    (m1, c1), (m2, c2) = moments(a), moments(b)
    values = mpmath.eig(c1 * c2, left=False, right=False)
    root = sum(mpmath.re(mpmath.sqrt(v)) for v in values)
    return float(sum(v * v for v in m1 - m2) + sum(c1[i, i] + c2[i, i] for i in range(c1.rows)) - 2 * root)


def fid_case(name, a, b):
    stat = [{"mu": x.astype(np.float64).mean(0), "sigma": np.cov(x.astype(np.float64), rowvar=False)} for x in (a, b)]
    return {"name": name, "a": rows(a), "b": rows(b), "exact": exact_fid(a, b),
            "torch_fidelity": torch_fidelity_fid(*stat, False)["fid"]}


def kid_case(ref, gen, subsets, size):
    kw = dict(kid_kernel_poly_degree=3, kid_kernel_poly_gamma=None, kid_kernel_poly_coef0=1.0)
    x, y = ref.astype(np.float64), gen.astype(np.float64)
    draws = [(rng.choice(len(x), size, replace=False), rng.choice(len(y), size, replace=False)) for _ in range(subsets)]
    values = [mmd2(kernel_poly(x[i], x[i], **kw), kernel_poly(x[i], y[j], **kw), kernel_poly(y[j], y[j], **kw)) for i, j in draws]
    # torch-fidelity wants equal sizes; here are all images of both sides.
    kxx, kyy, kxy = kernel_poly(x, x, **kw), kernel_poly(y, y, **kw), kernel_poly(x, y, **kw)
    m, n = len(x), len(y)
    whole = (kxx.sum() - np.trace(kxx)) / (m * (m - 1)) + (kyy.sum() - np.trace(kyy)) / (n * (n - 1)) - 2 * kxy.mean()
    return {"ref": rows(ref), "gen": rows(gen), "draws": [[i.tolist(), j.tolist()] for i, j in draws],
            "mean": float(np.mean(values)), "std": float(np.std(values)), "mmd2": float(whole)}


def neighbours_case(ref, gen):
    """prdc's balls are open; on data without ties its precision and recall are the closed ones' too, which is checked here."""
    x, y = ref.astype(np.float64), gen.astype(np.float64)
    with contextlib.redirect_stdout(io.StringIO()):
        k3, k5 = (compute_prdc(real_features=x, fake_features=y, nearest_k=k) for k in (3, 5))
    def distances(a, b):
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1))
    def radii(a, k):
        return np.sort(distances(a, a), axis=1)[:, k]
    cross, real, fake = distances(x, y), radii(x, 3), radii(y, 3)
    for k in (3, 5):
        assert abs(cross - radii(x, k)[:, None]).min() > 1e-6 and abs(cross - radii(y, k)[None]).min() > 1e-6, "a tie"
    assert np.isclose((cross <= real[:, None]).any(0).mean(), k3["precision"])
    assert np.isclose((cross <= fake[None]).any(1).mean(), k3["recall"])
    return {"ref": rows(ref), "gen": rows(gen), "precision": float(k3["precision"]), "recall": float(k3["recall"]),
            "density": float(k5["density"]), "coverage": float(k5["coverage"])}


def welch_case(a, b):
    test = scipy.stats.ttest_ind(b, a, equal_var=False)
    interval = test.confidence_interval(0.95)
    return {"a": a, "b": b, "t": float(test.statistic), "freedom": float(test.df), "p": float(test.pvalue),
            "low": float(interval.low), "high": float(interval.high)}


def t_case(x, confidence):
    low, high = scipy.stats.t.interval(confidence, len(x) - 1, loc=np.mean(x), scale=scipy.stats.sem(x))
    return {"x": x, "confidence": confidence, "low": float(low), "high": float(high)}


def rate_case(hits, n, confidence):
    interval = scipy.stats.binomtest(hits, n).proportion_ci(confidence, method="wilson")
    return {"hits": hits, "n": n, "confidence": confidence, "low": float(interval.low), "high": float(interval.high)}


golden = {
    "maker": "golden.py",
    "versions": {"python": platform.python_version(),
                 **{p: importlib.metadata.version(p) for p in ("numpy", "scipy", "mpmath", "prdc", "torch-fidelity")}},
    "fid": [
        fid_case("full rank", features(40, 8), features(30, 8, shift=0.4)),
        fid_case("both sides fewer images than dimensions", features(9, 14), features(7, 14, shift=0.2)),
        fid_case("generated side fewer images than dimensions", features(40, 12), features(6, 12)),
        fid_case("as many images as dimensions", features(10, 10), features(10, 10)),
        fid_case("ill-conditioned", features(40, 10, decay=0.5), features(40, 10, decay=0.5)),
    ],
    "kid": kid_case(features(40, 6), features(30, 6, shift=0.15), subsets=6, size=12),
    "neighbours": neighbours_case(features(40, 4), features(30, 4, shift=0.5)),
    "welch": [
        welch_case([20.1, 20.9, 20.4], [22.0, 21.2, 21.9, 24.4]),
        welch_case([0.31, 0.312], [0.311, 0.309]),
        welch_case([1.0, 1.001, 1.0005], [9.0, 9.002, 9.001]),
        welch_case([1.0, 1.0, 1.0], [1.5, 1.25, 1.75]),
    ],
    "t": [t_case([20.1, 20.9, 20.4], 0.95), t_case([0.31, 0.33], 0.95), t_case(list(range(40)), 0.99)],
    "rate": [rate_case(0, 20, 0.95), rate_case(7, 20, 0.95), rate_case(500, 500, 0.99)],
}
text = json.dumps(golden, indent=1)
# One row of numbers per line.
text = re.sub(r"\[\s+([-\d.e,\s]+?)\s+\]", lambda m: "[" + re.sub(r"\s+", "", m[1]) + "]", text)
pathlib.Path(__file__).with_name("golden.json").write_text(text + "\n")
