"""Three conventions for where 8 output pixels lie among 4 input pixels."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from examples.image_processing.geometry import centers

BLUE, ORANGE, INK = "#3b82f6", "#ea7a17", "#757b84"
RED, GREEN = "#e5484d", "#1f9d6b"


def centers_figure() -> Figure:
    n, m = 4, 8
    rows = {
        "half-pixel centers": (centers(n, m), GREEN),
        "align_corners=True": (centers(n, m, align_corners=True), ORANGE),
        "x * scale": (np.arange(m) * n / m, RED),
    }
    figure = Figure(figsize=(6.4, 3.0), layout="constrained")
    axes = figure.subplots()
    for level, (name, (places, color)) in enumerate(rows.items()):
        low = -1.15 * level
        for i in range(n):
            axes.add_patch(
                Rectangle((i - 0.5, low), 1, 0.5, fc="none", ec=INK, lw=1.2)
            )
            axes.plot(i, low + 0.25, "o", color=BLUE, ms=11)
        axes.plot(places, np.full(m, low + 0.25), "o", color=color, ms=5.5)
        axes.text(-0.5, low + 0.57, name, color=color, va="bottom")
        for place in places[[0, -1]]:
            at = {"ha": "center", "va": "top", "size": 9}
            axes.text(place, low - 0.04, f"{place:.2f}", **at)
    axes.set(xlim=(-0.75, 3.8), ylim=(-2.65, 0.95))
    axes.axis("off")
    return figure
