"""Matching descriptors: distances, nearest neighbor, ratio and cross check.

Binary descriptors (ORB) differ by the number of unequal bits, real ones
(SIFT) by their Euclidean distance. Lowe 2004
(doi.org/10.1023/B:VISI.0000029664.99615.94) keeps a nearest neighbor if

    d1 < ratio · d2,   d1 and d2 the two smallest distances, ratio 0.7 … 0.8

a: (m, bytes or d), b: (n, bytes or d). Matches: (k, 2) rows (i, j).
Raises ValueError for None (a flat image has no descriptors), for binary
descriptors where real ones are meant and the reverse, for widths that
differ, fewer than 2 candidates, and a ratio outside (0, 1).
"""

import cv2
import numpy as np
from skimage import data, transform

from examples.image_processing.features_homography import project

VIEW = ((0.78, -0.30, 140), (0.26, 0.80, -10), (1e-4, 2e-4, 1))


def check_descriptors(a: np.ndarray, b: np.ndarray, binary: bool) -> None:
    for name, descriptors in (("a", a), ("b", b)):
        if descriptors is None:
            raise ValueError(f"{name} is None; the detector found nothing")
        if (descriptors.dtype == np.uint8) != binary:
            wanted = "binary (uint8)" if binary else "real (float32)"
            raise ValueError(f"{name} is {descriptors.dtype}; not {wanted}")
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"a has {a.shape[1]} columns but b {b.shape[1]}")


# --8<-- [start:distances]
def hamming_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    check_descriptors(a, b, binary=True)
    return np.bitwise_count(a[:, None] ^ b).sum(axis=2, dtype=int)  # (m, n)


def l2_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    check_descriptors(a, b, binary=False)
    a, b = a.astype(np.float64), b.astype(np.float64)
    squares = np.square(a).sum(1)[:, None] + np.square(b).sum(1)
    return np.sqrt(np.maximum(squares - 2 * a @ b.T, 0))


# --8<-- [end:distances]
# --8<-- [start:rules]
def nearest(distances: np.ndarray) -> np.ndarray:
    rows = np.arange(len(distances))
    return np.column_stack([rows, distances.argmin(axis=1)])


def ratio_test(distances: np.ndarray, ratio: float = 0.8) -> np.ndarray:
    if not 0 < ratio < 1:
        raise ValueError(f"ratio is {ratio}; it must be between 0 and 1")
    if distances.shape[1] < 2:
        raise ValueError(f"{distances.shape[1]} candidate; 2 are needed")
    first, second = np.partition(distances, 1, axis=1)[:, :2].T
    return nearest(distances)[first < ratio * second]


def cross_check(distances: np.ndarray) -> np.ndarray:
    i, j = nearest(distances).T
    mutual = distances.argmin(axis=0)[j] == i
    return np.column_stack([i, j])[mutual]


# --8<-- [end:rules]
def described(
    image: np.ndarray, detector: cv2.Feature2D
) -> tuple[np.ndarray, np.ndarray]:
    keypoints, descriptors = detector.detectAndCompute(image, None)
    return np.array([k.pt for k in keypoints]), descriptors


def two_views() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    image = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2GRAY)
    true = np.array(VIEW)  # maps image to view
    view = transform.warp(image / 255, np.linalg.inv(true), order=1)
    return image, np.round(255 * view).astype(np.uint8), true


def main() -> None:
    image, view, true = two_views()
    orb = cv2.ORB_create(1000)
    (p, a), (q, b) = described(image, orb), described(view, orb)
    tables = {
        "Hamming": hamming_distances(a, b),
        "L2 of bytes": l2_distances(a.astype(float), b.astype(float)),
    }
    print("ORB descriptors              matches   right")
    for norm, table in tables.items():
        rules = {
            "nearest": nearest(table),
            "cross check": cross_check(table),
            "ratio 0.8": ratio_test(table, 0.8),
            "ratio 0.6": ratio_test(table, 0.6),
        }
        for rule, pairs in rules.items():
            gap = project(true, p[pairs[:, 0]]) - q[pairs[:, 1]]
            right = np.linalg.norm(gap, axis=1) < 3  # pixels
            print(f"{norm:<14}{rule:<14}{len(pairs):8}{right.mean():8.0%}")


if __name__ == "__main__":
    main()
