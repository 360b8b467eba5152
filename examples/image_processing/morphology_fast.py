"""Dilation by a rectangle at a price that does not depend on its size.

Two ideas. A rectangle is a column dilated by a row, so two passes suffice.
And in a row, cut into blocks of the window's length k, every window touches
two blocks at most:

    max x[i .. i+k-1] = max(tail[i], head[i + k - 1])

where head runs from the start of its block and tail to its end.
M. van Herk, Pattern Recognition Letters 1992,
https://doi.org/10.1016/0167-8655(92)90069-C; J. Gil and M. Werman, TPAMI
1993, https://doi.org/10.1109/34.211471

Images are as in morphology.py; windows are in pixels and may exceed the
image. Sizes below 1 and anchors outside raise ValueError.
"""

import cv2
import numpy as np
from skimage import data

from examples.image_processing.morphology import Anchor, check, limits


# --8<-- [start:running_max]
def running_max(x: np.ndarray, size: int) -> np.ndarray:
    """Greatest of x[i : i + size] along the first axis, for every i."""
    n = len(x)
    if not 1 <= size <= n:
        raise ValueError(f"size is {size}: it must be 1 .. {n}")
    spare = np.repeat(x[-1:], -n % size, axis=0)  # fills the last block
    blocks = np.concatenate([x, spare]).reshape(-1, size, *x.shape[1:])
    head = np.maximum.accumulate(blocks, axis=1)
    tail = np.maximum.accumulate(blocks[:, ::-1], axis=1)[:, ::-1]
    head = head.reshape(-1, *x.shape[1:])
    tail = tail.reshape(-1, *x.shape[1:])
    return np.maximum(tail[: n - size + 1], head[size - 1 : n])


# --8<-- [end:running_max]
# --8<-- [start:rectangle]
def dilate_rectangle(
    image: np.ndarray, width: int, height: int, anchor: Anchor = None
) -> np.ndarray:
    if width < 1 or height < 1:
        raise ValueError(f"size is {width} x {height}: at least 1 x 1")
    check(image, np.ones((height, width)), anchor)
    h, w = image.shape[:2]
    x, y = anchor or (width // 2, height // 2)
    size = (h + height - 1, w + width - 1, *image.shape[2:])
    wide = np.full(size, limits(image)[0], image.dtype)
    wide[y : y + h, x : x + w] = image
    down = running_max(wide, height)
    return running_max(down.swapaxes(0, 1), width).swapaxes(0, 1)


def erode_rectangle(
    image: np.ndarray, width: int, height: int, anchor: Anchor = None
) -> np.ndarray:
    """Erosion is the dilation of the negative, and that is all it takes."""
    if image.dtype.kind == "f":
        return -dilate_rectangle(-image, width, height, anchor)
    most = limits(image)[1]
    return most - dilate_rectangle(most - image, width, height, anchor)


# --8<-- [end:rectangle]
def main() -> None:
    photo = data.camera()
    print("comparisons a pixel: k x k   row and column   blocks")
    for k in (3, 15, 51, 151):
        blocks = 2 * (3 - 2 / k)
        print(f"{k:>3} {k**2 - 1:>21} {2 * (k - 1):>16} {blocks:>8.1f}")
        theirs = cv2.dilate(photo, np.ones((k, k), np.uint8))
        assert np.array_equal(dilate_rectangle(photo, k, k), theirs)
    print("all four sizes: equal to cv2.dilate")


if __name__ == "__main__":
    main()
