"""A photograph, its histogram with Otsu's curve over it, and the result."""

import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.image_processing.thresholding import (
    between_class_variance,
    histogram,
    otsu,
    threshold,
)


def split_figure() -> Figure:
    image = data.camera()
    counts, t = histogram(image), otsu(image)
    figure = Figure(figsize=(6.4, 5.8), layout="constrained")
    panels = figure.subplot_mosaic(
        [["photograph", "mask"], ["histogram", "histogram"]],
        height_ratios=(3, 2.2),
    )
    images = {"photograph": image, "mask": threshold(image, t)}
    for name, shown in images.items():
        panels[name].imshow(shown, vmin=0, vmax=255)
        panels[name].set(xticks=(), yticks=())
        panels[name].spines[:].set_visible(True)
    panels["photograph"].set_title("x")
    panels["mask"].set_title(f"x > {t}")
    levels = np.arange(256)
    bars, low = panels["histogram"], levels <= t
    bars.bar(levels[low], counts[low], width=1, color="#3b82f6")
    bars.bar(levels[~low], counts[~low], width=1, color="#ea7a17")
    bars.set(xlim=(0, 255), ylim=(0, 6500), yticks=())
    bars.set_xlabel("gray level")
    bars.set_ylabel("pixels (bars)")
    curve = bars.twinx()
    curve.plot(levels, between_class_variance(counts), color="#1f9d6b")
    curve.axvline(t, color="#757b84", ls=":")
    curve.set(ylim=(0, None), yticks=())
    curve.set_ylabel("between-class variance", color="#1f9d6b")
    curve.text(t + 4, 2600, f"t = {t}", fontsize=11)
    return figure
