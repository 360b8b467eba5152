"""What v3 saves: kernels taken apart, and grids made smaller in parallel.

    n × n            n n c c   weights for c channels in and out
    1 × n, n × 1     2 n c c
    conv, then pool  9 k 2k d d         multiply-adds from (k, d, d) to
    pool, then conv  9 k 2k d d / 4     (2k, d / 2, d / 2), kernels 3 × 3
    side by side     9 k k  d d / 4     k channels from each

Szegedy et al., arxiv.org/abs/1512.00567. Raises ValueError for sides and
channels that are not positive, and for an odd side.
"""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

Pair = tuple[int, int]
SPLITS = {
    "5 × 5": ((5, 5), ((3, 3), (3, 3))),
    "3 × 3 by 2 × 2": ((3, 3), ((2, 2), (2, 2))),
    "3 × 3": ((3, 3), ((1, 3), (3, 1))),
    "7 × 7": ((7, 7), ((1, 7), (7, 1))),
}


def per_channels(kernels: Sequence[Pair]) -> int:
    """Weights over c²; multiply-adds at a position, too."""
    return sum(kh * kw for kh, kw in kernels)


def reach(kernels: Sequence[Pair]) -> Pair:
    """What one output sees: the receptive field of the chain."""
    return (
        1 + sum(kh - 1 for kh, _ in kernels),
        1 + sum(kw - 1 for _, kw in kernels),
    )


class Way(NamedTuple):
    macs: int
    narrowest: int  # numbers that the information has to pass through


def ways_to_halve(side: int, channels: int) -> dict[str, Way]:
    if side < 2 or side % 2 or channels < 1:
        raise ValueError(
            f"side is {side}, channels {channels}; side must be even, both "
            "positive"
        )
    d, k, half = side, channels, side // 2
    return {
        "conv, pool": Way(9 * k * 2 * k * d * d, 2 * k * half * half),
        "pool, conv": Way(9 * k * 2 * k * half**2, k * half * half),
        "side by side": Way(9 * k * k * half**2, 2 * k * half * half),
    }


def cells(axes: Axes, x: float, kernel: Pair, color: str) -> None:
    kh, kw = kernel
    for i in range(kh):
        for j in range(kw):
            at = (x + j - kw / 2, i - kh / 2)
            cell = Rectangle(at, 1, 1, fc=color, ec=color, alpha=0.35)
            axes.add_patch(cell)


def split_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    panels = figure.subplots(3, 1, height_ratios=(5, 3, 7))
    for axes, name in zip(panels, ("5 × 5", "3 × 3", "7 × 7"), strict=True):
        whole, parts = SPLITS[name]
        cells(axes, 0, whole, "#757b84")
        cells(axes, 10.5, parts[0], "#3b82f6")
        cells(axes, 19.5, parts[1], "#ea7a17")
        for x, word in ((5.2, "→"), (15.6, "then")):
            middle = {"ha": "center", "va": "center"}
            axes.text(x, 0, word, fontsize=12, **middle)
        before, after = per_channels([whole]), per_channels(parts)
        axes.text(23.5, 0.7, f"{before}c² to {after}c²", fontsize=11)
        saved = f"{1 - after / before:.0%} saved"
        axes.text(23.5, -1.1, saved, color="#1f9d6b", fontsize=11)
        high = whole[0] / 2 + 0.3
        axes.set(xlim=(-4, 31), ylim=(-high, high), aspect="equal")
        axes.axis("off")
    return figure


def map_box(axes: Axes, x: float, y: float, side: int, times: int) -> None:
    """A map of side² positions; times k channels are its width."""
    size = {"width": 2.6 * times, "height": side / 8}
    color = {"fc": "#3b82f6", "ec": "#3b82f6", "alpha": 0.3}
    at = (x - size["width"] / 2, y - size["height"] / 2)
    axes.add_patch(Rectangle(at, **size, **color))
    text = f"{side}²\n{'2k' if times == 2 else 'k'}"
    axes.text(x, y, text, ha="center", va="center")


def arrow(axes: Axes, start: Pair, end: Pair, word: str = "") -> None:
    style = {"arrowstyle": "-|>", "color": "#757b84"}
    axes.annotate("", end, start, arrowprops=style)
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    aside = 0.5 + 0.3 * end[1] if end[1] >= 0 else -1.3
    axes.text(x, y + aside, word, ha="center")


def grid_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.0), layout="constrained")
    panels = figure.subplots(3, 1)
    ways = ways_to_halve(34, 320)
    least = min(way.macs for way in ways.values())
    for axes, (name, way) in zip(panels, ways.items(), strict=True):
        map_box(axes, 2, 0, 34, 1)
        map_box(axes, 29, 0, 17, 2)
        if name == "side by side":
            for y, word in ((1.7, "3 × 3, stride 2"), (-1.7, "pool")):
                map_box(axes, 16, y, 17, 1)
                arrow(axes, (4, 0), (14, y), word)
                arrow(axes, (18, y), (25.6, 0))
        else:
            first, second = name.replace("conv", "3 × 3").split(", ")
            convolved = name == "conv, pool"
            map_box(axes, 16, 0, *((34, 2) if convolved else (17, 1)))
            arrow(axes, (4, 0), (12.5 if convolved else 14, 0), first)
            arrow(axes, (19.5 if convolved else 18, 0), (25.6, 0), second)
        axes.text(33, 0.4, f"cost {way.macs // least}", fontsize=11)
        share = f"narrowest {way.narrowest / (34**2 * 320):.2f}"
        axes.text(33, -1.3, share, color="#1f9d6b", fontsize=11)
        axes.set(xlim=(-0.5, 43), ylim=(-3.2, 3.2))
        axes.axis("off")
    return figure


def main() -> None:
    print("kernel           apart            weights        sees")
    for name, (whole, parts) in SPLITS.items():
        said = ", ".join(f"{kh} × {kw}" for kh, kw in parts)
        before, after = per_channels([whole]), per_channels(parts)
        kh, kw = reach(parts)
        weights = f"{before}c² to {after}c²"
        print(f"{name:<17}{said:<17}{weights:<15}{kh} × {kw}", end="")
        print(f"   {1 - after / before:.0%} saved")
    print("\n34 × 34 × 320 to 17 × 17 × 640   MMACs   narrowest")
    for name, way in ways_to_halve(34, 320).items():
        print(f"{name:<31}{way.macs / 1e6:>7.0f}{way.narrowest:>12,}")


if __name__ == "__main__":
    main()
