"""FAST: a corner is a pixel against which nine neighbors in a row agree.

Rosten and Drummond 2006 (doi.org/10.1007/11744023_34), FAST-9 on a circle
of 16 pixels: p is a corner when 9 contiguous pixels of the circle are all
brighter than I(p) + t or all darker than I(p) - t. In one expression,

    score(p) = max over arcs of  min over the arc of  ±(I(q) - I(p))

and p passes at threshold t if and only if score(p) > t.

image: (h, w) uint8. Scores and thresholds are gray levels. Raises
ValueError for color or float images and for thresholds outside 0 … 255.
"""

import numpy as np
from skimage import data

from examples.image_processing.features import check_gray

ARC = 9


# --8<-- [start:segment]
CIRCLE = (
    *((0, -3), (1, -3), (2, -2), (3, -1)),  # (x, y), clockwise from the top
    *((3, 0), (3, 1), (2, 2), (1, 3)),
    *((0, 3), (-1, 3), (-2, 2), (-3, 1)),
    *((-3, 0), (-3, -1), (-2, -2), (-1, -3)),
)


def circle_differences(image: np.ndarray) -> np.ndarray:
    check_gray(image)
    h, w = image.shape
    level = image.astype(np.int16)  # uint8 would wrap around
    ring = [level[3 + y : h - 3 + y, 3 + x : w - 3 + x] for x, y in CIRCLE]
    return np.stack(ring) - level[3 : h - 3, 3 : w - 3]


def best_arc(difference: np.ndarray) -> np.ndarray:
    arcs = [np.arange(start, start + ARC) % 16 for start in range(16)]
    return np.max([difference[arc].min(axis=0) for arc in arcs], axis=0)


def fast_score(image: np.ndarray) -> np.ndarray:
    difference = circle_differences(image)  # (16, h - 6, w - 6)
    brighter, darker = best_arc(difference), best_arc(-difference)
    return np.pad(np.maximum(brighter, darker), 3, constant_values=-255)


def segment_test(image: np.ndarray, threshold: int) -> np.ndarray:
    if not 0 <= threshold <= 255:
        raise ValueError(f"threshold is {threshold}; it must be 0 … 255")
    return fast_score(image) > threshold  # (h, w) bool


# --8<-- [end:segment]
# --8<-- [start:suppression]
def fast_corners(image: np.ndarray, threshold: int) -> np.ndarray:
    passed = segment_test(image, threshold)
    score = np.where(passed, fast_score(image), 0)
    h, w = score.shape
    around = np.pad(score, 1)
    shifts = [divmod(n, 3) for n in range(9) if n != 4]  # all but (1, 1)
    neighbors = [around[y : y + h, x : x + w] for y, x in shifts]
    y, x = np.nonzero(score > np.max(neighbors, axis=0))  # ties both go
    best = np.argsort(-score[y, x], kind="stable")
    return np.stack([x[best], y[best]], axis=1)  # (n, 2) as (x, y)


# --8<-- [end:suppression]
def main() -> None:
    print("threshold    " + "".join(f"{t:>8}" for t in (10, 20, 40)))
    for name in ("camera", "page", "gravel"):
        image = getattr(data, name)()
        passed = [segment_test(image, t).sum() for t in (10, 20, 40)]
        kept = [len(fast_corners(image, t)) for t in (10, 20, 40)]
        print(f"{name:<7}pass  " + "".join(f"{n:8}" for n in passed))
        print(f"{'':<7}kept  " + "".join(f"{n:8}" for n in kept))


if __name__ == "__main__":
    main()
