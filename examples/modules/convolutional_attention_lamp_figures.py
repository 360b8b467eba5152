"""Drawings of the lamp: what is asked, what is answered, how far it is seen.

The curves come from the stored rows of
``convolutional_attention_lamp_results.py``.
"""

import json
from pathlib import Path

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from examples.modules.convolutional_attention_lamp_results import (
    SHOWN,
    lamp_test,
)

INK, BLUE, ORANGE, GREEN = "#757b84", "#3b82f6", "#ea7a17", "#1f9d6b"
CURVES = {
    "plain": ("plain", ORANGE, "-"),
    "deeper": ("plain, 7 blocks", ORANGE, "--"),
    "spatial": ("spatial", GREEN, "-"),
    "se": ("SE", BLUE, "--"),
    "channel": ("channel", BLUE, "-"),
}


def lamp_data(row: str) -> dict:
    folder = Path("docs/_data/modules/convolutional_attention_lamp_results")
    text = (folder / f"{row}.json").read_text(encoding="utf-8")
    return json.loads(text)["values"]


def scenes_figure() -> Figure:
    """Red, green, a lamp that is white or black; then two answers."""
    figure = Figure(figsize=(6.4, 4.9), layout="constrained")
    images, marked, _ = lamp_test(SHOWN)
    seen = 0.45 + 0.0 * images
    seen[:, 0] += 0.45 * images[:, 0] - 0.25 * images[:, 1]
    seen[:, 1] += 0.3 * images[:, 1] - 0.25 * images[:, 0]
    seen[:, 2] -= 0.25 * images[:, :2].amax(dim=1)
    seen = torch.where(images[:, 2:] != 0, (images[:, 2:] + 1) / 2, seen)
    for k, line in enumerate(figure.subplots(SHOWN, 4)):
        given = [
            list(map(int, lamp_data(run)["answers"][k]))
            for run in ("plain", "channel")
        ]
        maps = [seen[k].permute(1, 2, 0), 9 * marked[k]]
        maps += [torch.tensor(answer).view(16, 16) for answer in given]
        titles = ("image", "to mark", "plain", "channel gates")
        for axes, picture, title in zip(line, maps, titles, strict=True):
            axes.imshow(picture.clamp(0, 9), vmin=0, vmax=9)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
            if k == 0:
                axes.set_title(title)
    return figure


def reach_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    top, bottom = figure.subplots(2, 1, height_ratios=(1.4, 1))
    for run, (name, color, line) in CURVES.items():
        values = lamp_data(run)["by_distance"]
        top.plot(values, line, color=color, label=name)
    top.axvline(5.5, color=INK, linestyle=":")
    top.text(5.6, 0.42, "two blocks see no farther", color=INK)
    top.axhline(0.5, color=INK, linestyle=":")
    top.set(xlabel="pixels from the lamp", ylim=(0.38, 1.03))
    top.set_ylabel("pixels right")
    top.legend(loc="lower left", bbox_to_anchor=(0, 0.2))
    draw_gates(bottom, *lamp_data("channel")["gates"])
    for axes in (top, bottom):
        axes.grid(visible=True, axis="y")
    return figure


def draw_gates(axes: Axes, lit: list[float], out: list[float]) -> None:
    for block in (0, 1):
        places = range(9 * block, 9 * block + 8)
        part = slice(8 * block, 8 * block + 8)
        axes.vlines(places, lit[part], out[part], color=INK)
        axes.scatter(places, lit[part], 70, BLUE, label="lamp lit")
        axes.scatter(places, out[part], 18, ORANGE, label="lamp out")
    axes.set_xticks((3.5, 12.5), ("first block", "second block"))
    axes.tick_params(axis="x", length=0)
    axes.set(ylabel="mean gate", ylim=(-0.05, 1.05))
    handles, names = axes.get_legend_handles_labels()
    axes.legend(handles[:2], names[:2], loc="lower left", ncols=2)
