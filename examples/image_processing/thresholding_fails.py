"""Histograms on which Otsu's threshold is no boundary, and its price.

Each histogram is built from its formula, without random numbers: Gaussian
bumps of known place, width and share, one million pixels in all. ``wrong``
is the share of the large class that falls on the wrong side of t.
"""

import numpy as np
from matplotlib.figure import Figure

from examples.image_processing.thresholding import (
    between_class_variance,
    separability,
)

DARK, BRIGHT, SIGMA = 80, 160, 12


# --8<-- [start:bumps]
def bump(center: float, sigma: float, pixels: float) -> np.ndarray:
    levels = np.arange(256)
    density = np.exp(-((levels - center) ** 2) / (2 * sigma**2))
    return np.rint(pixels * density / density.sum()).astype(np.int64)


def two_bumps(share: float, sigma: float = SIGMA) -> np.ndarray:
    background = bump(DARK, sigma, 1e6 * (1 - share))
    return background + bump(BRIGHT, sigma, 1e6 * share)


def best_level(counts: np.ndarray) -> int:
    return int(between_class_variance(counts).argmax())


# --8<-- [end:bumps]
# --8<-- [start:smallest]
def smallest_share(sigma: float) -> float:
    """The smallest bright share, in steps of 0.1 %, that Otsu sees."""
    for thousandths in range(1, 501):
        t = best_level(two_bumps(thousandths / 1000, sigma))
        if bump(DARK, sigma, 1e6)[t + 1 :].sum() < 5e4:
            return thousandths / 1000
    raise ValueError(f"sigma is {sigma}; no share is seen at that width")


def lower_bound(sigma: float) -> float:
    """Below this share, halving the background beats the valley."""
    distance = (BRIGHT - DARK) / (sigma * np.sqrt(2 / np.pi))
    return float(1 / (distance**2 - 2 * distance))


# --8<-- [end:smallest]
def shares_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    panels = figure.subplots(2, 2, sharex=True)
    shapes = {
        "50 % bright": two_bumps(0.5),
        "5 % bright": two_bumps(0.05),
        "1 % bright": two_bumps(0.01),
        "one bump": bump(128, 20, 1e6),
    }
    levels = np.arange(256)
    drawn = zip(panels.flat, shapes.items(), strict=True)
    for panel, (name, counts) in drawn:
        t = best_level(counts)
        low = levels <= t
        heights = np.sqrt(counts)  # so that 1 % can be seen
        panel.stairs(heights * low, fill=True, color="#3b82f6")
        panel.stairs(heights * ~low, fill=True, color="#ea7a17")
        curve = panel.twinx()
        curve.plot(levels, between_class_variance(counts), color="#1f9d6b")
        curve.axvline(t, color="#757b84", ls=":")
        curve.set(ylim=(0, None), yticks=())
        panel.set(yticks=(), xlim=(20, 220))
        panel.set_title(f"{name}: t = {t}")
    for panel in panels[1]:
        panel.set_xlabel("gray level")
    for panel in panels[:, 0]:
        panel.set_ylabel("√ pixels")
    return figure


def main() -> None:
    print("bright share     t   wrong   eta")
    background = bump(DARK, SIGMA, 1e6)
    for share in (0.5, 0.2, 0.05, 0.02, 0.01, 0.001):
        counts = two_bumps(share)
        t = best_level(counts)
        wrong = background[t + 1 :].sum() / background.sum()
        eta = separability(counts)
        print(f"{share:>12.1%} {t:>5} {wrong:>7.1%}  {eta:.2f}")
    print("\nshape            t   eta   closed form")
    one, flat = bump(128, 20, 1e6), np.full(256, 1000)
    for name, counts, exact in (
        ("one bump", one, 2 / np.pi),
        ("flat", flat, 3 / 4),
    ):
        numbers = f"{best_level(counts):>9}  {separability(counts):.2f}"
        print(f"{name:<8} {numbers} {exact:>13.2f}")
    print("\ndistance / sigma   smallest bright share seen   bound")
    for sigma in (8, 10, 16, 20):
        ratio = (BRIGHT - DARK) / sigma
        seen, bound = smallest_share(sigma), lower_bound(sigma)
        print(f"{ratio:>16.0f} {seen:>28.1%} {bound:>7.1%}")


if __name__ == "__main__":
    main()
