"""A page in the shade: subtract the background, or divide by it?

A closing wider than the strokes erases dark text and leaves the paper.
Light multiplies, x = paper * light, so that x / closing(x) removes it,
while the black-hat, closing(x) - x, leaves ink in the shade pale.
"""

import cv2
import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.image_processing.morphology import closing
from examples.image_processing.morphology_elements import element


# --8<-- [start:page]
def without_shade() -> dict[str, np.ndarray]:
    """Three images for one threshold each; text is dark, uint8."""
    page = data.page()  # uint8 (191, 384)
    paper = closing(page, element("ellipse", 15, 15))
    ratio = np.rint(255.0 * page / paper.clip(1))
    return {
        "page": page,
        "subtracted": 255 - (paper - page),
        "divided": ratio.astype(np.uint8),
    }


def ink(image: np.ndarray) -> np.ndarray:
    _, mask = cv2.threshold(image, 0, 255, cv2.THRESH_OTSU)
    return mask == 0


# --8<-- [end:page]
def page_figure() -> Figure:
    figure = Figure(figsize=(6.2, 7.6), layout="constrained")
    for (left, right), (name, image) in zip(
        figure.subplots(3, 2), without_shade().items(), strict=True
    ):
        left.imshow(image[:, :250], cmap="gray", vmin=0, vmax=255)
        right.imshow(~ink(image)[:, :250], cmap="gray")
        left.set_title(name)
        right.set_title("Otsu")
        left.axis("off")
        right.axis("off")
    return figure


def main() -> None:
    print("share of pixels called ink   left third  right third")
    for name, image in without_shade().items():
        left, _, right = np.split(ink(image), 3, axis=1)
        print(f"{name:<27} {left.mean():>11.0%} {right.mean():>12.0%}")


if __name__ == "__main__":
    main()
