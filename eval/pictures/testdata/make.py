"""Writes pictures of every kind, and decoded.npz with what Pillow makes of them: Image.open(path).convert("RGB").

    pip install pillow==13.0.0 numpy==2.4.6 && python make.py
"""
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(1)


def picture(width, height, channels=3):
    """Colours that change sharply and smoothly, so that every way of widening colour planes shows."""
    y, x = np.mgrid[:height, :width]
    planes = [127 + 120 * np.sin(x / (2 + k) + y / (3 + 2 * k) + k) for k in range(channels)]
    a = np.stack(planes, -1) + rng.normal(0, 12, (height, width, channels))
    a[height // 3: height // 2, :, 0] = 250
    a[:, width // 2: width // 2 + 3] = [10, 240, 30, 200][:channels]
    return np.clip(a, 0, 255).astype(np.uint8)


def png(path, bits, colour, rows, extra=b""):
    """A PNG that Pillow cannot write. colour is the type of the specification; rows are raw bytes."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    height, width = rows.shape[0], rows.shape[1] * 8 // bits // {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    data = b"".join(b"\0" + r.tobytes() for r in rows)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
                     + extra + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


rgb = Image.fromarray(picture(37, 29))
for name, subsampling in [("444", 0), ("422", 1), ("420", 2)]:
    rgb.save(here / f"jpeg-{name}.jpg", subsampling=subsampling, quality=90)
    Image.fromarray(picture(64, 48)).save(here / f"jpeg-{name}-even.jpg", subsampling=subsampling, quality=60, progressive=True)
for w, h in [(1, 1), (2, 3), (3, 2), (4, 4), (5, 1), (6, 5)]:
    Image.fromarray(picture(w, h)).save(here / f"jpeg-tiny-{w}x{h}.jpg", subsampling=2, quality=95)
Image.fromarray(picture(37, 29, 1)[..., 0]).save(here / "jpeg-grey.jpg")
Image.fromarray(picture(33, 20, 4), "CMYK").save(here / "jpeg-cmyk.jpg", quality=95)
rotated = rgb.getexif()
rotated[0x0112] = 6
rgb.save(here / "jpeg-rotated.jpg", exif=rotated)

rgb.save(here / "png-rgb.png")
Image.fromarray(picture(20, 15, 4), "RGBA").save(here / "png-rgba.png")
Image.fromarray(picture(20, 15, 1)[..., 0]).save(here / "png-grey.png")
Image.fromarray(picture(20, 15, 2), "LA").save(here / "png-grey-alpha.png")
Image.fromarray(picture(20, 15, 1)[..., 0]).convert("1").save(here / "png-1bit.png")
few = rgb.quantize(12)
few.save(here / "png-palette.png", bits=4)
few.save(here / "png-palette-transparent.png", transparency=3)
rgb.save(here / "png-colour-key.png", transparency=tuple(rgb.getpixel((3, 4))))
deep = rng.integers(0, 65536, (9, 11 * 4), dtype=np.uint16)
deep[:2, :8] = [0, 1, 127, 128, 255, 256, 32767, 65535]
png(here / "png-16bit-grey.png", 16, 0, deep[:, :11].astype(">u2").view(np.uint8))
png(here / "png-16bit-grey-alpha.png", 16, 4, deep[:, :22].astype(">u2").view(np.uint8))
png(here / "png-16bit-rgb.png", 16, 2, deep[:, :33].astype(">u2").view(np.uint8))
png(here / "png-16bit-rgba.png", 16, 6, deep.astype(">u2").view(np.uint8))
png(here / "png-2bit-grey.png", 2, 0, rng.integers(0, 256, (6, 3), dtype=np.uint8))

few.save(here / "gif.gif")
few.save(here / "gif-transparent.gif", transparency=2)
others = [Image.fromarray(picture(37, 29)).quantize(8) for _ in range(2)]
few.save(here / "gif-animated.gif", save_all=True, append_images=others)
rgb.save(here / "webp-lossy.webp", quality=80)
Image.fromarray(picture(64, 48)).save(here / "webp-lossy-even.webp", quality=40)
Image.fromarray(picture(1, 1)).save(here / "webp-lossy-1x1.webp", quality=80)
Image.fromarray(picture(21, 18, 4), "RGBA").save(here / "webp-lossy-alpha.webp", quality=80, exact=True)
rgb.save(here / "webp-lossless.webp", lossless=True)
Image.fromarray(picture(21, 18, 4), "RGBA").save(here / "webp-lossless-alpha.webp", lossless=True, exact=True)
frames = [Image.fromarray(picture(37, 29)) for _ in range(2)]
frames[0].save(here / "webp-animated.webp", save_all=True, append_images=frames[1:], quality=80)
rgb.save(here / "bmp.bmp")
few.save(here / "bmp-palette.bmp")

decoded = {p.name: np.asarray(Image.open(p).convert("RGB")) for p in sorted(here.iterdir()) if p.suffix in {".jpg", ".png", ".gif", ".webp", ".bmp"}}
np.savez_compressed(here / "decoded.npz", **decoded)
