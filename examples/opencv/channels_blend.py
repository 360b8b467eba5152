"""Alpha blending, exactly rounded, and averaging in linear light.

    over      y = (a F + (255 - a) B) / 255     a in 0..255, rounded
    linear    y = encode((1 - w) decode(p) + w decode(q))

F is the foreground, B the background, a the alpha of F. Light adds up in
linear values; the levels of a file are sRGB, about its 2.2nd root.
"""

import cv2
import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.opencv.channels_lab import linear_to_srgb, srgb_to_linear


# --8<-- [start:over]
def divided_by_255(x: np.ndarray) -> np.ndarray:
    x = x + 128  # to the nearest, for every x in 0..255 * 255
    return (x + (x >> 8)) >> 8


def over(
    front: np.ndarray,
    back: np.ndarray,
    alpha: np.ndarray,
) -> np.ndarray:
    for name, image in (("front", front), ("back", back), ("alpha", alpha)):
        if image.dtype != np.uint8:
            raise ValueError(f"{name} is {image.dtype}; it must be uint8")
    a = alpha.astype(np.int32)  # broadcasts: (h, w, 1) for color
    return divided_by_255(a * front + (255 - a) * back).astype(np.uint8)


# --8<-- [end:over]
# --8<-- [start:mix]
def mix(p: np.ndarray, q: np.ndarray, weight: float) -> np.ndarray:
    """Between two uint8 colors, as light mixes."""
    light = (1 - weight) * srgb_to_linear(np.asarray(p) / 255)
    light = light + weight * srgb_to_linear(np.asarray(q) / 255)
    return np.rint(255 * linear_to_srgb(light)).astype(np.uint8)


def blur_light(image: np.ndarray, sigma: float) -> np.ndarray:
    light = srgb_to_linear(image / 255).astype(np.float32)
    blurred = cv2.GaussianBlur(light, (0, 0), sigma).clip(0, 1)
    return np.rint(255 * linear_to_srgb(blurred)).astype(np.uint8)


# --8<-- [end:mix]
# --8<-- [start:fringe]
def shrunk(rgba: np.ndarray, premultiply: bool) -> np.ndarray:
    """A quarter of the size, color and alpha as floats in 0..1."""
    x = rgba.astype(np.float64) / 255
    if premultiply:
        x[:, :, :3] *= x[:, :, 3:]
    size = (x.shape[1] // 4, x.shape[0] // 4)
    small = cv2.resize(x, size, interpolation=cv2.INTER_AREA)
    if premultiply:
        small[:, :, :3] /= np.maximum(small[:, :, 3:], 1e-9)
    return small


def on_white(rgba: np.ndarray) -> np.ndarray:
    alpha = rgba[:, :, 3:]
    return np.rint(255 * (alpha * rgba[:, :, :3] + 1 - alpha))


# --8<-- [end:fringe]
def white_disk() -> np.ndarray:
    """White and opaque inside, black and transparent outside."""
    y, x = np.ogrid[:64, :64]
    inside = (y - 31.5) ** 2 + (x - 31.5) ** 2 < 21**2
    return np.repeat(inside[:, :, None], 4, axis=2).astype(np.uint8) * 255


def blend_figure() -> Figure:
    red, green = np.array([230, 40, 30]), np.array([30, 190, 60])
    weights = np.linspace(0, 1, 200)
    levels = np.array([(1 - w) * red + w * green for w in weights])
    light = np.array([mix(red, green, w) for w in weights])
    photo = data.rocket()[270:427, 75:310]
    views = {
        "levels averaged": np.rint(levels).astype(np.uint8)[None],
        "light averaged": light[None],
        "levels blurred": cv2.GaussianBlur(photo, (0, 0), 7),
        "light blurred": blur_light(photo, 7),
    }
    figure = Figure(figsize=(6.4, 3.5), layout="constrained")
    panels = figure.subplots(2, 2, height_ratios=(1, 3)).flat
    for panel, title in zip(panels, views, strict=True):
        wide = views[title].shape[0] == 1
        panel.imshow(views[title], aspect="auto" if wide else "equal")
        panel.set_title(title)
        panel.axis("off")
    return figure


# --8<-- [start:demo]
def main() -> None:
    x = np.arange(255 * 255 + 1)
    nearest = (2 * x + 255) // 510  # the definition; ties cannot occur
    for name, quotient in (
        ("(x + 128 + ...) >> 8", divided_by_255(x)),
        ("x // 255", x // 255),
        ("x >> 8", x >> 8),
    ):
        wrong = np.count_nonzero(quotient != nearest)
        print(f"{name:<22}wrong for {wrong:>6,} of {len(x):,}")
    board = np.indices((64, 64)).sum(axis=0) % 2 * 255
    light = srgb_to_linear(board / 255).mean()
    level = float(255 * linear_to_srgb(light))
    print(f"checkerboard: mean level {board.mean():.1f}", end=", ")
    print(f"level of the mean light {level:.1f}")
    for premultiply in (False, True):
        worst = on_white(shrunk(white_disk(), premultiply)).min()
        kind = "premultiplied" if premultiply else "straight"
        print(f"white on white, {kind:<14}darkest level {worst:.0f}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
