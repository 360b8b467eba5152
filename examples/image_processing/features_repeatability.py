"""Repeatability: does a detector find the same points in another view?

Photographs are turned or scaled by a known map. The share of points found
again within 2 px of the original is plotted for Harris, FAST, ORB, SIFT.
Each brings its 300 strongest points that keep 5 px between one another:
without that, ORB, which finds one corner on several levels of its pyramid,
would be praised for saying the same thing many times.
"""

import cv2
import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.image_processing.features import (
    gaussian_window,
    harris,
    local_maxima,
)
from examples.image_processing.features_fast import fast_corners
from examples.image_processing.features_homography import project

COUNT = 300
APART = 5  # pixels between two points of one detector
MARGIN = 20  # pixels next to a border are not judged
PHOTOGRAPHS = ("camera", "gravel", "brick")
TURNS = (0, 15, 30, 45, 90)
SCALES = (0.5, 0.7, 1.0, 1.4, 2.0)


def harris_points(image: np.ndarray) -> np.ndarray:
    response = harris(image, gaussian_window(1.5))
    return local_maxima(response, radius=2, count=4 * COUNT)


def fast_points(image: np.ndarray) -> np.ndarray:
    return fast_corners(image, threshold=15)


def orb_points(image: np.ndarray) -> np.ndarray:
    return strongest(cv2.ORB_create(4 * COUNT).detect(image))


def sift_points(image: np.ndarray) -> np.ndarray:
    return strongest(cv2.SIFT_create(4 * COUNT).detect(image))


def strongest(keypoints: tuple[cv2.KeyPoint, ...]) -> np.ndarray:
    ranked = sorted(keypoints, key=lambda k: -k.response)
    return np.array([k.pt for k in ranked])


# --8<-- [start:repeatability]
def thinned(points: np.ndarray, apart: float) -> np.ndarray:
    kept = np.full((COUNT, 2), -np.inf)
    n = 0
    for point in points:  # strongest first
        if n < COUNT and (np.hypot(*(kept - point).T) >= apart).all():
            kept[n] = point
            n += 1
    return kept[:n]


def inside(points: np.ndarray, h: int, w: int) -> np.ndarray:
    low, high = MARGIN, np.array([w, h]) - 1 - MARGIN
    return np.all((points >= low) & (points <= high), axis=1)


def repeatability(
    found: np.ndarray,
    seen: np.ndarray,
    true: np.ndarray,  # maps the image to the view
    image_size: tuple[int, int],
    view_size: tuple[int, int],
    apart: float = APART,
) -> float:
    back = project(np.linalg.inv(true), seen)  # into the image
    visible = inside(found, *image_size)
    visible &= inside(project(true, found), *view_size)
    common = inside(back, *image_size) & inside(seen, *view_size)
    found = thinned(found[visible], apart)
    back = thinned(back[common], apart)
    gaps = np.linalg.norm(found[:, None] - back, axis=2)
    return float((gaps.min(axis=1) <= 2).mean())


# --8<-- [end:repeatability]
DETECTORS = {
    "Harris": harris_points,
    "FAST": fast_points,
    "ORB": orb_points,
    "SIFT": sift_points,
}


def turned(image: np.ndarray, degrees: float) -> tuple:
    h, w = image.shape
    affine = cv2.getRotationMatrix2D(((w - 1) / 2, (h - 1) / 2), degrees, 1)
    true = np.vstack([affine, [0, 0, 1]])
    return cv2.warpPerspective(image, true, (w, h)), true


def scaled(image: np.ndarray, factor: float) -> tuple:
    h, w = image.shape
    size = round(w * factor), round(h * factor)
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    view = cv2.resize(image, size, interpolation=way)
    shift = (factor - 1) / 2  # pixel centers: (x + 1/2) · factor - 1/2
    true = np.diag([factor, factor, 1.0])
    true[:2, 2] = shift
    return view, true


def shares(
    name: str, image: np.ndarray, views: list[tuple], apart: float = APART
) -> list[float]:
    detect = DETECTORS[name]
    found = detect(image)
    sizes = image.shape[:2]
    return [
        repeatability(found, detect(view), true, sizes, view.shape, apart)
        for view, true in views
    ]


def plot_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.3), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    marks = {"Harris": "o-", "FAST": "s--", "ORB": "^-.", "SIFT": "D-"}
    photographs = [getattr(data, name)() for name in PHOTOGRAPHS]
    for name, mark in marks.items():
        turn, scale = [], []
        for image in photographs:
            turns = [turned(image, t) for t in TURNS if t]
            scales = [scaled(image, s) for s in SCALES if s != 1]
            both = shares(name, image, turns + scales)
            turn.append([1, *both[:4]])  # an equal view repeats all
            scale.append([*both[4:6], 1, *both[6:]])
        left.plot(TURNS, np.mean(turn, axis=0), mark, ms=5)
        right.plot(SCALES, np.mean(scale, axis=0), mark, ms=5, label=name)
    left.set(xlabel="rotation in degrees", ylabel="share found again")
    left.set(xticks=TURNS, ylim=(0, 1.03))
    right.set(xscale="log", xlabel="scale")
    right.set_xticks(SCALES, [f"{s:g}" for s in SCALES])
    right.minorticks_off()
    for panel in (left, right):
        panel.grid(axis="y")
    figure.legend(loc="outside upper center", ncols=4)
    return figure
