"""MSE as a picture: the mean area of squares whose sides are the errors."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from skimage import data

from examples.image_quality.mse import error, mae, rmse

BLUE, ORANGE, GREEN, RED = "#3b82f6", "#ea7a17", "#1f9d6b", "#e5484d"


def scanline() -> tuple[np.ndarray, np.ndarray]:
    """Ten pixels of a row of the photograph, and a damaged copy."""
    x = data.camera()[430, 400:410].astype(np.float64)
    e = np.array([3, -8, 5, 14, -2, -22, 6, 0, 9, -4])
    return x, x + e


def draw_square(panel: Axes, left: float, side: float, color: str) -> None:
    panel.add_patch(
        Rectangle((left, 0), side, side, facecolor=color, alpha=0.5)
    )


def squares_figure() -> Figure:
    x, y = scanline()
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    top, low = figure.subplots(2, 1, height_ratios=[1.6, 1])
    at = np.arange(len(x))
    top.vlines(at, np.minimum(x, y), np.maximum(x, y), RED, lw=5, alpha=0.5)
    top.plot(at, x, "o-", color=BLUE, label="x, the reference")
    top.plot(at, y, "o-", color=ORANGE, label="y, the image judged")
    top.set(xlabel="pixel of one row", ylabel="gray level", xticks=at)
    top.legend(ncols=2, loc="upper left", bbox_to_anchor=(0, 1.2))

    left = 0.0
    for side in np.abs(error(x, y)):
        draw_square(low, left, side, RED)
        left += side + 3
    low.text(0, 25, "squares of side |e|, area e²", color=RED)
    root, mean = rmse(x, y), mae(x, y)
    draw_square(low, 113, root, RED)
    low.text(113, root + 10, f"mean area {root**2:.1f}", color=RED)
    low.text(113, root + 2, f"RMSE {root:.1f}", color=RED)
    draw_square(low, 138, mean, GREEN)
    low.text(138, mean + 2, f"MAE {mean:.1f}", color=GREEN)
    low.set(xlim=(-1, 155), ylim=(-1, 30), aspect="equal")
    low.axis("off")
    return figure
