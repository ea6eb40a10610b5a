"""Answers one request per line with seconds and value: scipy's square root, clean-fid's Fréchet distance, numpy's covariance.

Numbers come as raw files from the program that calls this; the requests are JSON objects, as are the answers.
"""
import ast
import contextlib
import importlib.metadata
import importlib.util
import io
import json
import pathlib
import sys
import time

import numpy as np
import scipy.linalg

TURN = 0.5  # seconds for which a tool calls its function again


class linalg:
    """scipy.linalg, whose sqrtm has lost an argument that clean-fid passes."""

    @staticmethod
    def sqrtm(a, disp=True):
        root = scipy.linalg.sqrtm(a)
        return root if disp else (root, None)


def clean_fid():
    """The function alone: importing the package would want torchvision."""
    folder = importlib.util.find_spec("cleanfid").submodule_search_locations[0]
    tree = ast.parse((pathlib.Path(folder) / "fid.py").read_text())
    tree.body = [node for node in tree.body if getattr(node, "name", None) == "frechet_distance"]
    scope = {"np": np, "linalg": linalg}
    exec(compile(tree, "fid.py", "exec"), scope)
    return scope["frechet_distance"]


frechet_distance = clean_fid()


def read(name, shape, dtype):
    return np.fromfile(name, dtype).reshape(shape)


def prepare(r):
    folder, d = pathlib.Path(r["folder"]), r["d"]
    if r["what"] == "covariance":
        x = read(folder / "features.raw", (-1, d), np.float32)

        def covariance():
            mean, cov = np.mean(x, axis=0, dtype=np.float64), np.cov(x, rowvar=False)
            return mean.sum() + np.trace(cov)
        return covariance
    (m1, m2), (s1, s2) = read(folder / "mean.raw", (2, d), np.float64), read(folder / "cov.raw", (2, d, d), np.float64)
    if r["what"] == "clean-fid":
        return lambda: frechet_distance(m1, s1, m2, s2)
    product = s1 @ s2
    return lambda: ((m1 - m2) ** 2).sum() + np.trace(s1) + np.trace(s2) - 2 * np.trace(scipy.linalg.sqrtm(product)).real


versions = {p: importlib.metadata.version(p) for p in ("numpy", "scipy", "clean-fid")}
print(json.dumps({**versions, "python": sys.version.split()[0]}), flush=True)
for line in sys.stdin:
    work = prepare(json.loads(line))
    wall, cpu, calls = time.perf_counter(), time.process_time(), 0
    with contextlib.redirect_stdout(io.StringIO()):
        while time.perf_counter() - wall < TURN or not calls:
            value, calls = work(), calls + 1
    wall, cpu = (time.perf_counter() - wall) / calls, (time.process_time() - cpu) / calls
    print(json.dumps({"wall": wall, "cpu": cpu, "calls": calls, "value": float(value)}), flush=True)
