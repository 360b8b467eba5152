"""One row of gray levels: what opening cuts off and the top-hat keeps."""

import numpy as np
from matplotlib.figure import Figure

from examples.image_processing.morphology import (
    dilate,
    erode,
    opening,
    top_hat,
)
from examples.image_processing.morphology_elements import element

INK, BLUE, ORANGE, GREEN = "#757b84", "#3b82f6", "#ea7a17", "#1f9d6b"


def hills() -> np.ndarray:
    """Uneven light, three peaks of 5, 9 and 31 columns; float (1, 160)."""
    x = np.arange(160)
    light = 60 + 50 * np.sin(x / 50)
    for start, width, height in ((20, 5, 70), (55, 9, 50), (95, 31, 60)):
        light[start : start + width] += height
    return light[np.newaxis, :]


def profile_figure() -> Figure:
    x, b = hills(), element("rectangle", 15, 1)
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    top, middle, below = figure.subplots(3, 1, sharex=True)
    for panel in (top, middle):
        panel.plot(x[0], color=INK, lw=1.2, label="x")
    top.plot(dilate(x, b)[0], color=ORANGE, label="dilate")
    top.plot(erode(x, b)[0], color=BLUE, label="erode")
    middle.plot(opening(x, b)[0], color=GREEN, label="open")
    middle.fill_between(
        np.arange(x.size), opening(x, b)[0], x[0], color=GREEN, alpha=0.25
    )
    below.plot(top_hat(x, b)[0], color=GREEN, label="top-hat")
    for panel in (top, middle, below):
        panel.legend(loc="upper left", ncols=3)
        panel.set(ylabel="gray level", ylim=(-8, 235))
        panel.grid(True)
    below.set(xlabel="column; the element is 15 columns wide")
    below.set_ylim(-8, 120)
    return figure
