"""PSNR of JPEG by quality and photograph, and what that costs in bits."""

import cv2
import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.image_quality.psnr import psnr

QUALITIES = (10, 30, 50, 70, 80, 85, 90, 95, 100)


def photographs() -> dict[str, np.ndarray]:
    return {
        "moon": data.moon(),
        "camera": data.camera(),
        "brick": data.brick(),
        "grass": data.grass(),
        "coffee": cv2.cvtColor(data.coffee(), cv2.COLOR_RGB2BGR),
    }


# --8<-- [start:jpeg]
def through_jpeg(
    x: np.ndarray, quality: int, *more: int
) -> tuple[np.ndarray, float]:
    """The image after JPEG, and the bits that it took a pixel."""
    if x.dtype != np.uint8:
        raise ValueError(f"x is {x.dtype}; JPEG takes uint8")
    if not 0 <= quality <= 100:
        raise ValueError(f"quality is {quality}; it must be within 0..100")
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality, *more]
    _, code = cv2.imencode(".jpg", x, settings)
    y = np.asarray(cv2.imdecode(code, cv2.IMREAD_UNCHANGED))
    return y, 8 * code.size / (x.shape[0] * x.shape[1])


# --8<-- [end:jpeg]
# --8<-- [start:demo]
def main() -> None:
    photos = photographs()
    print("quality", *(f"{name:>8}" for name in photos))
    for quality in QUALITIES:
        after = [through_jpeg(x, quality)[0] for x in photos.values()]
        pairs = zip(photos.values(), after, strict=True)
        row = [f"{psnr(x, y):>8.1f}" for x, y in pairs]
        print(f"{quality:>7}", *row)
    x, factor = photos["coffee"], cv2.IMWRITE_JPEG_SAMPLING_FACTOR
    full = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    y, _ = through_jpeg(x, 100, factor, full)
    print(f"coffee, 100, chroma not subsampled: {psnr(x, y):.1f}")


# --8<-- [end:demo]
def rate_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    panel = figure.subplots()
    for name, x in photographs().items():
        points = [through_jpeg(x, quality) for quality in QUALITIES]
        levels = [psnr(x, y) for y, _ in points]
        bits = [rate for _, rate in points]
        panel.plot(bits, levels, "o-", ms=4, label=name)
    panel.set(xlabel="bits a pixel", ylabel="PSNR in dB", xlim=(0, 8.4))
    panel.grid(visible=True)
    panel.legend(ncols=5, loc="upper left", bbox_to_anchor=(-0.05, 1.15))
    return figure


if __name__ == "__main__":
    main()
