"""Interpolation drawn: four areas, the kernels, a magnified face."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from skimage import data

from examples.image_processing.geometry_resize import resize, triangle
from examples.image_processing.geometry_sampling import cubic

BLUE, ORANGE, GREEN = "#3b82f6", "#ea7a17", "#1f9d6b"
PURPLE, INK = "#a35fe0", "#757b84"
STEP = (40, 40, 40, 40, 200, 200, 200, 200)


def areas_figure() -> Figure:
    """Each pixel weighs as much as the rectangle opposite to it."""
    a, b = 0.7, 0.4
    figure = Figure(figsize=(4.6, 3.7), layout="constrained")
    axes = figure.subplots()
    rectangles = {
        "p00": (a, b, 1 - a, 1 - b, BLUE, (0, 0)),
        "p10": (0, b, a, 1 - b, ORANGE, (1, 0)),
        "p01": (a, 0, 1 - a, b, GREEN, (0, 1)),
        "p11": (0, 0, a, b, PURPLE, (1, 1)),
    }
    for name, (x, y, w, h, color, corner) in rectangles.items():
        axes.add_patch(Rectangle((x, y), w, h, fc=color, alpha=0.3))
        axes.plot(*corner, "o", color=color, ms=13)
        axes.text(
            x + w / 2,
            y + h / 2,
            f"{w * h:.2f}",
            ha="center",
            va="center",
            fontsize=13,
            weight="bold",
        )
        side = -0.09 if corner[0] == 0 else 1.09
        axes.text(
            side,
            corner[1],
            name,
            color=color,
            fontsize=13,
            ha="right" if corner[0] == 0 else "left",
            va="center",
        )
    axes.plot(a, b, "o", color="white", mec="black", ms=11)
    arrow = {"arrowstyle": "<->", "ec": INK}
    axes.annotate("", (0, -0.09), (a, -0.09), arrowprops=arrow)
    axes.text(a / 2, -0.13, f"a = {a}", ha="center", va="bottom")
    axes.annotate("", (1.06, 0), (1.06, b), arrowprops=arrow)
    axes.text(1.09, b / 2, f"b = {b}", va="center")
    axes.set(xlim=(-0.35, 1.4), ylim=(1.12, -0.25))
    axes.set_aspect("equal")
    axes.axis("off")
    return figure


def kernels_figure() -> Figure:
    t = np.linspace(-2.6, 2.6, 1041)
    figure = Figure(figsize=(6.4, 2.9), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(t, abs(t) < 0.5, color=INK, label="nearest")
    left.plot(t, triangle(t), color=BLUE, label="bilinear")
    left.plot(t, cubic(t), color=ORANGE, label="bicubic")
    softer = {"color": ORANGE, "lw": 1.2, "label": "a = -0.5"}
    left.plot(t, cubic(t, a=-0.5), "--", **softer)
    left.axhline(0, color=INK, lw=0.6)
    left.set(title="kernels", xlabel="distance, pixels", ylim=(-0.2, 1.55))
    left.set_xticks(range(-2, 3))
    left.legend(ncols=2, loc="upper center")
    step = np.array([STEP], float)
    x = (np.arange(160) + 0.5) / 20 - 0.5
    for mode, color in (
        ("nearest", INK),
        ("bilinear", BLUE),
        ("bicubic", ORANGE),
    ):
        right.plot(x, resize(step, (1, 160), mode)[0], color=color)
    right.plot(range(8), STEP, "o", color=INK, ms=5)
    right.set(title="a step, 20 times larger")
    right.set(xlabel="x", ylabel="gray level")
    right.set(xlim=(1.3, 5.7), ylim=(15, 225))
    return figure


def zoom_figure() -> Figure:
    face = data.camera()[118:162, 226:270]
    figure = Figure(figsize=(6.4, 6.6), layout="constrained")
    for axes, mode in zip(
        figure.subplots(2, 2).flat,
        ("nearest", "bilinear", "bicubic", ""),
        strict=True,
    ):
        axes.axis("off")
        if mode:
            shown = resize(face, (352, 352), mode)
            axes.imshow(shown, vmin=0, vmax=255)
            axes.set_title(f"{mode}, 8 times larger")
        else:
            axes.imshow(data.camera()[60:210, 160:310], vmin=0, vmax=255)
            axes.add_patch(
                Rectangle((66, 58), 44, 44, fc="none", ec=ORANGE, lw=2)
            )
            axes.set_title("the photograph")
    return figure
