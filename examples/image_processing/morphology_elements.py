"""Structuring elements, and why a digital ellipse is not round.

An ellipse of width w and height h has the half axes a = w // 2, b = h // 2;
its row y holds the pixels with |x| <= round(a sqrt(1 - y^2 / b^2)).
cv2.getStructuringElement returns the same arrays. Sizes are in pixels;
unknown shapes and sizes below 1 raise ValueError.
"""

import numpy as np

SHAPES = ("rectangle", "cross", "ellipse")


# --8<-- [start:element]
def element(shape: str, width: int, height: int) -> np.ndarray:
    if width < 1 or height < 1:
        raise ValueError(f"size is {width} x {height}: at least 1 x 1")
    x, y = np.arange(width) - width // 2, np.arange(height) - height // 2
    y = y[:, np.newaxis]
    if shape == "rectangle":
        inside = np.ones((height, width), bool)
    elif shape == "cross":
        inside = (x == 0) | (y == 0)
    elif shape == "ellipse":
        a, b = width // 2, height // 2  # half axes, rounded down
        reach = a * np.sqrt((b**2 - y**2).clip(0) / max(b, 1) ** 2)
        inside = np.abs(x) <= np.rint(reach)
    else:
        raise ValueError(f"shape is {shape!r}: it must be one of {SHAPES}")
    return inside.astype(np.uint8)


# --8<-- [end:element]
