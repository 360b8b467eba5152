"""One photograph through the chapter's operations, a row for a page."""

import cv2
import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from sklearn.datasets import load_sample_image

Panels = dict[str, np.ndarray]
H, W = 360, 640


def pixels(photo: np.ndarray, gray: np.ndarray) -> Panels:
    zoom = cv2.resize(gray[150:168, 300:332], (W, H), interpolation=0)
    return {"photograph": photo, "gray": gray, "32 × 18 pixels": zoom}


def thresholding(gray: np.ndarray) -> Panels:
    t, otsu = cv2.threshold(gray, 0, 255, cv2.THRESH_OTSU)
    local = cv2.adaptiveThreshold(
        gray, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 31, 10
    )
    _, kept = cv2.threshold(gray, t, 255, cv2.THRESH_TOZERO)
    return {"Otsu": otsu, "adaptive": local, "to zero": kept}


def edges(gray: np.ndarray) -> Panels:
    smooth = cv2.GaussianBlur(gray, (5, 5), 1.2)
    dx, dy = (cv2.Sobel(smooth, cv2.CV_32F, *d) for d in ((1, 0), (0, 1)))
    second = cv2.Laplacian(smooth, cv2.CV_32F, ksize=3)
    return {
        "Sobel, magnitude": np.clip(cv2.magnitude(dx, dy), 0, 255),
        "Laplacian": np.clip(128 + 4 * second, 0, 255),
        "Canny": cv2.Canny(smooth, 80, 160),
    }


def filtering(photo: np.ndarray) -> Panels:
    soft = cv2.GaussianBlur(photo, (0, 0), 4)
    flat = cv2.bilateralFilter(photo, 15, 60, 6)
    sharp = cv2.addWeighted(photo, 2.2, soft, -1.2, 0)
    return {"Gaussian": soft, "bilateral": flat, "unsharp mask": sharp}


def morphology(gray: np.ndarray) -> Panels:
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    kinds = {
        "dilation": cv2.MORPH_DILATE,
        "opening": cv2.MORPH_OPEN,
        "gradient": cv2.MORPH_GRADIENT,
    }
    return {n: cv2.morphologyEx(gray, k, disk) for n, k in kinds.items()}


def geometry(photo: np.ndarray) -> Panels:
    turn = cv2.getRotationMatrix2D((W / 2, H / 2), 15, 0.9)
    corners = np.array([[0, 0], [W, 0], [W, H], [0, H]], np.float32)
    moved = corners + np.array([[90, 40], [-20, 0], [0, -30], [10, 0]])
    tilt = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    y, x = np.mgrid[:H, :W].astype(np.float32)
    bend = 18 * np.sin(x / 60).astype(np.float32)
    return {
        "rotation": cv2.warpAffine(photo, turn, (W, H)),
        "perspective": cv2.warpPerspective(photo, tilt, (W, H)),
        "remap": cv2.remap(photo, x, y + bend, cv2.INTER_LINEAR),
    }


def features(photo: np.ndarray, gray: np.ndarray) -> Panels:
    corners = cv2.goodFeaturesToTrack(gray, 150, 0.02, 8).reshape(-1, 2)
    marked = photo.copy()
    for x, y in corners.astype(int).tolist():
        cv2.circle(marked, (x, y), 4, (255, 40, 40), 2)
    sift = cv2.SIFT_create(300)
    points, yellow = sift.detect(gray), (255, 220, 0)
    found = cv2.drawKeypoints(photo, points, None, yellow, 4)
    half = photo[:, 160:480]
    turn = cv2.getRotationMatrix2D((160, H / 2), 25, 0.8)
    other = cv2.warpAffine(half, turn, (320, H))
    (kp_a, a), (kp_b, b) = (
        sift.detectAndCompute(i, None) for i in (half, other)
    )
    pairs = cv2.BFMatcher(cv2.NORM_L2, crossCheck=True).match(a, b)
    pairs = sorted(pairs, key=lambda match: match.distance)[:40]
    matched = cv2.drawMatches(
        half, kp_a, other, kp_b, pairs, None, (60, 255, 60), flags=2
    )
    return {"corners": marked, "SIFT": found, "matches": matched}


def chapter_figure() -> Figure:
    photo = load_sample_image("china.jpg")[40 : 40 + H]
    gray = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    rows = {
        "this page": pixels(photo, gray),
        "thresholding": thresholding(gray),
        "edges": edges(gray),
        "filtering": filtering(photo),
        "morphology": morphology(gray),
        "geometry": geometry(photo),
        "features": features(photo, gray),
    }
    tight = ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.04, hspace=0.01)
    figure = Figure(figsize=(6.4, 9.7), layout=tight)
    for part, (page, panels) in zip(
        figure.subfigures(len(rows), 1), rows.items(), strict=True
    ):
        part.supylabel(page, color="#3b82f6", fontsize=11)
        axes = part.subplots(1, 3)
        for panel, (name, shown) in zip(axes, panels.items(), strict=True):
            panel.imshow(shown, vmin=0, vmax=255, interpolation="hanning")
            panel.set_title(name, fontsize=10, pad=3)
            panel.axis("off")
    return figure
