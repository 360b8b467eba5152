"""Matches of a photograph before and after the homography has its say."""

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from skimage import data

from examples.image_processing.features_homography import project
from examples.image_processing.features_matching import (
    VIEW,
    described,
    hamming_distances,
    nearest,
    ratio_test,
)
from examples.image_processing.features_ransac import ransac

GREEN, RED = "#22c55e", "#ef4444"
BOX = {"facecolor": "#14161acc", "edgecolor": "none", "pad": 3}


def draw_pairs(
    panel: Axes, p: np.ndarray, q: np.ndarray, right: np.ndarray, width: int
) -> None:
    for ok in (False, True):
        x = np.stack([p[right == ok, 0], q[right == ok, 0] + width])
        y = np.stack([p[right == ok, 1], q[right == ok, 1]])
        panel.plot(x, y, color=GREEN if ok else RED, lw=0.8, alpha=0.8)


def matches_figure() -> Figure:
    photograph, true = data.astronaut(), np.array(VIEW)
    h, w = photograph.shape[:2]
    scene = cv2.warpPerspective(photograph, true, (w, h))
    to_gray, orb = cv2.COLOR_RGB2GRAY, cv2.ORB_create(400)
    grays = [cv2.cvtColor(x, to_gray) for x in (photograph, scene)]
    (p, a), (q, b) = (described(gray, orb) for gray in grays)
    distances = hamming_distances(a, b)
    figure = Figure(figsize=(6.4, 6.6), layout="constrained")
    for panel, step in zip(figure.subplots(2, 1), (1, 2), strict=True):
        pairs = nearest(distances) if step == 1 else ratio_test(distances)
        source, target = p[pairs[:, 0]], q[pairs[:, 1]]
        text = f"nearest neighbors: {len(pairs)} pairs"
        panel.imshow(np.hstack([photograph, scene]))
        if step == 2:
            found, inliers = ransac(source, target)
            text = f"ratio test and RANSAC: {inliers.sum()} pairs"
            source, target = source[inliers], target[inliers]
            frame = np.array([[0, 0], [w, 0], [w, h], [0, h], [0, 0]])
            x, y = project(found, frame).T
            panel.plot(x + w, y, "w--", lw=1.5)
        gap = np.linalg.norm(project(true, source) - target, axis=1)
        draw_pairs(panel, source, target, gap < 3, w)
        panel.text(12, 30, text, color="white", va="center", bbox=BOX)
        panel.set(xlim=(0, 2 * w), ylim=(h, 0))
        panel.axis("off")
    return figure
