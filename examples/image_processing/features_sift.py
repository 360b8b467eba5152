"""SIFT's two ideas: choose the scale, then count gradients in 4 × 4 cells.

Lowe 2004 (doi.org/10.1023/B:VISI.0000029664.99615.94). A point is an
extremum of the difference of Gaussians over x, y and the scale σ. For a
bright disc of radius r the response at its center has the closed form

    D(σ) = exp(-r² / 2 σ²) - exp(-r² / 2 k² σ²)

so the σ at which |D| is largest grows in proportion to r: the scale is
found, not set. The descriptor counts gradient directions, weighed by
magnitude, in 4 × 4 cells of a 16 × 16 patch turned upright: 128 numbers.

Left out of the descriptor here, and present in cv2.SIFT: interpolation
between cells and directions, the scale of the pyramid level, refinement of
the extremum to a fraction of a pixel. patch: (16, 16) float gray levels.
"""

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from skimage import data

FACTOR = 2 ** (1 / 3)  # three scales an octave
RADII = (4, 8, 16)
BLUE, ORANGE = "#3b82f6", "#ea7a17"


# --8<-- [start:scale]
def disc(radius: float, size: int = 161) -> np.ndarray:
    y, x = np.mgrid[:size, :size] - size // 2
    edge = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    return edge.astype(np.float32)


def blurred(image: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), sigma)


def difference_of_gaussians(
    image: np.ndarray, sigmas: np.ndarray
) -> np.ndarray:
    wide = [blurred(image, FACTOR * sigma) for sigma in sigmas]
    narrow = [blurred(image, sigma) for sigma in sigmas]
    return np.stack(wide) - np.stack(narrow)  # (scales, h, w)


# --8<-- [end:scale]
# --8<-- [start:descriptor]
def cell_histograms(patch: np.ndarray) -> np.ndarray:
    if patch.shape != (16, 16):
        raise ValueError(f"patch is {patch.shape}; it must be (16, 16)")
    iy, ix = np.gradient(patch.astype(np.float64))
    direction = np.degrees(np.arctan2(iy, ix)) % 360
    y, x = np.mgrid[:16, :16]
    weight = np.exp(-((x - 7.5) ** 2 + (y - 7.5) ** 2) / (2 * 8**2))
    votes = np.zeros((4, 4, 8))
    cell = (y // 4, x // 4, (direction // 45).astype(int) % 8)
    np.add.at(votes, cell, weight * np.hypot(ix, iy))
    return votes


def descriptor(patch: np.ndarray) -> np.ndarray:
    votes = cell_histograms(patch).ravel()  # (128,)
    if not votes.any():
        raise ValueError("patch is flat; it has no gradient to describe")
    unit = votes / np.linalg.norm(votes)
    clipped = np.minimum(unit, 0.2)  # one strong edge must not rule
    return clipped / np.linalg.norm(clipped)


# --8<-- [end:descriptor]
def scale_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    panel = figure.subplots()
    sigmas = np.geomspace(1.2, 24, 121)
    for color, radius in zip((BLUE, ORANGE, "#1f9d6b"), RADII, strict=True):
        layers = difference_of_gaussians(disc(radius), sigmas)
        response = np.abs(layers[:, 80, 80])
        best = int(response.argmax())
        panel.plot(sigmas, response, color=color)
        panel.plot(sigmas[best], response[best], "o", color=color, ms=8)
        text = f"radius {radius}\nσ = {sigmas[best]:.1f}"
        at = (sigmas[best], response[best] + 0.008)
        panel.annotate(text, at, ha="center", color=color)
    panel.set(xscale="log", xlabel="σ in pixels", ylim=(0, 0.215))
    panel.set(ylabel="|difference of Gaussians|")
    panel.set_xticks([1.5, 3, 6, 12, 24], ["1.5", "3", "6", "12", "24"])
    panel.minorticks_off()
    return figure


def upright(image: np.ndarray, point: cv2.KeyPoint) -> tuple:
    turn = np.radians(point.angle)
    step = 3 * point.size / 2 / 4  # a cell is 3 σ wide and 4 samples
    across = step * np.array([np.cos(turn), np.sin(turn)])
    down = step * np.array([-np.sin(turn), np.cos(turn)])
    corner = np.array(point.pt) - 7.5 * (across + down)
    frame = np.column_stack([across, down, corner])  # patch to image
    way = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    smooth = blurred(image.astype(np.float32), max(step / 2, 0.5))
    return cv2.warpAffine(smooth, frame, (16, 16), flags=way), frame


def roses(panel: Axes, votes: np.ndarray) -> None:
    longest = votes.max()
    for row, column, b in np.ndindex(votes.shape):
        turn = np.radians(45 * b + 22.5)
        length = 0.48 * votes[row, column, b] / longest
        x, y = column + 0.5, row + 0.5
        end = (x + length * np.cos(turn), y + length * np.sin(turn))
        panel.plot([x, end[0]], [y, end[1]], color=ORANGE, lw=2)
    for line in range(5):
        panel.plot([0, 4], [line, line], color="#757b84", lw=1)
        panel.plot([line, line], [0, 4], color="#757b84", lw=1)
    panel.set(xlim=(-0.05, 4.05), ylim=(4.05, -0.05), aspect="equal")


def descriptor_figure() -> Figure:
    image = data.camera()
    points = cv2.SIFT_create().detect(image)
    near = [p for p in points if 18 < p.size < 30 and p.pt[1] < 320]
    point = max(near, key=lambda p: p.response)
    patch, frame = upright(image, point)
    figure = Figure(figsize=(6.4, 2.5), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    left.imshow(image, vmin=0, vmax=255)
    for line in np.linspace(-0.5, 15.5, 5):
        across = np.array([[line, line], [-0.5, 15.5], [1, 1]])
        for ends in (across, across[[1, 0, 2]]):
            x, y = frame @ ends
            left.plot(x, y, color=ORANGE, lw=1.3)
    x, y = point.pt
    left.set(xlim=(x - 80, x + 80), ylim=(y + 80, y - 80))
    left.set_title("16 × 16 samples", fontsize=10)
    middle.imshow(patch, vmin=0, vmax=255)
    for line in (3.5, 7.5, 11.5):
        middle.axhline(line, color=ORANGE, lw=1)
        middle.axvline(line, color=ORANGE, lw=1)
    middle.set_title("turned upright", fontsize=10)
    roses(right, descriptor(patch).reshape(4, 4, 8))
    right.set_title("4 × 4 × 8 numbers", fontsize=10)
    for panel in (left, middle, right):
        panel.axis("off")
    return figure
