"""Drawing: how good the small models are, against what they cost.

A number stands for a model, in the order of the outline; a line through it
spans the two seeds. The dashed line is what the color of a pixel tells.
"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from examples.segmentation.index import color_score, mean_iou
from examples.segmentation.index_comparison import COLOR_CUE, STEPS
from examples.segmentation.index_cost import RUNS
from examples.segmentation.index_stored import stored_values

INK = "#757b84"
COLORS = ("#3b82f6", "#ea7a17", "#1f9d6b", "#a35fe0", "#e5484d")
COSTS = {
    "parameters": ("parameters, million", 1e-6),
    "mflops": ("FLOPs, million", 1),
    "milliseconds": (f"ms, median of {RUNS}", 1),
}


def numbered(number: int, label: str = "") -> Line2D:
    return Line2D(
        *([], []),
        lw=0,
        marker=f"${number}$",
        ms=7 if number < 10 else 9.5,
        mew=0.4,
        color=COLORS[number % len(COLORS)],
        label=label,
    )


def log_axis(axes: Axes, low: float, high: float) -> None:
    """Plain numbers, and room for at least a factor of four."""
    low, high = low / 2, high * 2
    ticks = [m * 10.0**e for e in range(-3, 7) for m in (1, 2, 5)]
    shown = [t for t in ticks if low <= t <= high]
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.minorticks_off()
    axes.set_xticks(shown, [f"{tick:g}" for tick in shown])


def cost_figure() -> Figure:
    cost = stored_values("index_cost")
    scores = stored_values("index_comparison")
    names = [row for row in scores if row in cost]
    color_alone = mean_iou(color_score(COLOR_CUE))
    best = max(scores[row]["miou_high"] for row in names)
    lines = (len(names) + 4) // 5
    figure = Figure(figsize=(6.4, 2.9 + 0.2 * lines), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    for axes, (key, (label, unit)) in zip(panels, COSTS.items(), strict=True):
        found = [cost[row][key] * unit for row in names]
        for number, (x, row) in enumerate(zip(found, names, strict=True), 1):
            values, mark = scores[row], numbered(number)
            seeds = [values["miou_low"], values["miou_high"]]
            axes.plot([x, x], seeds, color=mark.get_color(), alpha=0.4)
            mark.set_data([x], [values["miou"]])
            axes.add_line(mark)
        axes.axhline(color_alone, color=INK, ls="--", lw=1)
        log_axis(axes, min(found), max(found))
        axes.set(xlabel=label, ylim=(0, 1.15 * best))
    panels[0].set_ylabel(f"mIoU after {STEPS} steps")
    alone = Line2D([], [], color=INK, ls="--", lw=1, label="color alone")
    handles = [
        numbered(number, scores[row]["model"])
        for number, row in enumerate(names, 1)
    ]
    figure.legend(
        handles=[alone, *handles],
        loc="outside lower center",
        ncols=min(len(names) + 1, 5),
        handletextpad=0.4,
    )
    return figure
