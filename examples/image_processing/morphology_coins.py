"""Twenty-four coins under uneven light, from photograph to separate disks.

Flatten the background by a top-hat, threshold, close the gaps of the rims,
fill the holes, open away what is small. Holes are what the outside cannot
reach: L. Vincent, "Morphological Grayscale Reconstruction in Image
Analysis", 1993, https://doi.org/10.1109/83.217222
"""

import cv2
import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.image_processing.morphology import closing, dilate, opening
from examples.image_processing.morphology_elements import element
from examples.image_processing.morphology_fast import (
    dilate_rectangle,
    erode_rectangle,
)


# --8<-- [start:fill]
def fill_holes(mask: np.ndarray) -> np.ndarray:
    """Let the outside flood in, step by step; what stays dry is filled."""
    cross = element("cross", 3, 3)
    wall = np.pad(mask, 1)  # a free path around the image
    flood = np.zeros_like(wall)
    flood[0, 0] = 255
    while True:
        wider = np.minimum(dilate(flood, cross), 255 - wall)
        if np.array_equal(wider, flood):
            return 255 - flood[1:-1, 1:-1]
        flood = wider


# --8<-- [end:fill]
# --8<-- [start:coins]
def flatten(image: np.ndarray, size: int) -> np.ndarray:
    """Top-hat by a square that no coin can hide."""
    low = erode_rectangle(image, size, size)
    return image - dilate_rectangle(low, size, size)


def masks(image: np.ndarray) -> dict[str, np.ndarray]:
    _, mask = cv2.threshold(image, 0, 255, cv2.THRESH_OTSU)
    closed = closing(mask, element("ellipse", 5, 5))
    filled = fill_holes(closed)
    return {
        "threshold": mask,
        "close 5": closed,
        "fill holes": filled,
        "open 13": opening(filled, element("ellipse", 13, 13)),
    }


def stages() -> dict[str, np.ndarray]:
    photo = data.coins()  # uint8 (303, 384)
    flat = flatten(photo, 71)
    return {
        "photo": photo,
        "top-hat": flat,
        **masks(flat),
        "no top-hat": masks(photo)["open 13"],
    }


def areas(mask: np.ndarray) -> list[int]:
    """Areas of the connected parts, smallest first."""
    _, _, table, _ = cv2.connectedComponentsWithStats(mask)
    return sorted(int(a) for a in table[1:, cv2.CC_STAT_AREA])


# --8<-- [end:coins]
def coins_figure() -> Figure:
    found = stages()
    names = (
        "photo",
        "top-hat",
        "threshold",
        "fill holes",
        "open 13",
        "no top-hat",
    )
    figure = Figure(figsize=(6.0, 7.6), layout="constrained")
    for panel, name in zip(figure.subplots(3, 2).flat, names, strict=True):
        panel.imshow(found[name], cmap="gray", vmin=0)
        panel.set_title(name)
        panel.axis("off")
    return figure


def main() -> None:
    found = stages()
    print("mask          parts  smallest  largest")
    for name in list(found)[2:]:
        parts = areas(found[name])
        print(f"{name:<12} {len(parts):>6} {parts[0]:>9} {parts[-1]:>8}")


if __name__ == "__main__":
    main()
