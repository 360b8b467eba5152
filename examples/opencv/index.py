"""An image is an array, and an array is bytes and a rule to find them.

    byte(y, x, c) = first + y * s0 + x * s1 + c * s2

image is (h, w), gray, or (h, w, c) with channels in the order B, G, R; the
strides s0, s1, s2 are bytes. Packed uint8 has s = (w * c, c, 1). Levels of
uint8 end at 255; what a sum does there is a choice:

    wrap(v) = v mod 256              NumPy
    saturate(v) = min(255, max(0, round(v)))    OpenCV

A tie rounds to the even neighbor. Raises ValueError for what is no image,
an index outside of it, a box outside of it and values that are not finite.
"""

import cv2
import numpy as np
from skimage import data


# --8<-- [start:check]
def check_array(image: np.ndarray) -> None:
    if not isinstance(image, np.ndarray):
        raise ValueError(f"image is {type(image).__name__}, not an ndarray")
    if image.ndim not in (2, 3) or image.size == 0:
        raise ValueError(f"image is {image.shape}, not (h, w) or (h, w, c)")


# --8<-- [end:check]
# --8<-- [start:offset]
def offset(image: np.ndarray, *index: int) -> int:
    """Bytes from the first value to the value at (y, x) or (y, x, c)."""
    check_array(image)
    if len(index) != image.ndim:
        raise ValueError(f"index is {index}; it needs {image.ndim} numbers")
    for number, length in zip(index, image.shape, strict=True):
        if not 0 <= number < length:
            told = f"index is {index}"
            raise ValueError(f"{told}; the shape is {image.shape}")
    return sum(
        number * stride
        for number, stride in zip(index, image.strides, strict=True)
    )


# --8<-- [end:offset]
# --8<-- [start:region]
def region(
    image: np.ndarray, x: int, y: int, width: int, height: int
) -> np.ndarray:
    """A view of the box that OpenCV calls (x, y, width, height)."""
    check_array(image)
    h, w = image.shape[:2]
    inside = 0 <= x < x + width <= w and 0 <= y < y + height <= h
    if not inside:  # a slice would say nothing and return less
        box = (x, y, width, height)
        raise ValueError(f"box is {box}; the image is {w} wide, {h} high")
    return image[y : y + height, x : x + width]


# --8<-- [end:region]
# --8<-- [start:overflow]
def wrap(values: np.ndarray) -> np.ndarray:
    return (np.asarray(values) % 256).astype(np.uint8)  # integers


def saturate(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, np.float64)
    if not np.isfinite(values).all():
        raise ValueError("values has NaN or infinity; it must be finite")
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


# --8<-- [end:overflow]
# --8<-- [start:demo]
def main() -> None:
    image = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
    print(f"shape {image.shape}, {image.dtype}, strides {image.strides}")
    y, x = 30, 150
    blue, green, red = (int(level) for level in image[y, x])
    print(f"row {y}, column {x}: B {blue}, G {green}, R {red}")
    place = offset(image, y, x, 2)
    print(f"R is byte {place} of the memory: {image.tobytes()[place]}")

    face = region(image, x=170, y=60, width=110, height=150)
    print(f"face  {face.shape}, the strides stay {face.strides}")
    face[:] = 255  # no copy was made: the photograph turns white too
    print(f"the photograph at the corner of the face: {image[60, 170]}")

    levels = np.array([[200, 250]], np.uint8)
    total = levels.astype(int) + 100
    print(f"{levels} + 100 in NumPy   {levels + np.uint8(100)}")
    print(f"{levels} + 100 in OpenCV  {cv2.add(levels, 100)}")
    print(f"wrap {wrap(total)}, saturate {saturate(total)}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
