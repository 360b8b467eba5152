"""One row of a step and a thin line, before and after three filters."""

import numpy as np
from matplotlib.figure import Figure

from examples.image_processing.filtering import gaussian_kernel, separable
from examples.image_processing.filtering_nonlinear import bilateral, median

INK = "#757b84"
COLORS = {
    "Gauss 9 × 9, σ = 2": "#3b82f6",
    "median 9 × 9": "#1f9d6b",
    "bilateral 9 × 9, σ = 40 and 3": "#ea7a17",
}


# --8<-- [start:profile]
def step_and_line() -> tuple[np.ndarray, np.ndarray]:
    """60 left of column 30, 180 right of it, a line of 3 columns at 60."""
    clean = np.full((64, 90), 60.0)
    clean[:, 30:] = 180
    clean[:, 60:63] = 60
    noise = np.random.default_rng(0).normal(0, 8, clean.shape)
    return clean, clean + noise


def filtered() -> dict[str, np.ndarray]:
    _, noisy = step_and_line()
    g = gaussian_kernel(9, 2)
    results = (
        separable(noisy, g, g),
        median(noisy, 9),
        bilateral(noisy, 9, 40, 3),
    )
    return dict(zip(COLORS, results, strict=True))


# --8<-- [end:profile]
def profile_figure() -> Figure:
    clean, noisy = step_and_line()
    figure = Figure(figsize=(6.4, 6.0), layout="constrained")
    panels = figure.subplots(3, 1, sharex=True, sharey=True)
    row = 32
    for panel, (name, y) in zip(panels, filtered().items(), strict=True):
        panel.plot(noisy[row], color=INK, lw=0.8, alpha=0.6)
        panel.step(
            np.arange(90), clean[row], "--", where="mid", color=INK, lw=1
        )
        panel.plot(y[row], color=COLORS[name], lw=2.2)
        panel.set_title(name, color=COLORS[name], loc="left")
        panel.set(ylabel="gray level", yticks=(60, 120, 180))
        panel.grid(True)
    panels[-1].set_xlabel("column")
    return figure
