"""Forward mapping, the road not taken: holes and collisions, counted.

Every input pixel is pushed to the nearest output pixel. Where the image
grows, some output pixels receive nothing; where it shrinks, several fall
on one and the last wins; turned, it does both at once.
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from skimage import data

from examples.image_processing.geometry import sources, warp_perspective
from examples.image_processing.geometry_matrices import (
    rotation_about,
    transform,
)

BLUE, ORANGE, RED = "#3b82f6", "#ea7a17", "#e5484d"
INK = "#757b84"


# --8<-- [start:push]
def push(
    image: np.ndarray, matrix: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """The output of forward mapping, and how often each pixel was hit."""
    y, x = (index.ravel() for index in np.indices(image.shape[:2]))
    moved = transform(matrix, np.column_stack([x, y]))
    u, v = np.rint(moved).astype(int).T
    kept = (u >= 0) & (u < shape[1]) & (v >= 0) & (v < shape[0])
    u, v, x, y = u[kept], v[kept], x[kept], y[kept]
    out = np.zeros(shape + image.shape[2:], image.dtype)
    hits = np.zeros(shape, int)
    out[v, u] = image[y, x]
    np.add.at(hits, (v, u), 1)
    return out, hits


# --8<-- [end:push]
def covered(
    matrix: np.ndarray, shape: tuple[int, int], size: tuple[int, int]
) -> np.ndarray:
    """Output pixels whose center lies inside the transformed image."""
    x, y = sources(matrix, shape)
    return (x >= 0) & (x <= size[1] - 1) & (y >= 0) & (y <= size[0] - 1)


def main() -> None:
    image = data.camera()
    print("forward mapping    holes, %   hit more than once, %")
    for degrees, scale in ((0, 0.7), (30, 1), (0, 1.5), (30, 1.5)):
        matrix = rotation_about((255.5, 255.5), degrees, scale)
        _, hits = push(image, matrix, (512, 512))
        within = hits[covered(matrix, (512, 512), image.shape)]
        holes, several = (within == 0).mean(), (within > 1).mean()
        name = f"{degrees:>2} degrees × {scale}"
        print(f"{name:<18} {100 * holes:8.1f} {100 * several:23.1f}")


def mapping_figure() -> Figure:
    """Where 6 × 6 input pixels land, and where output pixels come from."""
    n, big = 6, 8
    matrix = rotation_about((2.5, 2.5), 33, 1.08)
    matrix[:2, 2] += 1  # into the middle of the larger output
    _, hits = push(np.zeros((n, n)), matrix, (big, big))
    figure = Figure(figsize=(6.4, 3.7), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes, size in ((left, big), (right, n)):
        edges = np.arange(size + 1) - 0.5
        axes.vlines(edges, -0.5, size - 0.5, color=INK, lw=0.8)
        axes.hlines(edges, -0.5, size - 0.5, color=INK, lw=0.8)
        middle, reach = (size - 1) / 2, big / 2 + 0.1
        axes.set(xlim=(middle - reach, middle + reach))
        axes.set(ylim=(middle + reach, middle - reach))
        axes.set_aspect("equal")
        axes.axis("off")
    inside = covered(matrix, (big, big), (n, n))
    for cells, color in ((inside & (hits == 0), RED), (hits > 1, ORANGE)):
        for v, u in np.argwhere(cells):
            square = Rectangle((u - 0.5, v - 0.5), 1, 1, fc=color)
            left.add_patch(square).set_alpha(0.7)
    y, x = np.indices((n, n))
    landed = transform(matrix, np.column_stack([x.ravel(), y.ravel()]))
    left.plot(*landed.T, "o", color=BLUE, ms=5)
    left.set_title("forward, into the output grid")
    x, y = (m[inside] for m in sources(matrix, (big, big)))
    right.plot(x, y, "o", color=BLUE, ms=5)
    pick = int(np.argmin((x - 2.4) ** 2 + (y - 3.6) ** 2))
    px, py = x[pick], y[pick]
    for cx in (np.floor(px), np.floor(px) + 1):
        for cy in (np.floor(py), np.floor(py) + 1):
            right.add_patch(
                Rectangle((cx - 0.5, cy - 0.5), 1, 1, fc=BLUE, alpha=0.25)
            )
            right.plot([px, cx], [py, cy], color=ORANGE, lw=1.5)
    right.plot(px, py, "o", color=ORANGE, ms=8)
    right.set_title("backward, into the input grid")
    return figure


def holes_figure() -> Figure:
    image = data.camera()
    matrix = rotation_about((255.5, 255.5), 30, 1.5)
    pushed, _ = push(image, matrix, image.shape)
    pulled = warp_perspective(image, matrix, image.shape)
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    for axes, shown, title in zip(
        figure.subplots(1, 2),
        (pushed, pulled),
        ("forward", "backward, bilinear"),
        strict=True,
    ):
        axes.imshow(shown[120:330, 190:400], vmin=0, vmax=255)
        axes.set_title(title)
        axes.axis("off")
    return figure


if __name__ == "__main__":
    main()
