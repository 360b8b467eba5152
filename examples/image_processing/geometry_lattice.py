"""Where OpenCV's float64 warps go: to a lattice of 1/32 of a pixel.

The old code path of ``cv2.remap``, ``warpAffine`` and ``warpPerspective``
rounds every coordinate to a multiple of 1/32 and takes its weights from a
table. In OpenCV 5 uint8, uint16 and float32 images of 1, 3 or 4 channels
have left it; float64, int16 and images of 2 channels have not.
"""

import cv2
import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.image_processing.geometry import remap, sources

BLUE, ORANGE, INK = "#3b82f6", "#ea7a17", "#757b84"


# --8<-- [start:snap]
def snap(x: np.ndarray) -> np.ndarray:
    return np.rint(32 * x) / 32


def snapped_affine(
    inverse: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """warpAffine's own way there: sums of whole 1/1024, then 1/32."""
    v, u = np.indices(shape)
    maps = []
    for along_u, along_v, offset in inverse[:2]:
        start = np.rint(1024 * (along_v * v + offset)).astype(int)
        step = np.rint(1024 * along_u * u).astype(int)
        maps.append(((start + step + 16) >> 5) / 32)
    return maps[0], maps[1]


# --8<-- [end:snap]
def main() -> None:
    image = data.camera()
    turn = cv2.getRotationMatrix2D((255.5, 255.5), 17.3, 0.9)
    x, y = sources(np.vstack([turn, [0, 0, 1]]), (512, 512))
    inverse = cv2.invertAffineTransform(turn)
    exact = remap(image, x, y)
    lattice = remap(image, *snapped_affine(inverse, (512, 512)))
    print("warpAffine, gray levels      from exact   from the lattice")
    for kind in (np.float32, np.float64):
        for channels in (1, 2, 3, 4):
            typed = np.dstack([image.astype(kind)] * channels)
            warped = cv2.warpAffine(typed, turn, (512, 512))
            one = warped.reshape(512, 512, channels)[:, :, 0]
            off, on = abs(one - exact).max(), abs(one - lattice).max()
            name = f"{np.dtype(kind).name}, {channels} channels"
            print(f"{name:<27} {off:11.1f} {on:18.1f}")


def staircase_figure() -> Figure:
    """An edge from 0 to 255, read at positions between its two pixels."""
    edge = np.array([[0.0, 255.0]])
    x = np.linspace(0, 0.25, 1001)[None]
    y = np.zeros_like(x)
    figure = Figure(figsize=(6.0, 2.9), layout="constrained")
    axes = figure.subplots()
    exact, steps = remap(edge, x, y)[0], remap(edge, snap(x), y)[0]
    axes.fill_between(x[0], exact, steps, color=ORANGE, alpha=0.3, lw=0)
    axes.plot(x[0], steps, color=ORANGE, label="coordinates in 1/32")
    axes.plot(x[0], exact, color=BLUE, label="exact")
    axes.set(xlabel="x, between pixels 0 and 255", ylabel="gray level")
    axes.set_xticks(np.arange(9) / 32, [f"{i}/32" for i in range(9)])
    axes.grid(axis="x")
    axes.legend()
    return figure


if __name__ == "__main__":
    main()
