"""Drawings: PSPNet, what it segments, and how far pyramids see."""

from matplotlib.figure import Figure

from examples.segmentation.diagram import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    Diagram,
)
from examples.segmentation.index_segments import segments
from examples.segmentation.index_stored import stored_values
from examples.segmentation.pspnet_context import FAR


def model_figure() -> Figure:
    d = Diagram(16, 7.8)
    y, xs = 4.5, (0.6, 1.8, 3.0, 4.2, 5.5)
    names = ("image", "stem", "stage 1", "stage 2", "stage 3")
    strides, channels = (1, 2, 4, 8, 8), (3, 128, 256, 512, 1024)
    maps = []
    rows = zip(xs, names, strides, channels, strict=True)
    for i, (x, name, stride, c) in enumerate(rows):
        below = f"1/{stride}" if i else ""
        words = name.replace(" ", "\n")
        maps.append(d.maps(x, y, stride, c, words, below))
        if i:
            d.arrow(maps[-2], maps[-1])
    last = d.maps(6.9, y, 8, 2048, "stage\n4", "1/8")
    d.arrow(maps[-1], last)
    stack, fork = d.node(12.2, y, "c", ORANGE), 7.9
    for n, height in ((1, 7.2), (2, 5.8), (3, 3.2), (6, 1.8)):
        level = d.op(9.4, height, f"{n} × {n} means", 2.3, 0.7)
        conv = d.op(11.35, height, "1 × 1", 1.0, 0.7)
        d.path([(fork, y), (fork, height), level.left], "", ORANGE)
        d.arrow(level, conv, color=ORANGE)
        up = stack.top if height > y else stack.bottom
        d.path([conv.right, (12.2, height), up], color=ORANGE)
    d.arrow(last, stack)
    d.text(9.6, y + 0.1, "itself", va="bottom")
    d.text(12.4, 7.2, "enlarged", color=ORANGE, ha="left")
    score = d.maps(13.6, y, 8, 21, "scores", "", GREEN)
    d.arrow(stack, score, color=GREEN)
    out = d.maps(15.4, y, 1, 21, "logits", "", GREEN)
    d.arrow(score, out, "×8", GREEN)
    aux = d.op(5.5, 1.2, "second head", 2.2, 0.8, PURPLE)
    start = (5.5, maps[-1].bottom[1] - 0.55)
    d.path([start, aux.top], "", PURPLE)
    d.text(4.2, 1.2, "0.4 of its loss,\nin training", color=INK, ha="right")
    d.text(3.4, 6.7, "dilated: 2 in stage 3, 4 in stage 4", color=BLUE)
    return d.figure


def segments_figure() -> Figure:
    return segments("pspnet")


def context_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    looks = {
        "none": (INK, ":"),
        "one": (BLUE, "--"),
        "two": (PURPLE, "--"),
        "three": (GREEN, "--"),
        "six": (INK, "-."),
        "all": (ORANGE, "-"),
    }
    stored = stored_values("pspnet_context", looks)
    for row, (color, line) in looks.items():
        values = stored[row]
        name = values["bins"].replace(" ", ", ")
        curve = values["by_distance"]
        axes.plot(curve, line, color=color, label=name)
    axes.axhline(0.5, color=INK, lw=0.8)
    axes.set(xlabel="distance of the nearest mark, pixels")
    axes.set(ylabel="right", ylim=(0.45, 1.02), xlim=(0, FAR))
    axes.legend(title="bins", ncols=2, loc="center left")
    return figure
