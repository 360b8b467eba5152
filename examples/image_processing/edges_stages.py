"""The four stages of Canny on one crop of a photograph, as pictures."""

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import hsv_to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from skimage.data import camera

from examples.image_processing.edges import hysteresis, magnitude, ridges
from examples.image_processing.edges_derivatives import sobel

CROP = (slice(90, 270), slice(165, 345))
ZOOM = (slice(22, 38), slice(96, 112))  # inside the crop
LOW, HIGH = 50, 150
BLUE, ORANGE = (0.23, 0.51, 0.96), (0.92, 0.48, 0.09)


def crops() -> tuple[np.ndarray, np.ndarray]:
    gray = camera()
    smooth = cv2.GaussianBlur(gray, (5, 5), 1.4)
    return gray[CROP], smooth[CROP]


def show(axes: Axes, image: np.ndarray, title: str, **limits: int) -> None:
    axes.imshow(image, **limits)
    axes.set_title(title)
    axes.axis("off")


def smoothing_figure() -> Figure:
    figure = Figure(figsize=(6, 6.4), layout="constrained")
    rows = figure.subplots(2, 2)
    names = ("photograph", "smoothed, sigma 1.4")
    for column, image, name in zip(rows.T, crops(), names, strict=True):
        m = magnitude(*sobel(image, border="edge"), norm="L1")
        show(column[0], image, name, vmin=0, vmax=255)
        show(column[1], 255 - m, "its gradient", vmin=-25, vmax=255)
    return figure


def gradient_figure() -> Figure:
    gx, gy = sobel(crops()[1], border="edge")
    m = magnitude(gx, gy, norm="L1")
    hue = np.arctan2(gy, gx) / (2 * np.pi) % 1
    value = np.clip(m / 300, 0, 1)
    vivid = np.full_like(hue, 0.8)
    direction = hsv_to_rgb(np.stack([hue, vivid, value], axis=2))
    figure = Figure(figsize=(6, 6.4), layout="constrained")
    panels = figure.subplots(2, 2).flat
    show(panels[0], gx, "gx", vmin=-300, vmax=300)
    show(panels[1], gy, "gy", vmin=-300, vmax=300)
    show(panels[2], m, "magnitude |gx| + |gy|", vmin=0, vmax=400)
    show(panels[3], direction, "hue: its direction")
    return figure


def suppression_figure() -> Figure:
    gx, gy = sobel(crops()[1], border="edge")
    m = magnitude(gx, gy, norm="L1")
    ridge = ridges(m, gx, gy)
    figure = Figure(figsize=(6.2, 3.35), layout="constrained")
    whole, near = figure.subplots(1, 2)
    drawn = np.where(ridge, 255 - m, 255)
    show(whole, drawn, "ridges only", vmin=0, vmax=255)
    top, left = ZOOM[0].start, ZOOM[1].start
    size = ZOOM[0].stop - top
    whole.add_patch(
        Rectangle((left, top), size, size, fill=False, edgecolor="#ea7a17")
    )
    show(near, m[ZOOM], "magnitude, direction, ridge", vmin=0)
    y, x = np.nonzero(m[ZOOM] > LOW)
    length = np.hypot(gx, gy)[ZOOM][y, x]
    near.quiver(
        x,
        y,
        gx[ZOOM][y, x] / length,
        gy[ZOOM][y, x] / length,
        angles="xy",
        scale=size,
        width=0.006,
        color="#3b82f6",
    )
    y, x = np.nonzero((ridge & (m > LOW))[ZOOM])
    near.plot(x, y, "s", mfc="none", mec="#ea7a17", ms=8, mew=1.4)
    return figure


def hysteresis_figure() -> Figure:
    gx, gy = sobel(crops()[1], border="edge")
    m = magnitude(gx, gy, norm="L1")
    ridge = ridges(m, gx, gy)
    weak, strong = ridge & (m > LOW), ridge & (m > HIGH)
    edges = hysteresis(weak, strong)
    colored = np.ones((*m.shape, 3))
    colored[weak] = BLUE
    colored[strong] = ORANGE
    figure = Figure(figsize=(6.2, 3.35), layout="constrained")
    before, after = figure.subplots(1, 2)
    show(before, colored, "orange > 150, blue > 50")
    show(after, ~edges, "what is tied to orange")
    return figure
