"""Twelve rotations by 30 degrees: one by one, or multiplied first."""

import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.image_processing.geometry import warp_perspective
from examples.image_processing.geometry_matrices import rotation_about

CENTER = (255.5, 255.5)


# --8<-- [start:turns]
def one_by_one(image: np.ndarray, turns: int, mode: str) -> np.ndarray:
    step = rotation_about(CENTER, 360 / turns)
    for _ in range(turns):
        image = warp_perspective(image, step, image.shape, mode)
    return image


def multiplied(image: np.ndarray, turns: int, mode: str) -> np.ndarray:
    step = rotation_about(CENTER, 360 / turns)
    full = np.linalg.matrix_power(step, turns)
    return warp_perspective(image, full, image.shape, mode)


def disk_error(result: np.ndarray, image: np.ndarray) -> float:
    """Root mean square difference where no rotation cuts anything off."""
    y, x = np.indices(image.shape)
    disk = np.hypot(x - CENTER[0], y - CENTER[1]) < 240
    return float(np.sqrt(((result - image)[disk] ** 2).mean()))


# --8<-- [end:turns]
def main() -> None:
    image = data.camera().astype(float)
    print("root mean square error of a full turn, gray levels")
    print("mode       steps   one by one   multiplied first")
    for mode in ("nearest", "bilinear", "bicubic"):
        for turns in (5, 12):
            steps = disk_error(one_by_one(image, turns, mode), image)
            once = disk_error(multiplied(image, turns, mode), image)
            print(f"{mode:<10} {turns:>5} {steps:12.1f} {once:18.1f}")


def blur_figure() -> Figure:
    image = data.camera().astype(float)
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    for axes, shown, title in zip(
        figure.subplots(1, 2),
        (
            multiplied(image, 12, "bilinear"),
            one_by_one(image, 12, "bilinear"),
        ),
        ("multiplied first, one warp", "one by one, twelve warps"),
        strict=True,
    ):
        axes.imshow(shown[80:260, 170:350], vmin=0, vmax=255)
        axes.set_title(title)
        axes.axis("off")
    return figure


if __name__ == "__main__":
    main()
