"""Shrinking: what is left of stripes that the small image cannot show.

A wave of period p input pixels, shrunk by s, has a period of p / s output
pixels. Below 2 no grid can carry it: it should vanish into its mean. What
remains reappears with a false, long period: an alias.
"""

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_sample_image

from examples.image_processing.geometry_resize import resize

SHRINKING = (
    "nearest",
    "bilinear",
    "bicubic",
    "area",
    "bilinear antialias",
    "bicubic antialias",
)


# --8<-- [start:remains]
def remains(mode: str, period: float, factor: int = 4) -> float:
    """Amplitude left of a wave of amplitude 1, shrunk by the factor."""
    x = np.arange(240 * factor)
    wave = np.sin(2 * np.pi * x / period)[None]  # (1, w)
    small = resize(wave, (1, 240), mode)[0]
    return float(np.sqrt(2) * small[20:-20].std())  # away from the border


# --8<-- [end:remains]
def main() -> None:
    periods = (32, 16, 9, 7, 5, 3.1, 2.3)
    print("amplitude left after shrinking by 4; below 8 an alias")
    print(f"{'period':<20}", *[f"{period:5}" for period in periods])
    for mode in SHRINKING:
        left = [f"{remains(mode, period):5.2f}" for period in periods]
        print(f"{mode:<20}", *left)


def moire_figure() -> Figure:
    roof = load_sample_image("china.jpg")[30:330, 60:360]
    figure = Figure(figsize=(6.4, 6.8), layout="constrained")
    panels = figure.subplots(2, 2).flat
    next_to = {"nearest": "nearest", "bilinear": "bilinear", "area": "area"}
    first = next(panels)
    first.imshow(roof)
    first.set_title("the photograph, 300 × 300")
    first.axis("off")
    for mode, title in next_to.items():
        axes = next(panels)
        small = np.rint(resize(roof, (75, 75), mode)).astype(np.uint8)
        axes.imshow(small)
        axes.set_title(f"75 × 75, {title}")
        axes.axis("off")
    return figure


if __name__ == "__main__":
    main()
