"""View or copy, and may OpenCV draw on it: asked of NumPy and OpenCV.

Each expression is applied to one photograph. It is a view if it shares the
photograph's memory. OpenCV reads any of them, copying first where its own
layout cannot describe the strides; to write into one, as drawing does, it
needs the values of a pixel side by side, and pixels side by side in a row.
"""

from collections.abc import Callable

import cv2
import numpy as np
from skimage import data

EXPRESSIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "image[60:210, 170:280]": lambda image: image[60:210, 170:280],
    "image[::-1]": lambda image: image[::-1],
    "image[:, ::-1]": lambda image: image[:, ::-1],
    "image[..., ::-1]": lambda image: image[..., ::-1],
    "image[..., 0]": lambda image: image[..., 0],
    "image[::2, ::2]": lambda image: image[::2, ::2],
    "image.transpose(2, 0, 1)": lambda image: image.transpose(2, 0, 1),
    "image.reshape(-1, 3)": lambda image: image.reshape(-1, 3),
    "image[[0, 1, 2]]": lambda image: image[[0, 1, 2]],
    "image[image > 99]": lambda image: image[image > 99],
    "image.astype(np.uint8)": lambda image: image.astype(np.uint8),
    "cv2.flip(image, 0)": lambda image: cv2.flip(image, 0),
}


# --8<-- [start:ask]
def shares(image: np.ndarray, part: np.ndarray) -> bool:
    return np.shares_memory(image, part)


def drawable(part: np.ndarray) -> bool:
    try:
        cv2.line(part, (0, 0), (0, 0), (0, 0, 0))
    except cv2.error:  # "Layout of the output array img is incompatible"
        return False
    return True


# --8<-- [end:ask]
# --8<-- [start:demo]
def main() -> None:
    image = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
    print(f"{'':<25} {'strides':<14} view  cv2 may draw")
    for text, take in EXPRESSIONS.items():
        part = take(image)
        answers = ["yes" if shares(image, part) else "no"]
        answers += ["yes" if drawable(part) else "no"]
        view, draws = answers
        print(f"{text:<25} {part.strides!s:<14} {view:<5} {draws}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
