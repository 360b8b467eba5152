"""Drawings: two poolings called SPP, and how far chained windows reach."""

import torch.nn.functional as F
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from examples.modules.residual_depth import digits
from examples.modules.spp import SpatialPyramid
from examples.modules.spp_yolo import ChainedPools

INK = "#757b84"
BLUE, ORANGE, GREEN = "#3b82f6", "#ea7a17", "#1f9d6b"


def shades() -> LinearSegmentedColormap:
    """From nothing at all to blue, so that either background shows."""
    clear, full = (0.23, 0.51, 0.96, 0.04), (0.23, 0.51, 0.96, 1.0)
    return LinearSegmentedColormap.from_list("shades", [clear, full])


def show(axes: Axes, values: Tensor) -> None:
    axes.imshow(values, cmap=shades(), vmin=-1, vmax=1)
    axes.set(xticks=(), yticks=())
    for spine in axes.spines.values():
        spine.set_color(INK)


def cut(axes: Axes, values: Tensor, bins: int) -> None:
    show(axes, values)
    h, w = values.shape
    for i in range(1, bins):
        axes.axhline(i * h / bins - 0.5, color=ORANGE, linewidth=1.5)
        axes.axvline(i * w / bins - 0.5, color=ORANGE, linewidth=1.5)


def two_figure() -> Figure:
    figure = Figure(figsize=(6.4, 7.2), layout="constrained")
    rows = figure.subplot_mosaic(
        "aabbcc;vvvvvv;ddeeff;wwwwww;xxyyzz",
        height_ratios=(2.2, 0.42, 1.75, 0.42, 2.2),
    )
    small = digits()[0][3:4]  # a three, (1, 1, 8, 8)
    wide = F.interpolate(small, size=(12, 16), mode="bilinear")
    for x, panels, strip in ((small, "abc", "v"), (wide, "def", "w")):
        for panel, bins in zip(panels, (1, 2, 4), strict=True):
            cut(rows[panel], x[0, 0], bins)
        h, w = x.shape[2:]
        rows[panels[0]].set_ylabel(f"{h} × {w}", color=INK)
        vector = SpatialPyramid()(x)  # (1, 21)
        show(rows[strip], vector)
        for edge in (0.5, 4.5):
            rows[strip].axvline(edge, color=ORANGE, linewidth=1.5)
        rows[strip].set_aspect("auto")
    for panel, count in zip("abc", (1, 4, 16), strict=True):
        rows[panel].set_title(f"{count} bin{'s'[: count - 1]}", size=11)
    rows["w"].set_xlabel("1 + 4 + 16 = 21 numbers, whatever the size")
    parts = ChainedPools()(F.pad(small, [9] * 4, value=-1.0))[0]
    names = ("the map itself", "maxima over 5 × 5", "maxima over 13 × 13")
    for panel, part, name in zip("xyz", (0, 1, 3), names, strict=True):
        show(rows[panel], parts[part])
        rows[panel].set_title(name, size=11)
    rows["x"].set_ylabel("26 × 26", color=INK)
    for half, color in ((2, ORANGE), (6, GREEN)):
        corner, side = (12 - half - 0.5,) * 2, 2 * half + 1
        frame = {"fill": False, "edgecolor": color, "linewidth": 1.5}
        rows["x"].add_patch(Rectangle(corner, side, side, **frame))
    rows["y"].set_xlabel("SPP in YOLO: maps of the same size, side by side")
    return figure


def ways(times: int) -> list[int]:
    """In how many ways chained windows of 5 reach each place."""
    counts = [1]
    for _ in range(times):
        wide = [0] * 4 + counts + [0] * 4
        counts = [sum(wide[i : i + 5]) for i in range(len(counts) + 4)]
    return counts


def reach_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    panels = figure.subplots(3, 1, sharex=True)
    for times, axes in enumerate(panels, start=1):
        counts = ways(times)
        half, top = len(counts) // 2, max(counts)
        places = range(-half, half + 1)
        ink = {"color": ORANGE, "alpha": 0.75}
        axes.bar(places, counts, width=0.86, **ink, label="how often: mean")
        for place, count in zip(places, counts, strict=True):
            above = count + 0.04 * top
            axes.text(place, above, count, ha="center", size=9)
        frame = {"fill": False, "edgecolor": BLUE, "linewidth": 2.2}
        corner, wide = (-half - 0.5, 0), 2 * half + 1
        box = Rectangle(corner, wide, 1.25 * top, **frame)
        box.set_label("reached at all: maximum")
        axes.add_patch(box)
        axes.set(yticks=(), xlim=(-6.7, 6.7), ylim=(0, 1.3 * top))
        axes.spines["left"].set_visible(False)
        name = " of ".join(["5"] * times)
        axes.set_title(f"{name}: reaches {wide}", loc="left", size=11)
    panels[-1].set_xticks(range(-6, 7, 2))
    panels[-1].set_xlabel("place in the input, relative to the output")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper right", ncols=2)
    return figure
