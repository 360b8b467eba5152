"""A drawing kit, so that the figures of all models speak one language.

A feature map is a box: the higher, the finer its resolution; the wider, the
more channels. Blue maps are the encoder's, green ones the decoder's, orange
is what is new in a model. Arrows are gray, skips take the color of what they
carry. Everything stands by its middle, x to the right and y up; ``width``
units make 6.4 inches.

Raises ValueError for a stride or channels below 1 and for an unknown sign.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

INK, BLUE, ORANGE, GREEN = "#757b84", "#3b82f6", "#ea7a17", "#1f9d6b"
PURPLE = "#a35fe0"
INCHES, SIZE = 6.4, 9  # of the figure, of its letters in points
Point = tuple[float, float]


class Box(NamedTuple):
    """Where a thing stands: arrows begin and end at its edge."""

    x: float
    y: float
    w: float
    h: float

    @property
    def left(self) -> Point:
        return self.x - self.w / 2, self.y

    @property
    def right(self) -> Point:
        return self.x + self.w / 2, self.y

    @property
    def top(self) -> Point:
        return self.x, self.y + self.h / 2

    @property
    def bottom(self) -> Point:
        return self.x, self.y - self.h / 2


class Diagram:
    def __init__(self, width: float, height: float) -> None:
        unit = INCHES / width
        self.figure = Figure(figsize=(INCHES, height * unit))
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(0, height), aspect="equal")
        self.axes.axis("off")

    def maps(
        self,
        x: float,
        y: float,
        stride: float,
        channels: int,
        text: str = "",
        below: str = "",
        color: str = BLUE,
    ) -> Box:
        """A feature map: ``text`` above it, ``below`` beneath."""
        if stride < 1 or channels < 1:
            raise ValueError(
                f"stride is {stride} and channels {channels}; must be at "
                "least 1"
            )
        h = 2.6 * stride**-0.42
        box = Box(x, y, 0.1 * (1 + math.log2(channels)), h)
        corner = (x - box.w / 2, y - h / 2)
        for face, alpha in ((color, 0.25), ("none", 1)):
            patch = Rectangle(corner, box.w, h, fc=face, ec=color, alpha=alpha)
            self.axes.add_patch(patch)
        if text:
            self.text(x, y + h / 2 + 0.12, text, va="bottom")
        if below:
            self.text(x, y - h / 2 - 0.12, below, va="top")
        return box

    def op(
        self,
        x: float,
        y: float,
        text: str,
        w: float = 1.8,
        h: float = 0.8,
        color: str = ORANGE,
    ) -> Box:
        """What is done: a rounded box with words in it."""
        corner, style = (x - w / 2, y - h / 2), "round,pad=0,rounding_size=0.2"
        for face, alpha in ((color, 0.2), ("none", 1)):
            patch = FancyBboxPatch(
                corner, w, h, style, fc=face, ec=color, alpha=alpha
            )
            self.axes.add_patch(patch)
        self.text(x, y, text)
        return Box(x, y, w, h)

    def node(
        self, x: float, y: float, sign: str = "+", color: str = GREEN
    ) -> Box:
        """Where maps meet: summed, multiplied or put behind each other."""
        if sign not in "+×c":
            raise ValueError(f"sign is {sign!r}; must be one of + × c")
        self.axes.add_patch(Circle((x, y), 0.27, fill=False, ec=color, lw=1.4))
        self.text(x, y, sign, size=11, color=color)
        return Box(x, y, 0.54, 0.54)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float = SIZE,
        color: str = INK,
        ha: str = "center",
        va: str = "center",
    ) -> None:
        self.axes.text(
            x, y, words, size=size, color=color, ha=ha, va=va, linespacing=1.1
        )

    def arrow(
        self, start: Box, end: Box, text: str = "", color: str = INK
    ) -> None:
        """Straight, between the sides that face each other."""
        dx, dy = end.x - start.x, end.y - start.y
        beside = abs(dx) - (start.w + end.w) / 2
        above = abs(dy) - (start.h + end.h) / 2
        if beside >= above:
            a, b = (
                (start.right, end.left) if dx > 0 else (start.left, end.right)
            )
        else:
            a, b = (
                (start.top, end.bottom) if dy > 0 else (start.bottom, end.top)
            )
        self.path([a, b], text, color)

    def skip(
        self, start: Box, end: Box, y: float, text: str = "", color: str = BLUE
    ) -> None:
        """Up or down to the height y, across, and back to the other map."""
        a, b = (
            (start.top, end.top)
            if y > start.y
            else (
                start.bottom,
                end.bottom,
            )
        )
        self.path([a, (a[0], y), (b[0], y), b], text, color)

    def path(
        self, points: Sequence[Point], text: str = "", color: str = INK
    ) -> None:
        """Through the points, with its head at the last and words midway."""
        xs, ys = zip(*points, strict=True)
        self.axes.plot(xs[:-1], ys[:-1], color=color, lw=1.4)
        style = {"arrowstyle": "-|>", "color": color, "lw": 1.4}
        self.axes.annotate(
            "",
            points[-1],
            points[-2],
            arrowprops=style
            | {"shrinkA": 0, "shrinkB": 1, "mutation_scale": 9},
        )
        if text:
            middle = len(points) // 2
            (x0, y0), (x1, y1) = points[middle - 1 : middle + 1]
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            flat = abs(y1 - y0) < abs(x1 - x0)
            if flat:
                self.text(x, y + 0.12, text, color=color, va="bottom")
            else:
                self.text(x + 0.15, y, text, color=color, ha="left")
