"""A red motorcycle found by its hue, which lies on both sides of 0."""

import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.opencv.channels import bgr_to_hsv, color_mask


def red_masks(image: np.ndarray) -> dict[str, np.ndarray]:
    hsv = bgr_to_hsv(image)
    return {
        "H in 0..8": color_mask(hsv, (0, 150, 60), (8, 255, 255)),
        "H in 172..179": color_mask(hsv, (172, 150, 60), (179, 255, 255)),
        "H from 172 over 0 to 8": color_mask(
            hsv, (172, 150, 60), (8, 255, 255)
        ),
    }


def red_figure() -> Figure:
    photo = data.stereo_motorcycle()[0][::2, ::2]  # RGB
    masks = red_masks(np.ascontiguousarray(photo[:, :, ::-1]))
    views = {"photograph": photo} | masks
    figure = Figure(figsize=(6.4, 4.9), layout="constrained")
    panels = figure.subplots(2, 2).flat
    for panel, title in zip(panels, views, strict=True):
        panel.imshow(views[title], interpolation="antialiased")
        panel.set_title(title)
        panel.set(xticks=(), yticks=())
        panel.spines[:].set_visible(True)
    return figure
