"""Writes the arrays that the tests of package npy read: the same numbers in every type and order.

    pip install numpy==2.4.6 && python make.py
"""
import pathlib

import numpy as np

here = pathlib.Path(__file__).parent
numbers = np.arange(24).reshape(2, 3, 4)
every = {}
for descr in ["<f2", "<f4", "<f8", ">f2", ">f4", ">f8", "<i2", ">i4", "<i8", "|i1", "|u1", "<u2", ">u8"]:
    name = descr.replace("<", "little_").replace(">", "big_").replace("|", "")
    every[name] = numbers.astype(descr)
    every["fortran_" + name] = np.asfortranarray(numbers.astype(descr))
every["bool"] = numbers % 2 == 0
every["scalar"] = np.float64(2.5)
every["empty"] = np.zeros((0, 2048), np.float32)
np.savez(here / "types.npz", **every)
np.savez_compressed(here / "compressed.npz", mu=np.linspace(-1, 1, 5), sigma=np.eye(5))
np.save(here / "halves.npy", np.array([0, -0.0, 1, -1.5, 65504, 6e-8, 6.1e-5, np.inf, -np.inf, np.nan], np.float16))
np.save(here / "objects.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
np.save(here / "fields.npy", np.zeros(2, dtype=[("x", "<f4"), ("y", "<i4")]))
np.save(here / "complex.npy", np.zeros(2, np.complex64))

# Statistics as edm2 keeps them, in every protocol that NumPy has a form of its own for.
import pickle

mu, sigma = np.arange(3) / 2, np.asfortranarray(np.arange(9.0).reshape(3, 3))
for protocol in [3, 4, 5]:
    with open(here / f"protocol{protocol}.pkl", "wb") as f:
        pickle.dump({"fid": {"mu": mu, "sigma": sigma}, "fd_dinov2": {"mu": mu.astype(">f4"), "sigma": sigma}, "num_images": 70000}, f, protocol=protocol)
with open(here / "statistics.pkl", "wb") as f:
    pickle.dump({"fid": {"mu": mu, "sigma": sigma @ sigma.T}, "fd_dinov2": {"mu": mu + 1, "sigma": sigma @ sigma.T}, "num_images": 70000}, f, protocol=4)
with open(here / "code.pkl", "wb") as f:
    class Run:
        def __reduce__(self):
            return print, ("code was run",)
    pickle.dump({"mu": Run()}, f)
