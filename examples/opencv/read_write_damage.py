"""What becomes of a damaged file: cut short, or with one byte changed.

A cut file is read twice, by its path and from memory. The changed byte
takes a hundred random places, one at a time; the answer is either no image
at all, the right image, or another image, and nobody says so.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.opencv.read_write_flags import decoded

EXTENSIONS = (".png", ".webp", ".tiff", ".jpg", ".bmp")


# --8<-- [start:quiet]
@contextmanager
def quiet() -> Iterator[None]:
    """C libraries complain to descriptor 2, past Python's sys.stderr."""
    kept = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nothing)
        os.close(kept)


# --8<-- [end:quiet]
# --8<-- [start:cut]
def cut_in_half(stored: np.ndarray) -> list[np.ndarray | None]:
    """What imread and imdecode make of the first half of a file."""
    half = stored[: stored.size // 2]
    with tempfile.TemporaryDirectory() as folder, quiet():
        file = Path(folder, "half")
        file.write_bytes(half)
        return [cv2.imread(str(file)), cv2.imdecode(half, cv2.IMREAD_COLOR)]


# --8<-- [end:cut]
# --8<-- [start:change]
def one_byte_changed(stored: np.ndarray, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    place = random.integers(stored.size // 10, stored.size)  # no header
    changed = stored.copy()
    changed[place] ^= random.integers(1, 256, dtype=np.uint8)
    return changed


def fate(stored: np.ndarray, seed: int) -> str:
    right = decoded(stored)
    with quiet():
        try:
            image = cv2.imdecode(one_byte_changed(stored, seed), 1)
        except cv2.error:
            image = None
    if image is None:
        return "refused"
    return "right" if np.array_equal(image, right) else "wrong"


# --8<-- [end:change]
def small_portrait() -> np.ndarray:
    part = data.astronaut()[0:192, 112:336]
    return cv2.cvtColor(part, cv2.COLOR_RGB2BGR)


def pictures() -> Figure:
    """Two JPEG files that imread takes without an exception."""
    _, stored = cv2.imencode(".jpg", small_portrait())
    cut = cut_in_half(stored)[0]
    with quiet():
        changed = decoded(one_byte_changed(stored, 6))
    figure = Figure(figsize=(6.4, 3), layout="constrained")
    shown = (("the first half of the file", cut), ("one byte changed", changed))
    for axes, (name, image) in zip(figure.subplots(1, 2), shown, strict=True):
        axes.imshow(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        axes.set_title(name)
        axes.axis("off")
    return figure


def main() -> None:
    photo = small_portrait()
    print("       half a file           one byte changed, of 100 files")
    print("       imread     imdecode   refused  right  wrong")
    for extension in EXTENSIONS:
        _, stored = cv2.imencode(extension, photo)
        halves = cut_in_half(stored)
        told = ["None" if h is None else "an image" for h in halves]
        fates = Counter(fate(stored, seed) for seed in range(100))
        row = [fates[name] for name in ("refused", "right", "wrong")]
        print(f"{extension:<6} {told[0]:<10} {told[1]:<10}", end="")
        print(f" {row[0]:>7}  {row[1]:>5}  {row[2]:>5}")


if __name__ == "__main__":
    main()
