"""Real image files."""

import random
from pathlib import Path

from PIL import Image


def noise(width: int, height: int, seed: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), random.Random(seed).randbytes(width * height * 3))


def write_folder(folder: Path) -> list[Path]:
    """JPEG and PNG files from under 1 KB to over 2 MB, one of them in a folder below."""
    (folder / "holiday").mkdir(parents=True)
    sizes = {"tiny.png": (4, 4), "photo one.jpg": (320, 240), "scan.JPEG": (900, 700)}
    sizes |= {"holiday/überraschung.jpg": (640, 480), "poster.png": (1000, 800)}
    paths = []
    for seed, (name, (width, height)) in enumerate(sizes.items()):
        paths.append(folder / name)
        image_format = "PNG" if name.endswith("png") else "JPEG"
        noise(width, height, seed).save(paths[-1], image_format)
    return paths
