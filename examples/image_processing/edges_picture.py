"""One row of a photograph, its first derivative and its second.

An edge is a slope in the row, a peak in the first derivative and a change
of sign in the second. All three are drawn from the same pixels.
"""

import cv2
import numpy as np
from matplotlib.figure import Figure
from skimage.data import camera

ROW, COLUMNS = 152, slice(180, 290)


def profile_figure() -> Figure:
    strip = np.ascontiguousarray(camera()[ROW - 8 : ROW + 9])
    smooth = cv2.GaussianBlur(strip.astype(np.float64), (0, 0), 1.4)
    levels = smooth[8]
    first = np.gradient(levels)
    second = np.convolve(levels, [1, -2, 1], mode="same")
    x = np.arange(levels.size)[COLUMNS]
    inside = first[COLUMNS]
    peak = np.r_[False, np.abs(inside[1:-1]) > np.abs(inside[:-2]), False]
    peak[1:-1] &= np.abs(inside[1:-1]) >= np.abs(inside[2:])
    edges = x[peak & (np.abs(inside) > 8)]

    figure = Figure(figsize=(6.2, 5.4), layout="constrained")
    photo, *curves = figure.subplots(
        4, 1, sharex=True, height_ratios=(1.1, 2, 2, 2)
    )
    photo.imshow(
        strip[:, COLUMNS],
        aspect="auto",
        extent=(x[0] - 0.5, x[-1] + 0.5, 8.5, -8.5),
        vmin=0,
        vmax=255,
    )
    photo.axhline(0, color="#ea7a17", linewidth=1.2)
    photo.set(yticks=[], title="a strip of a photograph, and one row of it")
    names = ("gray level", "first derivative", "second derivative")
    for axes, values, name in zip(
        curves, (levels, first, second), names, strict=True
    ):
        axes.plot(x, values[COLUMNS], color="#3b82f6")
        axes.set_ylabel(name)
        for edge in edges:
            axes.axvline(edge, color="#ea7a17", linewidth=1, alpha=0.7)
        if axes is not curves[0]:
            axes.axhline(0, color="#757b84", linewidth=0.8)
    curves[1].plot(edges, first[edges], "o", color="#ea7a17", markersize=5)
    curves[2].plot(edges, 0 * edges, "o", color="#ea7a17", markersize=5)
    curves[2].set_xlabel("column")
    return figure
