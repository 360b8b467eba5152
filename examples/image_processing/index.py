"""What every page of this chapter rests on: windows, borders, types.

    y(p) = f( x(q) for q in the window around p )

A window that leaves the image needs a rule for the pixels outside, and the
result of f needs a rule for returning to uint8. Both are written out here,
with the two notions of being a neighbor.

Images are (h, w). Raises ValueError for an unknown border, an even window,
a connectivity other than 4 or 8, a mask that is not boolean, and an image
that is not gray.
"""

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

BORDERS = ("constant", "replicate", "reflect", "reflect_101", "wrap")
CROSS = ((-1, 0), (0, -1), (0, 1), (1, 0))
DIAGONALS = ((-1, -1), (-1, 1), (1, -1), (1, 1))
NEIGHBORS = {4: CROSS, 8: CROSS + DIAGONALS}


# --8<-- [start:border]
def border_index(p: int, n: int, border: str) -> int:
    """The index within 0..n-1 that stands for p; -1 means a constant."""
    if border not in BORDERS:
        raise ValueError(f"border is {border!r}; it must be in {BORDERS}")
    if n < 1:
        raise ValueError(f"n is {n}; it must be at least 1")
    if 0 <= p < n:
        return p
    if border == "constant":
        return -1
    if border == "replicate":  # a a | a b c | c c
        return min(max(p, 0), n - 1)
    if border == "wrap":  # b c | a b c | a b
        return p % n
    if border == "reflect":  # b a | a b c | c b
        p %= 2 * n
        return p if p < n else 2 * n - 1 - p
    p %= max(2 * n - 2, 1)  # reflect_101: c b | a b c | b a
    return p if p < n else 2 * n - 2 - p


def pad(image: np.ndarray, reach: int, border: str) -> np.ndarray:
    if image.ndim != 2:
        raise ValueError(f"image is {image.shape}; it must be gray, (h, w)")
    rows, columns = (
        [border_index(p, n, border) for p in range(-reach, n + reach)]
        for n in image.shape
    )
    framed = np.pad(image, ((0, 1), (0, 1)))  # index -1 finds a zero
    return framed[np.ix_(rows, columns)]


# --8<-- [end:border]
# --8<-- [start:neighborhood]
def neighborhood(
    image: np.ndarray,
    operation: Callable[..., np.ndarray],
    size: int = 3,
    border: str = "reflect_101",
) -> np.ndarray:
    if size < 1 or size % 2 == 0:
        raise ValueError(f"size is {size}; it must be odd")
    padded = pad(image, size // 2, border)
    windows = sliding_window_view(padded, (size, size))  # (h, w, s, s)
    return operation(windows, axis=(2, 3))  # (h, w)


# --8<-- [end:neighborhood]
# --8<-- [start:saturate]
def saturate(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


# --8<-- [end:saturate]
# --8<-- [start:components]
def components(mask: np.ndarray, connectivity: int) -> np.ndarray:
    """Number the connected parts of a mask 1, 2, …; the rest stays 0."""
    if connectivity not in NEIGHBORS:
        raise ValueError(f"connectivity is {connectivity}, not 4 or 8")
    if mask.dtype != bool or mask.ndim != 2:
        raise ValueError(
            f"mask is {mask.dtype} {mask.shape}; it must be bool, (h, w)"
        )
    labels, count = np.zeros(mask.shape, np.int32), 0
    for start in np.argwhere(mask).tolist():
        if labels[*start]:
            continue
        count += 1
        labels[*start] = count
        waiting = [start]
        while waiting:
            i, j = waiting.pop()
            for down, right in NEIGHBORS[connectivity]:
                u, v = i + down, j + right
                inside = 0 <= u < mask.shape[0] and 0 <= v < mask.shape[1]
                if inside and mask[u, v] and not labels[u, v]:
                    labels[u, v] = count
                    waiting.append([u, v])
    return labels


# --8<-- [end:components]
# --8<-- [start:demo]
def main() -> None:
    row = np.array([[1, 2, 3, 4, 5]], np.uint8)
    print("three pixels beyond each end of 1 2 3 4 5")
    for border in BORDERS:
        left, inside, right = np.split(pad(row, 3, border)[3], [3, 8])
        parts = (" ".join(map(str, part)) for part in (left, inside, right))
        print(f"{border:<12}", " | ".join(parts))

    image = np.array([[90, 10, 10], [10, 10, 10], [10, 10, 10]], np.uint8)
    print("\nmean of 3 x 3 at the bright corner of a dark image")
    for border in BORDERS:
        mean = neighborhood(image, np.mean, 3, border)[0, 0]
        print(f"{border:<12} {mean:>7.2f} -> {saturate(mean)}")

    a, b = np.array([200, 20], np.uint8), np.array([100, 50], np.uint8)
    print("\n[200 20] + [100 50], [200 20] - [100 50]")
    print("uint8 wraps around ", a + b, a - b)
    wide_a, wide_b = a.astype(int), b.astype(int)
    print("saturated          ", saturate(wide_a + wide_b), end=" ")
    print(saturate(wide_a - wide_b))
    halves = np.array([0.5, 1.5, 2.5, 3.5])
    print("0.5 1.5 2.5 3.5    ", saturate(halves), end=" truncated ")
    print(halves.astype(np.uint8))

    diagonal = np.eye(5, dtype=bool)
    print("\na diagonal line     4-connected  8-connected")
    for name, mask in (("line", diagonal), ("background", ~diagonal)):
        four, eight = (components(mask, c).max() for c in (4, 8))
        print(f"{name:<18} {four:>12} {eight:>12}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
