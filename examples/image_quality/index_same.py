"""Draws the photograph and the three images that share its errors."""

from matplotlib.figure import Figure

from examples.image_quality.index import photograph, same_errors
from examples.image_quality.mse import mse
from examples.image_quality.ssim import ssim


def errors_figure() -> Figure:
    x = photograph()
    images = {"reference x": x} | same_errors(x)
    figure = Figure(figsize=(6.4, 5.2), layout="constrained")
    panels = figure.subplots(2, 2).flat
    for panel, (name, y) in zip(panels, images.items(), strict=True):
        panel.imshow(y, vmin=0, vmax=255)
        numbers = f"MSE {mse(x, y):.0f}, SSIM {ssim(x, y):.2f}"
        panel.set_title(f"{name}\n{numbers}", fontsize=13)
        panel.axis("off")
    return figure
