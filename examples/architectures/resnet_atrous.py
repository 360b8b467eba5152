"""Drawing: a stride of 2, one removed, and one made a dilation."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, BLUE, ORANGE, GREEN = "#757b84", "#3b82f6", "#ea7a17", "#1f9d6b"
LAST = 12  # positions 0 … 12 of a row of pixels
HEIGHTS = (0, 1, 2)


def draw_reads(
    axes: Axes, stride: int, rate: int, color: str, shared: bool
) -> None:
    """Two 3-tap layers; the tree of the middle output is drawn out."""
    rows = (range(LAST + 1), *(range(0, LAST + 1, stride),) * 2)
    middle = LAST // 2
    first = [middle + rate * step for step in (-1, 0, 1)]
    pairs = [((p, 1), (middle, 2)) for p in first]
    pairs += [((p + s, 0), (p, 1)) for p in first for s in (-1, 0, 1)]
    for (x, low), (above, high) in pairs:
        axes.plot([x, above], [low, high], color=color, lw=1.5, zorder=1)
    for height, row in zip(HEIGHTS, rows, strict=True):
        for x in row:
            same = x % 2 == 0 and (height == 1 or (height == 2 and shared))
            paint = GREEN if same else INK
            axes.scatter(x, height, 52, paint, zorder=2)
    axes.set(xlim=(-0.6, LAST + 0.6), ylim=(-0.4, 2.4), xticks=[])
    axes.set_yticks(HEIGHTS, ["input", "1st 3×3", "2nd 3×3"])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def atrous_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    kinds = {
        "stride 2 in the first": (2, 2, BLUE, True),
        "stride removed: the second reads other neighbors": (
            *(1, 1, ORANGE, False),
        ),
        "stride removed, dilation 2 in the second": (1, 2, BLUE, True),
    }
    for axes, (title, (stride, rate, color, shared)) in zip(
        figure.subplots(3, 1), kinds.items(), strict=True
    ):
        draw_reads(axes, stride, rate, color, shared)
        axes.set_title(title, loc="left")
    return figure
