"""Drawings: SegNet, what unpooling does, what the small one segments."""

import torch
import torch.nn.functional as F
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from examples.segmentation.diagram import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    Diagram,
)
from examples.segmentation.index_segments import compare_segments
from examples.segmentation.segnet import pool, unpool

MIDDLE = {"ha": "center", "va": "center"}


def model_figure() -> Figure:
    d = Diagram(16, 6.6)
    y, step, channels = 4.6, 1.33, (64, 128, 256, 512, 512)
    image = d.maps(0.6, y, 1, 3, "3", "image")
    before, encoder = image, []
    for i, c in enumerate(channels):
        x = 1.75 + step * i
        encoder.append(d.maps(x, y, 2**i, c, str(c)))
        d.arrow(before, encoder[-1])
        before = encoder[-1]
    low = d.maps(1.75 + step * 5, y, 32, 512, "512")
    d.arrow(before, low)
    before = low
    for i in reversed(range(5)):
        out = channels[i - 1] if i else 11
        x = 1.75 + step * (10 - i)
        box = d.maps(x, y, 2**i, out, str(out) if i else "k", "", GREEN)
        d.arrow(before, box, "", GREEN)
        d.skip(encoder[i], box, 0.45 + 0.52 * i, "", ORANGE)
        before = box
    d.text(low.x, 3.3, "indices", color=ORANGE)
    d.text(5.4, 6.3, "pool after each stage", color=BLUE)
    d.text(11.2, 6.3, "unpool before each stage", color=GREEN)
    return d.figure


def numbers(axes: Axes, values: Tensor, title: str, ink: list[list]) -> None:
    rows, columns = values.shape
    for i in range(rows):
        for j in range(columns):
            word, color = f"{float(values[i, j]):g}", ink[i][j]
            axes.text(j + 0.5, i + 0.5, word, color=color, size=11, **MIDDLE)
    axes.set(xlim=(0, columns), ylim=(rows, 0), aspect="equal")
    axes.set_xticks(range(columns + 1), [])
    axes.set_yticks(range(rows + 1), [])
    axes.grid(color=INK, alpha=0.35, lw=0.8)
    for k in range(0, rows + 1, 2 if rows == 4 else 1):
        axes.axhline(k, color=INK, lw=1.6)
        axes.axvline(k, color=INK, lw=1.6)
    axes.tick_params(length=0)
    axes.set_title(title, size=10, color=INK)
    axes.spines[:].set_color(INK)


def unpool_figure() -> Figure:
    x = torch.tensor(
        [[1.0, 4, 0, 2], [3, 2, 8, 1], [0, 1, 3, 6], [2, 0, 5, 4]]
    )[None, None]
    y, indices = pool(x)
    u = unpool(y, indices, (4, 4))
    corner = torch.zeros_like(x)
    corner[..., ::2, ::2] = y
    smooth = F.interpolate(y, (4, 4), mode="bilinear")
    panels = {
        "map": x,
        "pooled": y,
        "indices": indices,
        "unpooled by indices": u,
        "to the corners": corner,
        "bilinear": smooth,
    }
    figure = Figure(figsize=(6.2, 4.4), layout="constrained")
    for axes, (title, values) in zip(
        figure.subplots(2, 3).flat, panels.items(), strict=True
    ):
        plane, size = values[0, 0], values.shape[-1]
        marks = {"map": u, "to the corners": corner, "bilinear": 0 * x}
        marked = marks.get(title, u if size == 4 else y + 1)[0, 0]
        color = BLUE if title == "map" else ORANGE
        ink = [[color if m else INK for m in row] for row in marked]
        numbers(axes, plane, title, ink)
    return figure


def segments_figure() -> Figure:
    return compare_segments({"FCN-8s": "fcn_8s", "SegNet": "segnet"})
