"""The transfer curves of the five threshold modes, drawn by the code."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from examples.image_processing.thresholding import threshold

COLORS = {
    "binary": "#3b82f6",
    "binary_inv": "#ea7a17",
    "trunc": "#1f9d6b",
    "tozero": "#a35fe0",
    "tozero_inv": "#e5484d",
}


def curves_figure() -> Figure:
    t = 100
    ramp = np.arange(256, dtype=np.uint8)[None]  # (1, 256)
    curves = {"input": ramp}
    curves |= {mode: threshold(ramp, t, mode=mode) for mode in COLORS}
    figure = Figure(figsize=(6.4, 6.6), layout="constrained")
    panels = figure.subplots(3, 2, sharex=True, sharey=True)
    for panel, (mode, y) in zip(panels.flat, curves.items(), strict=True):
        color = COLORS.get(mode, "#757b84")
        for part in (slice(0, t + 1), slice(t + 1, 256)):
            panel.plot(ramp[0, part], y[0, part], color=color, lw=2.4)
        panel.imshow(y, extent=(0, 256, -60, -22), vmin=0, vmax=255)
        frame = Rectangle((0, -60), 256, 38, fill=False, ec="#757b84")
        panel.add_patch(frame)
        panel.axvline(t, color="#757b84", lw=1, ls=":")
        panel.set_title(mode, color=color, fontsize=12)
        panel.set(xlim=(0, 256), ylim=(-62, 265), aspect="auto")
        panel.set(xticks=(0, t, 255), yticks=(0, t, 255))
    for panel in panels[:, 0]:
        panel.set_ylabel("output y")
    for panel in panels[-1]:
        panel.set_xlabel("input x")
    return figure
