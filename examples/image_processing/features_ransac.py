"""RANSAC: a homography from pairs of which many are plainly wrong.

Fischler and Bolles 1981 (doi.org/10.1145/358669.358692). Draw 4 pairs,
fit, count the pairs that agree within a threshold, keep the best, fit to
all that agree. One sample without outliers, with probability p, takes

    N = log(1 - p) / log(1 - w^s),   w share of inliers, s pairs a sample

source, target: (n, 2) points as (x, y); threshold in pixels of the target.
Returns H and the (n,) bool of inliers. Raises ValueError for fewer than 5
pairs, when no fifth pair supports any sample, and for shares or confidences
outside their range.
"""

from itertools import combinations

import cv2
import numpy as np

from examples.image_processing.features_homography import (
    check_pairs,
    dlt,
    fit,
    project,
)


# --8<-- [start:trials]
def trials(inlier_share: float, sample: int, confidence: float) -> int:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; not in (0, 1)")
    if not 0 < inlier_share <= 1:
        raise ValueError(f"inlier_share is {inlier_share}; not in (0, 1]")
    clean = inlier_share**sample  # chance of a sample without outliers
    if clean == 1:
        return 1
    return int(np.ceil(np.log(1 - confidence) / np.log1p(-clean)))


# --8<-- [end:trials]
# --8<-- [start:ransac]
def errors(h: np.ndarray, p: np.ndarray, q: np.ndarray) -> np.ndarray:
    return np.linalg.norm(project(h, p) - q, axis=1)  # in pixels


def collinear(four: np.ndarray) -> bool:
    areas = []
    for a, b, c in combinations(four, 3):
        (x1, y1), (x2, y2) = b - a, c - a
        areas.append(abs(x1 * y2 - x2 * y1))
    return min(areas) <= 0.01 * np.prod(np.ptp(four, axis=0))


def ransac(
    source: np.ndarray,
    target: np.ndarray,
    threshold: float = 3.0,  # pixels of the target image
    confidence: float = 0.995,
    limit: int = 5000,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    check_pairs(source, target, least=5)
    rng = np.random.default_rng(seed)
    best, needed, trial = np.zeros(len(source), bool), limit, 0
    while trial < needed:
        trial += 1
        chosen = rng.choice(len(source), 4, replace=False)
        if collinear(source[chosen]) or collinear(target[chosen]):
            continue
        guess = dlt(source[chosen], target[chosen])
        inliers = errors(guess, source, target) <= threshold
        if inliers.sum() > best.sum():
            best = inliers
            needed = min(limit, trials(best.mean(), 4, confidence))
    if best.sum() < 5:
        raise ValueError("no homography: no fifth pair supports any sample")
    h = fit(source[best], target[best])
    for _ in range(2):  # four noisy pairs chose the inliers: ask again
        best = errors(h, source, target) <= threshold
        h = fit(source[best], target[best])
    return h, best


# --8<-- [end:ransac]
def noisy_pairs(h: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    source = rng.uniform(0, 500, (1000, 2))
    target = project(h, source) + rng.normal(0, 1, (1000, 2))
    target[::2] = rng.uniform(0, 500, (500, 2))  # half are wrong
    return source, target


def main() -> None:
    print("samples needed for 99 % confidence")
    print("inliers   2 points   4 points   8 points")
    for share in (0.9, 0.7, 0.5, 0.3):
        row = [trials(share, sample, 0.99) for sample in (2, 4, 8)]
        print(f"{share:7.0%}" + "".join(f"{n:11,}" for n in row))

    true = np.array([[0.9, -0.2, 80], [0.1, 1.1, -20], [1e-4, 2e-4, 1]])
    corners = np.array([[0, 0], [500, 0], [500, 500], [0, 500]])
    ways = ("all pairs", "RANSAC above", "cv2.RANSAC", "same, refitted")
    gaps = {way: [] for way in ways}
    for seed in range(20):
        source, target = noisy_pairs(true, seed)
        opencv, mask = cv2.findHomography(source, target, cv2.RANSAC, 3.0)
        kept = mask.ravel() == 1
        refitted = cv2.findHomography(source[kept], target[kept], 0)[0]
        found = ransac(source, target, seed=seed)[0]
        answers = (fit(source, target), found, opencv, refitted)
        for way, h in zip(ways, answers, strict=True):
            there = project(true, corners)
            gaps[way].append(errors(h, corners, there).max())
    print("\nerror at the corners, half of 1000 pairs wrong, 20 draws")
    for way, values in gaps.items():
        print(f"{way:<15}{np.median(values):7.1f} px")


if __name__ == "__main__":
    main()
