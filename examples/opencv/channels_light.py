"""One color rule in four color spaces while the light changes.

Light multiplies linear values: a lamp at half power halves R, G and B. The
rule is learned from a disk of petals at full light, the 2nd to 98th
percentile of each channel, brightness (V, Y, L) left free. Hues are turned
by half a circle first, for those of the petals lie on both sides of 0. The
score: intersection over union of its mask with its own at full light.
"""

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_sample_image

from examples.opencv.channels import bgr_to_hsv, bgr_to_ycrcb
from examples.opencv.channels_lab import (
    bgr_to_lab,
    linear_to_srgb,
    srgb_to_linear,
)

FREE = {"BGR": None, "YCrCb": 0, "Lab": 0, "HSV": 2}
LIGHTS = {  # gain of B, G, R and light that is added
    "light 1/2": ((1 / 2, 1 / 2, 1 / 2), 0.0),
    "light 1/4": ((1 / 4, 1 / 4, 1 / 4), 0.0),
    "light 1/8": ((1 / 8, 1 / 8, 1 / 8), 0.0),
    "light 1/16": ((1 / 16, 1 / 16, 1 / 16), 0.0),
    "warm light": ((0.5, 0.8, 1.0), 0.0),
    "haze": ((0.8, 0.8, 0.8), 0.1),
}


def flower() -> np.ndarray:
    photo = load_sample_image("flower.jpg")[:, :, ::-1]
    return np.ascontiguousarray(photo)  # (427, 640, 3), BGR


# --8<-- [start:lit]
def lit(image: np.ndarray, gain: np.ndarray, haze: float = 0) -> np.ndarray:
    light = srgb_to_linear(image / 255) * gain + haze
    return np.rint(255 * linear_to_srgb(light.clip(0, 1))).astype(np.uint8)


# --8<-- [end:lit]
# --8<-- [start:rule]
def rotated_hsv(image: np.ndarray) -> np.ndarray:
    hsv = bgr_to_hsv(image).astype(np.int32)  # uint8 would wrap at 256
    hsv[:, :, 0] = (hsv[:, :, 0] + 90) % 180  # red away from the seam
    return hsv


def convert(image: np.ndarray, space: str) -> np.ndarray:
    functions: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "YCrCb": bgr_to_ycrcb,
        "Lab": bgr_to_lab,
        "HSV": rotated_hsv,
    }
    return functions[space](image) if space in functions else image


def learned_mask(
    image: np.ndarray, photo: np.ndarray, space: str
) -> np.ndarray:
    """Where the image has colors of the petals in the photo."""
    y, x = np.ogrid[: photo.shape[0], : photo.shape[1]]
    disk = (y - 222) ** 2 + (x - 308) ** 2 < 95**2
    low, high = np.percentile(convert(photo, space)[disk], (2, 98), axis=0)
    if FREE[space] is not None:
        low[FREE[space]], high[FREE[space]] = 0, 255
    channels = convert(image, space)
    return ((channels >= low) & (channels <= high)).all(axis=2)


# --8<-- [end:rule]
def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def falling_light(photo: np.ndarray) -> np.ndarray:
    gain = 2.0 ** -np.linspace(0, 5, photo.shape[1])[None, :, None]
    return lit(photo, gain)


def light_figure() -> Figure:
    photo = flower()
    dim = falling_light(photo)
    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    views = {
        "full light": photo[:, :, ::-1],
        "light falling to 1/32": dim[:, :, ::-1],
        "its petals by BGR": learned_mask(dim, photo, "BGR"),
        "its petals by HSV": learned_mask(dim, photo, "HSV"),
    }
    panels = figure.subplots(2, 2).flat
    for panel, title in zip(panels, views, strict=True):
        panel.imshow(views[title], cmap="gray", interpolation="antialiased")
        panel.set_title(title)
        panel.set(xticks=(), yticks=())
        panel.spines[:].set_visible(True)
    return figure


def main() -> None:
    photo = flower()
    print(f"{'overlap':<12}" + "".join(f"{space:>8}" for space in FREE))
    whole = {space: learned_mask(photo, photo, space) for space in FREE}
    for name, (gain, haze) in LIGHTS.items():
        image = lit(photo, np.array(gain), haze)
        scores = [
            overlap(learned_mask(image, photo, space), whole[space])
            for space in FREE
        ]
        print(f"{name:<12}" + "".join(f"{score:>8.2f}" for score in scores))


if __name__ == "__main__":
    main()
