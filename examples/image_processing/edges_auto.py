"""Do automatic thresholds from the median of the image work?

The rule that travels as "auto Canny" sets low and high to 0.67 and 1.33
times the median gray level. A gradient does not know the gray level: the
negative of a photograph has the same magnitudes everywhere, and so has a
brighter copy. The rule is judged by what it makes of both; beside it a rule
that reads the magnitudes themselves.

Shapes: gray (h, w), uint8. Raises ValueError for anything else.
"""

import cv2
import numpy as np
from matplotlib.figure import Figure

from examples.image_processing.edges import (
    PHOTOGRAPHS,
    canny,
    gray_photograph,
    magnitude,
)
from examples.image_processing.edges_derivatives import check_gray, sobel


# --8<-- [start:rules]
def by_median(smooth: np.ndarray, spread: float = 0.33) -> tuple[int, int]:
    check_gray(smooth, "smooth")
    middle = float(np.median(smooth))
    low, high = (1 - spread) * middle, (1 + spread) * middle
    return int(max(0, low)), int(min(255, high))


def by_magnitude(smooth: np.ndarray) -> tuple[float, float]:
    """High is passed by a tenth of all pixels; low is 40 percent of it."""
    m = magnitude(*sobel(smooth, border="edge"), norm="L1")
    high = float(np.percentile(m, 90))
    return 0.4 * high, high


# --8<-- [end:rules]
def share(edges: np.ndarray) -> float:
    return 100 * float((edges > 0).mean())


def negative_figure() -> Figure:
    smooth = cv2.GaussianBlur(gray_photograph("rocket"), (5, 5), 1.4)
    figure = Figure(figsize=(6.2, 4.5), layout="constrained")
    rows = figure.subplots(2, 2)
    for row, image in zip(rows, (smooth, 255 - smooth), strict=True):
        low, high = by_median(image)
        edges = canny(image, low, high)
        row[0].imshow(image, vmin=0, vmax=255)
        row[0].set_title(f"median {np.median(image):.0f}")
        row[1].imshow(255 - edges)
        row[1].set_title(f"low {low}, high {high}: {share(edges):.1f} %")
        for axes in row:
            axes.axis("off")
    return figure


def main() -> None:
    print("edges, %               by the median      by magnitude  80/160")
    heads = ["low/high ", *[" image", "negat."] * 2, " image"]
    print(" " * 17, *heads)
    for name in PHOTOGRAPHS:
        smooth = cv2.GaussianBlur(gray_photograph(name), (5, 5), 1.4)
        cells = [
            share(canny(image, *rule(image)))
            for rule in (by_median, by_magnitude)
            for image in (smooth, 255 - smooth)
        ]
        cells.append(share(canny(smooth, 80, 160)))
        low, high = by_median(smooth)
        columns = [f"{cell:6.1f}" for cell in cells]
        print(f"{name:<17} {low:>4}/{high:<4}", *columns, sep=" ")


if __name__ == "__main__":
    main()
