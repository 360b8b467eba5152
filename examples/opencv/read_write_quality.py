"""How many bits a quality costs, and what it buys, on one photograph.

    rate = 8 * bytes / (h * w)   bits a pixel
    psnr = 10 * log10(255 ** 2 / mse)   decibel

The photograph is NASA's portrait of Eileen Collins, which scikit-image
keeps as a PNG; a photograph that was a JPEG before would flatter the JPEG.
"""

import math

import cv2
import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.opencv.read_write import encode
from examples.opencv.read_write_flags import decoded

BLUE, ORANGE, GREEN, PURPLE = "#3b82f6", "#ea7a17", "#1f9d6b", "#a35fe0"
QUALITIES = (10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100)
FULL_CHROMA = (
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
)


# --8<-- [start:measure]
def rate(stored: np.ndarray | bytes, image: np.ndarray) -> float:
    h, w = image.shape[:2]
    return 8 * len(stored) / (h * w)


def psnr_of(image: np.ndarray, other: np.ndarray) -> float:
    error = image.astype(np.float64) - other
    mse = float(np.square(error).mean())
    return 10 * math.log10(255**2 / mse) if mse else math.inf


def lossy(image: np.ndarray, extension: str, *settings: int) -> np.ndarray:
    """The bytes of the file; settings are keys and values in turn."""
    return cv2.imencode(extension, image, settings)[1]


# --8<-- [end:measure]
# --8<-- [start:generations]
def saved_again(
    image: np.ndarray, times: int, quality: int, shift: int = 0
) -> np.ndarray:
    """Saved as JPEG time after time, moved by shift pixels in between."""
    for _ in range(times):
        image = np.roll(image, (shift, shift), axis=(0, 1))
        key = cv2.IMWRITE_JPEG_QUALITY
        image = decoded(lossy(image, ".jpg", key, quality))
    return np.roll(image, (-shift * times, -shift * times), axis=(0, 1))


# --8<-- [end:generations]
def portrait() -> np.ndarray:
    return cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)


def curves() -> Figure:
    """PSNR against bits a pixel, one line an encoder."""
    photo = portrait()
    jpeg, webp = cv2.IMWRITE_JPEG_QUALITY, cv2.IMWRITE_WEBP_QUALITY
    encoders = {
        "WebP": (GREEN, ".webp", webp, (), (-6, 8)),
        "JPEG, full color": (BLUE, ".jpg", jpeg, FULL_CHROMA, None),
        "JPEG, as OpenCV writes it": (ORANGE, ".jpg", jpeg, (), (7, -12)),
    }
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    for name, (color, extension, key, more, aside) in encoders.items():
        points = []
        for quality in QUALITIES:
            stored = lossy(photo, extension, key, quality, *more)
            level = psnr_of(photo, decoded(stored))
            points.append((rate(stored, photo), level))
            if quality in (50, 80, 95) and aside:
                axes.annotate(
                    str(quality),
                    points[-1],
                    aside,
                    textcoords="offset points",
                    color=color,
                )
        xy = zip(*points, strict=True)
        axes.plot(*xy, "o-", ms=4, color=color, label=name)
    for extension in (".webp", ".png"):
        bits = rate(encode(extension, photo), photo)
        axes.axvline(bits, color=PURPLE, ls="--", lw=1.4)
        told = f"lossless {extension}"
        axes.text(0.97 * bits, 27, told, color=PURPLE, rotation=90, ha="right")
    axes.set_xscale("log", base=2)
    ticks = (0.25, 0.5, 1, 2, 4, 8, 16)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set(xlabel="bits a pixel", ylabel="PSNR, dB")
    axes.grid()
    axes.legend(loc="upper left")
    return figure


def crops() -> Figure:
    """The eyes at four qualities, enlarged without smoothing."""
    photo = portrait()
    jpeg, webp = cv2.IMWRITE_JPEG_QUALITY, cv2.IMWRITE_WEBP_QUALITY
    cases = (
        ("JPEG", 95, lossy(photo, ".jpg", jpeg, 95)),
        ("JPEG", 50, lossy(photo, ".jpg", jpeg, 50)),
        ("JPEG", 10, lossy(photo, ".jpg", jpeg, 10)),
        ("WebP", 20, lossy(photo, ".webp", webp, 20)),
    )
    figure = Figure(figsize=(6.4, 5), layout="constrained")
    for axes, (name, quality, stored) in zip(
        figure.subplots(2, 2).flat, cases, strict=True
    ):
        part = decoded(stored)[75:155, 175:285]
        axes.imshow(cv2.cvtColor(part, cv2.COLOR_BGR2RGB))
        bits = rate(stored, photo)
        told = f"{name} {quality}: {bits:.2f} bits a pixel"
        axes.set_title(told, fontsize=10)
        axes.axis("off")
    return figure


def main() -> None:
    photo = portrait()
    print("quality      JPEG           WebP           JPEG, full color")
    for quality in (50, 80, 95):
        told = []
        for extension, key, more in (
            (".jpg", cv2.IMWRITE_JPEG_QUALITY, ()),
            (".webp", cv2.IMWRITE_WEBP_QUALITY, ()),
            (".jpg", cv2.IMWRITE_JPEG_QUALITY, FULL_CHROMA),
        ):
            stored = lossy(photo, extension, key, quality, *more)
            level = psnr_of(photo, decoded(stored))
            told.append(f"{len(stored) // 1000:>3} kB {level:.1f} dB")
        print(f"{quality:>7}", *told, sep="   ")
    print("saved as JPEG 90   once   5 times   50 times")
    for shift, name in ((0, "as it is"), (1, "moved by a pixel")):
        levels = [
            psnr_of(photo, saved_again(photo, times, 90, shift))
            for times in (1, 5, 50)
        ]
        print(
            f"{name:<17} {levels[0]:>5.1f} {levels[1]:>9.1f} {levels[2]:>10.1f}"
        )


if __name__ == "__main__":
    main()
