"""A sheet of ruled paper, photographed at a slant, laid flat again.

Four corners on two ruled lines fix the perspective, whether they were well
chosen or not. Three were picked by eye, the fourth so that the line above
comes out one spacing higher; the line below had no say and can judge.
"""

import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.image_processing.geometry import warp_perspective
from examples.image_processing.geometry_matrices import (
    perspective_from_points,
    transform,
)

ORANGE, BLUE = "#ea7a17", "#3b82f6"
CORNERS = ((156.7, 16.6), (400.0, 112.2), (306.9, 151.0), (64.4, 40.1))
SPACING = 80  # pixels from one ruled line to the next
FLAT = ((80, 80), (320, 80), (320, 160), (80, 160))
LINES = {  # expected place in spacings, two points in the photograph
    "line above": (0, ((245.4, -1.1), (447.2, 66.4))),
    "line below": (3, ((0.0, 86.0), (154.6, 171.7))),
}


# --8<-- [start:rectify]
def rectified(photograph: np.ndarray) -> np.ndarray:
    matrix = perspective_from_points(np.array(CORNERS), np.array(FLAT))
    return warp_perspective(photograph, matrix, (256, 400), "bicubic")


# --8<-- [end:rectify]
# --8<-- [start:demo]
def main() -> None:
    matrix = perspective_from_points(np.array(CORNERS), np.array(FLAT))
    print("             expected   found   ends differ by   (spacings)")
    for name, (expected, points) in LINES.items():
        (_, left), (_, right) = transform(matrix, np.array(points))
        found = (left + right) / 2 / SPACING
        tilt = abs(right - left) / SPACING
        print(f"{name:<12} {expected:8} {found:7.2f} {tilt:16.2f}")


# --8<-- [end:demo]
def rectify_figure() -> Figure:
    photograph = data.text()
    figure = Figure(figsize=(6.4, 6.6), layout="constrained")
    top, low = figure.subplots(2, 1)
    top.imshow(photograph)
    top.plot(*np.array([*CORNERS, CORNERS[0]]).T, color=ORANGE)
    low.imshow(np.clip(rectified(photograph), 0, 255), vmin=0, vmax=255)
    low.plot(*np.array([*FLAT, FLAT[0]]).T, color=ORANGE)
    top.set_title("the photograph, four corners marked")
    low.set_title("laid flat, and the neighborhood with it")
    for axes in (top, low):
        axes.axis("off")
    return figure


if __name__ == "__main__":
    main()
