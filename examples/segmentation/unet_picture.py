"""Drawings: the U, and what the small one segments."""

from itertools import pairwise

from matplotlib.figure import Figure

from examples.segmentation.diagram import BLUE, GREEN, Diagram
from examples.segmentation.index_segments import segments


def model_figure() -> Figure:
    d = Diagram(16, 10.2)
    down, up = (568, 280, 136, 64, 28), (388, 196, 100, 52)
    ys = (8.3, 6.1, 4.2, 2.6, 1.0)
    left, right = [], []
    for level, (y, side) in enumerate(zip(ys, down, strict=True)):
        channels, x = 64 * 2**level, 2.7 + 1.35 * level
        box = d.maps(x, y, 2**level, channels, str(channels))
        d.text(box.left[0] - 0.12, y - 0.25, f"{side}²", ha="right")
        left.append(box)
    for level, (box, side) in enumerate(zip(left, up, strict=False)):
        channels = 64 * 2**level
        place = (16 - box.x, box.y, 2**level, channels, str(channels))
        right.append(d.maps(*place, color=GREEN))
        d.text(
            right[level].right[0] + 0.12, box.y - 0.25, f"{side}²", ha="left"
        )
        d.arrow(box, right[level], "crop, copy" if level < 3 else "", BLUE)
    for a, b in pairwise(left):
        d.path([a.bottom, (a.x, b.y), b.left])
    for a, b in pairwise([left[4], *right[::-1]]):
        d.path([a.right, (b.x, a.y), b.bottom], "", GREEN)
    d.text(0.1, ys[0] - 0.25, "572²", ha="left")
    d.path([(0.1, ys[0] + 0.1), (left[0].left[0], ys[0] + 0.1)])
    d.path([right[0].right, (15.9, ys[0])], "", GREEN)
    d.text(15.85, ys[0] + 0.12, "scores", ha="right", va="bottom")
    d.text(2.2, 1.9, "down: max pooling,\nthen two 3 × 3")
    d.text(13.6, 1.9, "up: 2 × 2 transposed,\nthen two 3 × 3", color=GREEN)
    return d.figure


def segments_figure() -> Figure:
    return segments("unet")
