"""Drawing: values go right, deltas return, gradients are where they meet.

Nothing here computes; the arrows are the lines of forward and backward in
feedforward.py for a network of three layers.
"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

INK = "#757b84"
BLUE, ORANGE, GREEN = "#3b82f6", "#ea7a17", "#1f9d6b"
HIGH, MIDDLE, LOW = 4.0, 2.0, 0.0


def plate(axes: Axes, x: float, y: float, text: str, color: str) -> None:
    shape = FancyBboxPatch(
        (x - 0.36, y - 0.3),
        0.72,
        0.6,
        boxstyle="round,pad=0.04",
        facecolor=color,
        edgecolor=color,
        alpha=0.22,
    )
    axes.add_patch(shape)
    axes.text(x, y, text, ha="center", va="center", color=color, size=12)


def leads(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    color: str,
    label: str = "",
) -> None:
    style = {"arrowstyle": "-|>", "color": color, "lw": 1.5}
    axes.annotate("", end, start, arrowprops=style | {"shrinkA": 0})
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    axes.text(x, y + 0.12, label, color=color, ha="center", size=10)


def chain_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.7), layout="constrained")
    axes = figure.subplots()
    z = (2.0, 5.2, 8.4)
    a = (0.0, 3.6, 6.8)
    for layer in range(3):
        n = layer + 1
        name = "$x$" if n == 1 else f"$a_{layer}$"
        plate(axes, a[layer], HIGH, name, BLUE)
        plate(axes, z[layer], HIGH, f"$z_{n}$", BLUE)
        plate(axes, z[layer], LOW, rf"$\delta_{n}$", ORANGE)
        between = (a[layer] + z[layer]) / 2
        plate(axes, between, MIDDLE, f"$dW_{n}$", GREEN)
        start, end = (a[layer] + 0.42, HIGH), (z[layer] - 0.42, HIGH)
        leads(axes, start, end, BLUE, f"$W_{n}$")
        leads(
            axes,
            (a[layer] + 0.12, HIGH - 0.36),
            (between - 0.16, MIDDLE + 0.38),
            GREEN,
        )
        leads(
            axes,
            (z[layer] - 0.12, LOW + 0.36),
            (between + 0.16, MIDDLE - 0.38),
            GREEN,
        )
        if layer < 2:
            start, end = (z[layer] + 0.42, HIGH), (a[n] - 0.42, HIGH)
            leads(axes, start, end, BLUE, "$f$")
            leads(
                axes,
                (z[layer + 1] - 0.42, LOW),
                (z[layer] + 0.42, LOW),
                ORANGE,
                rf"$W_{n + 1}$, then $f'(z_{n})$",
            )
    leads(axes, (z[0] - 0.42, LOW), (0.4, LOW), ORANGE, "$W_1$")
    center = {"ha": "center", "va": "center"}
    axes.text(0, LOW, "$dx$", color=ORANGE, size=12, **center)
    plate(axes, 10.2, MIDDLE, "loss", INK)
    leads(axes, (z[2] + 0.42, HIGH - 0.2), (10.1, MIDDLE + 0.4), BLUE)
    leads(axes, (10.1, MIDDLE - 0.4), (z[2] + 0.42, LOW + 0.2), ORANGE)
    axes.text(9.6, 0.5, "$(p - y)/n$", color=ORANGE, size=10)
    axes.set(xlim=(-0.6, 10.8), ylim=(-0.6, 4.6))
    axes.axis("off")
    return figure
