"""What each operation adds and removes; elements; blocks of van Herk."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from skimage import morphology as reference

from examples.image_processing.morphology import (
    black_hat,
    closing,
    dilate,
    erode,
    gradient,
    opening,
    top_hat,
)
from examples.image_processing.morphology_elements import element

INK, RED, GREEN, BLUE = "#757b84", "#e5484d", "#1f9d6b", "#3b82f6"
ORANGE = "#ea7a17"
KINDS = ("#00000000", "#757b84aa", RED, GREEN, BLUE)


def grid(panel: Axes, kinds: np.ndarray) -> None:
    """Cells: 0 empty, 1 kept, 2 removed, 3 added, 4 result of its own."""
    h, w = kinds.shape
    panel.pcolormesh(
        kinds[::-1],
        cmap=ListedColormap(KINDS),
        vmin=0,
        vmax=4,
        edgecolor=INK,
        linewidth=0.3,
        antialiased=True,
    )
    panel.set(xlim=(-0.1, w + 0.1), ylim=(-0.1, h + 0.1), aspect="equal")
    panel.axis("off")


def blob() -> np.ndarray:
    """Two squares, a bridge, a hole, and one dot outside: 0 and 1."""
    x = np.zeros((16, 24), np.uint8)
    x[3:13, 3:11] = 1
    x[5:12, 13:20] = 1
    x[8, 11:13] = 1  # the bridge
    x[6, 6] = 0  # the hole
    x[2, 21] = 1  # the dot
    return x


def operations_figure() -> Figure:
    x, b = blob(), element("rectangle", 3, 3)
    figure = Figure(figsize=(6.4, 8.4), layout="constrained")
    panels = figure.subplots(4, 2).flat
    grid(panels[0], x)
    panels[0].set_title("input; element 3 × 3")
    changed = {erode: "erode", dilate: "dilate"}
    changed |= {opening: "open", closing: "close"}
    own = {gradient: "gradient", top_hat: "top-hat", black_hat: "black-hat"}
    shown = iter(panels[1:])
    for operation, name in changed.items():
        panel, y = next(shown), operation(x, b)
        grid(panel, x + 3 * (y > x) + (x > y))
        panel.set_title(
            f"{name}: +{(y > x).sum()}, -{(x > y).sum()}",
            color=GREEN if (y > x).any() else RED,
        )
    for operation, name in own.items():
        panel = next(shown)
        grid(panel, 4 * operation(x, b))
        panel.set_title(name, color=BLUE)
    return figure


def elements_figure() -> Figure:
    found = {
        "cross 7 × 7": element("cross", 7, 7),
        "cross 4 × 4": element("cross", 4, 4),
        "rectangle 7 × 3": element("rectangle", 7, 3),
        "ellipse 5 × 5": element("ellipse", 5, 5),
        "ellipse 15 × 15": element("ellipse", 15, 15),
        "disk(7), scikit-image": reference.disk(7),
    }
    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    for panel, (name, b) in zip(
        figure.subplots(2, 3).flat, found.items(), strict=True
    ):
        h, w = b.shape
        grid(panel, b)
        panel.plot(w // 2 + 0.5, h - h // 2 - 0.5, "o", color=ORANGE, ms=6)
        panel.set_title(f"{name}: {b.sum()}", fontsize=10)
    return figure


def blocks_figure() -> Figure:
    x, k, at = np.array([3, 7, 2, 5, 4, 6, 1, 8, 2, 9, 0, 4]), 4, 5
    blocks = x.reshape(-1, k)
    head = np.maximum.accumulate(blocks, 1).ravel()
    tail = np.maximum.accumulate(blocks[:, ::-1], 1)[:, ::-1].ravel()
    result = np.maximum(tail[: x.size - k + 1], head[k - 1 :])
    figure = Figure(figsize=(6.4, 3.1), layout="constrained")
    panel = figure.subplots()
    rows = {"x": x, "tail  ←": tail, "head  →": head, "maximum": result}
    lit = {
        "x": (range(at, at + k), BLUE),
        "tail  ←": ([at], ORANGE),
        "head  →": ([at + k - 1], ORANGE),
        "maximum": ([at], GREEN),
    }
    for row, (name, values) in enumerate(rows.items()):
        panel.text(-0.4, row + 0.5, name, ha="right", va="center")
        cells, color = lit[name]
        for i, value in enumerate(values):
            alpha = 0.35 if i in cells else 0.0
            place = (i, row + 0.1)
            panel.add_patch(
                Rectangle(place, 1, 0.8, fc=color, alpha=alpha, lw=0)
            )
            panel.add_patch(
                Rectangle(place, 1, 0.8, fill=False, ec=INK, lw=0.6)
            )
            panel.text(i + 0.5, row + 0.53, value, ha="center", va="center")
    for i in range(0, x.size + 1, k):
        panel.plot([i, i], [-0.1, 3.05], color=INK, lw=2.2)
    arrow = {"arrowstyle": "->", "color": ORANGE, "lw": 1.4}
    for start, end in (
        ((at + 0.15, 1.9), (at + 0.15, 3.15)),
        ((at + k - 0.5, 2.88), (at + 0.75, 3.15)),
    ):
        panel.annotate("", end, start, arrowprops=arrow)
    panel.set(xlim=(-2.2, x.size + 0.1), ylim=(4.05, -0.2))
    panel.axis("off")
    return figure
