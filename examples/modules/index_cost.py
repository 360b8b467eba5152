"""Drawing: parameters against FLOPs of every block at one setting."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from examples.modules.index import local_blocks, wide_blocks

INK, BLUE, ORANGE, GREEN = "#757b84", "#3b82f6", "#ea7a17", "#1f9d6b"
CHANNELS, SIDE = 64, 56
LOCAL = {  # where the label stands: points to the right, points up, anchor
    "1 × 1": (-6, 4, "right"),
    "3 × 3": (-8, 2, "right"),
    "3 × 3, stride 2": (8, -4, "left"),
    "3 × 3, depthwise": (8, -4, "left"),
    "separable 3 × 3": (8, -6, "left"),
    "deformable 3 × 3": (8, -7, "left"),
    "transposed 4 × 4": (-8, 5, "right"),
    "basic block": (8, -3, "left"),
}
WIDE = {
    "ASPP": (2, 8, "right"),
    "SE": (8, -3, "left"),
    "CBAM": (8, -3, "left"),
    "cross-attention": (-8, 4, "right"),
    "self-attention": (-8, -2, "right"),
    "encoder layer": (8, 4, "left"),
}


def label(axes: Axes, name: str, x: float, y: float, at: tuple) -> None:
    right, up, anchor = at
    axes.annotate(
        name,
        (x, y),
        (right, up),
        textcoords="offset points",
        ha=anchor,
        size=9,
    )


def cost_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.0), layout="constrained")
    axes = figure.subplots()
    weights = [2e2, 1e6]
    n = SIDE**2
    for uses, name in ((n, "used n times"), (1, "used once")):
        y = [2 * uses * w / 1e6 for w in weights]
        axes.plot(weights, y, "--", color=INK, lw=1)
        axes.annotate(
            name,
            (4e5, 2 * uses * 0.4),
            (0, -8),
            textcoords="offset points",
            rotation=20,
            rotation_mode="anchor",
            va="top",
            ha="center",
            size=9,
        )
    groups = (
        (local_blocks(CHANNELS, SIDE), LOCAL, BLUE, "reads a window"),
        (wide_blocks(CHANNELS, SIDE), WIDE, ORANGE, "reads the whole map"),
    )
    for costs, labels, color, kind in groups:
        chosen = [costs[name] for name in labels]
        xs = [cost.parameters for cost in chosen]
        ys = [cost.flops / 1e6 for cost in chosen]
        axes.plot(xs, ys, "o", color=color, ms=6, label=kind)
        for name, x, y in zip(labels, xs, ys, strict=True):
            label(axes, name, x, y, labels[name])
    axes.set(xscale="log", yscale="log", xlim=(3e2, 1e6), ylim=(3e-4, 2e4))
    axes.set(xlabel="parameters", ylabel="MFLOPs")
    axes.grid(visible=True)
    axes.legend(loc="lower right")
    return figure
