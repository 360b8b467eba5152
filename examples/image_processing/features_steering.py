"""Bits that change when a photograph turns: BRIEF and steered BRIEF."""

import cv2
import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.image_processing.features_fast import fast_corners
from examples.image_processing.features_homography import project
from examples.image_processing.features_orb import brief, patch_angles

TURNS = tuple(range(0, 181, 15))


def changed_bits(image: np.ndarray, degrees: float) -> tuple[float, float]:
    h, w = image.shape
    middle = ((w - 1) / 2, (h - 1) / 2)
    affine = cv2.getRotationMatrix2D(middle, degrees, 1)
    turned = cv2.warpAffine(image, affine, (w, h))
    points = fast_corners(image, threshold=20)
    reach = np.hypot(*(points - np.array(middle)).T)
    points = points[reach < min(h, w) / 2 - 30][:200]  # visible in both
    moved = project(np.vstack([affine, [0, 0, 1]]), points)
    moved = np.round(moved).astype(int)
    bits = []
    for steered in (False, True):
        angles = patch_angles(image, points) * steered
        after = patch_angles(turned, moved) * steered
        pair = brief(image, points, angles) ^ brief(turned, moved, after)
        bits.append(float(np.bitwise_count(pair).sum(axis=1).mean()))
    return bits[0], bits[1]


def bits_figure() -> Figure:
    image = data.camera()
    bits = np.array([changed_bits(image, t) for t in TURNS])
    upright, steered = bits.T
    figure = Figure(figsize=(6.4, 3.1), layout="constrained")
    panel = figure.subplots()
    panel.axhline(128, color="#757b84", ls=":", label="unrelated")
    orange, blue = "#ea7a17", "#3b82f6"
    panel.plot(TURNS, upright, "s--", color=orange, label="BRIEF, unturned")
    panel.plot(TURNS, steered, "o-", color=blue, label="BRIEF, steered")
    panel.set(xlabel="rotation in degrees", ylabel="changed bits of 256")
    panel.set(xticks=TURNS[::2], ylim=(-5, 175))
    figure.legend(loc="outside upper center", ncols=3)
    panel.grid(axis="y")
    return figure
