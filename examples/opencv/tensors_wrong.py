"""What mistakes in the conversion look like, on one photograph."""

import cv2
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from skimage import data

from examples.opencv.tensors import (
    image_to_tensor,
    normalize,
    tensor_to_image,
)


def mistakes(image: np.ndarray) -> dict[str, np.ndarray]:
    """BGR in, BGR out: the right way and five wrong ones."""
    h, w, c = image.shape
    x = image_to_tensor(image)
    swapped = tensor_to_image(x)[:, :, ::-1]
    reshaped = image.reshape(c, h, w).transpose(1, 2, 0)  # not a transpose
    brighter = np.rint(1.4 * image.astype(np.float64)).astype(np.int64)
    return {
        "right": tensor_to_image(x),
        "RGB taken for BGR": swapped,
        "reshape for permute": reshaped,
        "1.4 x, no clamp": brighter.astype(np.uint8),  # 260 becomes 4
        "mean, std kept": tensor_to_image(normalize(x)),
        "divided by 255 twice": tensor_to_image(x / 255),
    }


def wrong_figure() -> Figure:
    crop = np.ascontiguousarray(data.astronaut()[:300, 60:360, ::-1])
    figure = Figure(figsize=(6.5, 4.8), layout="constrained")
    panels = figure.subplots(2, 3)
    small = cv2.resize(crop, (240, 240), interpolation=cv2.INTER_AREA)
    views = mistakes(small)
    for panel, title in zip(panels.flat, views, strict=True):
        panel.imshow(views[title][:, :, ::-1])
        panel.set_title(title, fontsize=10)
        panel.axis("off")
        edge = {"fill": False, "ec": "#757b84"}
        frame = Rectangle((0, 0), 1, 1, transform=panel.transAxes, **edge)
        panel.add_patch(frame)
    return figure
