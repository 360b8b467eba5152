"""The segment test on one real pixel: the circle and its 16 differences."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from skimage import data

from examples.image_processing.features_fast import (
    ARC,
    CIRCLE,
    circle_differences,
)

X, Y, THRESHOLD, HALF = 207, 294, 20, 5  # the tip of an elbow in camera
BLUE, ORANGE, GRAY = "#3b82f6", "#ea7a17", "#757b84"


def color_of(difference: int) -> str:
    if abs(difference) <= THRESHOLD:
        return GRAY
    return ORANGE if difference > 0 else BLUE


def longest_run(passed: np.ndarray) -> int:
    best = run = 0
    for ok in np.tile(passed, 2):  # 16 and 1 are neighbors
        run = run + 1 if ok else 0
        best = max(best, run)
    return min(best, 16)


def numbered_circle(panel: Axes, differences: np.ndarray) -> None:
    rows, columns = (slice(c - HALF, c + HALF + 1) for c in (Y, X))
    panel.imshow(data.camera()[rows, columns], vmin=0, vmax=255)
    for number, (x, y) in enumerate(CIRCLE):
        at, color = (HALF + x, HALF + y), color_of(int(differences[number]))
        corner = (at[0] - 0.5, at[1] - 0.5)
        panel.add_patch(Rectangle(corner, 1, 1, fc=color, ec="white", lw=1))
        style = {"color": "white", "fontsize": 9, "weight": "bold"}
        panel.text(*at, f"{number + 1}", ha="center", va="center", **style)
    panel.plot(HALF, HALF, "P", color="#e5484d", ms=11, mec="white")
    panel.set_title("the circle of 16 around p")
    panel.axis("off")


def segment_figure() -> Figure:
    differences = circle_differences(data.camera())[:, Y - 3, X - 3]
    figure = Figure(figsize=(6.4, 3.3), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    numbered_circle(left, differences)
    colors = [color_of(int(d)) for d in differences]
    right.bar(range(1, 17), differences, color=colors)
    for level in (-THRESHOLD, THRESHOLD):
        right.axhline(level, color="#e5484d", ls="--", lw=1.3)
    right.set(xticks=[1, 5, 9, 13, 16], xlabel="pixel of the circle")
    darker = longest_run(differences < -THRESHOLD)
    title = f"{darker} in a row are darker, {ARC} suffice"
    right.set(ylabel="$I(q) - I(p)$", title=title)
    return figure
