"""Which small kernel tells the direction of an edge best.

A plane wave that faces a known direction is differentiated in x and in y;
atan2 of the two answers is the direction that an edge detector believes.
Its error depends on the direction, the period and the smoothing [a, b, a];
for long waves it is

    (1/6 - a / (2 a + b)) * (2 pi / period) ** 2 / 4 * sin(4 direction).

Shapes: a wave (9, 9), float64, values -1 to 1. Angles in degrees,
periods in pixels. Raises ValueError for a period of 2 pixels or less.
"""

import numpy as np
from matplotlib.figure import Figure

from examples.image_processing.edges_derivatives import separable

WEIGHTS = {
    "none": (0, 1, 0),
    "Prewitt": (1, 1, 1),
    "Sobel": (1, 2, 1),
    "Scharr": (3, 10, 3),
    "one sixth": (1, 4, 1),
}
PERIODS = (3, 4, 6, 8, 16)
FACING = range(46)  # degrees; beyond 45 the kernels repeat themselves


# --8<-- [start:angle_error]
def plane_wave(facing: float, period: float) -> np.ndarray:
    if period <= 2:
        raise ValueError(f"period is {period}; it must exceed 2 pixels")
    y, x = np.mgrid[-4:5, -4:5]
    turn = np.deg2rad(facing)
    along = x * np.cos(turn) + y * np.sin(turn)
    return np.sin(2 * np.pi / period * along)  # (9, 9)


def angle_error(smoothing: tuple, facing: float, period: float) -> float:
    """Believed minus true direction at the middle of a wave, in degrees."""
    wave = plane_wave(facing, period)
    derivative, weights = np.array([-1, 0, 1]), np.array(smoothing)
    gx = separable(wave, weights, derivative, "reflect")
    gy = separable(wave, derivative, weights, "reflect")
    at = len(wave) // 2
    return np.rad2deg(np.arctan2(gy[at, at], gx[at, at])) - facing


# --8<-- [end:angle_error]
def angle_figure() -> Figure:
    figure = Figure(figsize=(6.2, 3.2), layout="constrained")
    axes = figure.subplots()
    for name, smoothing in WEIGHTS.items():
        errors = [angle_error(smoothing, a, 6) for a in FACING]
        axes.plot(FACING, errors, label=f"{name} {list(smoothing)}")
    axes.axhline(0, color="#757b84", linewidth=0.8)
    axes.set(
        xlabel="true direction of the gradient, degrees",
        ylabel="error, degrees",
        title="a wave of 6 pixels",
        xticks=range(0, 46, 15),
        ylim=(-5.8, 3.4),
    )
    axes.grid()
    axes.legend(ncols=2, loc="lower center")
    return figure


def main() -> None:
    print("largest error in degrees, period", *[f"{p:>6}" for p in PERIODS])
    for name, smoothing in WEIGHTS.items():
        worst = [
            max(abs(angle_error(smoothing, a, period)) for a in FACING)
            for period in PERIODS
        ]
        weights = f"{name} {list(smoothing)}"
        print(f"{weights:<32}", *[f"{error:6.2f}" for error in worst])


if __name__ == "__main__":
    main()
