"""One photograph and the channels that four color spaces make of it."""

import numpy as np
from matplotlib.figure import Figure
from skimage import data
from skimage.color import hsv2rgb

from examples.opencv.channels import bgr_to_gray, bgr_to_hsv, bgr_to_ycrcb
from examples.opencv.channels_lab import bgr_to_lab

LIMITS = {  # what is shown black and white; 128 is neutral
    "H": (0, 179),
    "Cr": (64, 192),
    "Cb": (64, 192),
    "a": (64, 192),
    "b": (64, 192),
}


def planes_figure() -> Figure:
    photo = data.astronaut()[:320, :480]  # RGB
    image = np.ascontiguousarray(photo[:, :, ::-1])
    hsv = bgr_to_hsv(image)
    pure = hsv / np.array([180, 255, 255])
    pure[:, :, 1:] = 1  # the hue alone
    views = {
        "photograph": photo,
        "gray": bgr_to_gray(image),
        "hue as a color": hsv2rgb(pure),
    }
    for names, planes in (
        (("B", "G", "R"), image),
        (("H", "S", "V"), hsv),
        (("Y", "Cr", "Cb"), bgr_to_ycrcb(image)),
        (("L", "a", "b"), bgr_to_lab(image)),
    ):
        for c, name in enumerate(names):
            views[name] = planes[:, :, c]
    figure = Figure(figsize=(6.4, 8.6), layout="constrained")
    panels = figure.subplots(5, 3).flat
    for panel, name in zip(panels, views, strict=True):
        low, high = LIMITS.get(name, (0, 255))
        panel.imshow(views[name], vmin=low, vmax=high)
        panel.set_title(name)
        panel.axis("off")
    return figure
