"""Channels written out: split, merge, gray, YCrCb and HSV as in OpenCV.

    gray   Y  = 0.299 R + 0.587 G + 0.114 B
    YCrCb  Cr = 0.713 (R - Y) + 128,  Cb = 0.564 (B - Y) + 128
    HSV    V  = max(R, G, B),  C = V - min(R, G, B),  S = C / V
           H  = 60 (G - B) / C         where R is the largest
                60 (B - R) / C + 120   where G is
                60 (R - G) / C + 240   where B is,  modulo 360

Gray and YCrCb: ITU-R BT.601, www.itu.int/rec/R-REC-BT.601
HSV: Smith 1978, doi.org/10.1145/965139.807361

Images are BGR, (h, w, 3). For uint8 the functions do OpenCV's fixed-point
arithmetic and equal cv2.cvtColor for all 2^24 colors; then H is in 0..179,
half degrees. hsv_formula takes float BGR in 0..1 and gives degrees, 0..1,
0..1. Raises ValueError for another type or shape and for bad bounds.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from skimage import data

GRAY = (3735, 19235, 9798)  # 0.114, 0.587, 0.299 of B, G, R in 2^-15
LUMA = (1868, 9617, 4899)  # the same in 2^-14, for YCrCb
CR, CB = 11682, 9241  # 0.713 and 0.564 in 2^-14
COLORS = {
    "red": (0, 0, 255),  # B, G, R
    "yellow": (0, 255, 255),
    "green": (0, 255, 0),
    "cyan": (255, 255, 0),
    "blue": (255, 0, 0),
    "magenta": (255, 0, 255),
    "gray": (128, 128, 128),
    "skin": (105, 134, 198),
}


def check_bgr(image: np.ndarray) -> None:
    if image.dtype != np.uint8:
        raise ValueError(f"image is {image.dtype}; it must be uint8")
    if image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(f"image is {image.shape}; not BGR, (h, w, 3)")


# --8<-- [start:split]
def split_channels(image: np.ndarray) -> list[np.ndarray]:
    if image.ndim != 3:
        raise ValueError(f"image is {image.shape}; it must be (h, w, c)")
    return [image[:, :, c].copy() for c in range(image.shape[2])]


def merge_channels(planes: Sequence[np.ndarray]) -> np.ndarray:
    kinds = {(plane.shape, plane.dtype.name) for plane in planes}
    if len(kinds) != 1 or planes[0].ndim != 2:
        raise ValueError(f"planes are {sorted(kinds)}; one (h, w) needed")
    return np.stack(planes, axis=2)  # (h, w, c), interleaved again


# --8<-- [end:split]
# --8<-- [start:gray]
def descale(x: np.ndarray, bits: int) -> np.ndarray:
    return (x + (1 << (bits - 1))) >> bits  # divide by 2^bits, halves up


def weighted(image: np.ndarray, weights: Sequence[int]) -> np.ndarray:
    check_bgr(image)
    b, g, r = np.moveaxis(image.astype(np.int32), 2, 0)
    return weights[0] * b + weights[1] * g + weights[2] * r


def bgr_to_gray(image: np.ndarray) -> np.ndarray:
    return descale(weighted(image, GRAY), 15).astype(np.uint8)


# --8<-- [end:gray]
# --8<-- [start:ycrcb]
def bgr_to_ycrcb(image: np.ndarray) -> np.ndarray:
    y = descale(weighted(image, LUMA), 14)
    b, _, r = np.moveaxis(image.astype(np.int32), 2, 0)
    cr = descale((r - y) * CR, 14) + 128
    cb = descale((b - y) * CB, 14) + 128
    return np.stack([y, cr, cb], axis=2).clip(0, 255).astype(np.uint8)


# --8<-- [end:ycrcb]
# --8<-- [start:hsv]
def sector(
    bgr: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """H C / 60 from -C to 5 C, the chroma C and the value V."""
    b, g, r = np.moveaxis(bgr, 2, 0)
    v = bgr.max(axis=2)
    chroma = v - bgr.min(axis=2)
    turn = np.where(v == g, b - r + 2 * chroma, r - g + 4 * chroma)
    return np.where(v == r, g - b, turn), chroma, v  # ties agree


def hsv_formula(bgr: np.ndarray) -> np.ndarray:
    turn, chroma, v = sector(np.asarray(bgr, np.float64))
    gray, black = chroma == 0, v == 0  # H and S have no meaning there
    h = 60 * turn / np.where(gray, 1, chroma) % 360
    s = chroma / np.where(black, 1, v)
    return np.stack([h, s, v], axis=2)  # gray gets hue 0 here


# --8<-- [end:hsv]
# --8<-- [start:hsv_uint8]
def reciprocals(numerator: float) -> np.ndarray:
    table = np.zeros(256, np.int32)  # [0] stays 0
    table[1:] = np.rint(numerator * 4096 / np.arange(1, 256))
    return table  # numerator / x, in 2^-12


def bgr_to_hsv(image: np.ndarray) -> np.ndarray:
    check_bgr(image)
    turn, chroma, v = sector(image.astype(np.int32))
    h = descale(turn * reciprocals(30)[chroma], 12)  # half degrees
    h = np.where(h < 0, h + 180, h)
    s = descale(chroma * reciprocals(255)[v], 12)
    return np.stack([h, s, v], axis=2).astype(np.uint8)


# --8<-- [end:hsv_uint8]
# --8<-- [start:mask]
def color_mask(
    hsv: np.ndarray, low: Sequence[int], high: Sequence[int]
) -> np.ndarray:
    if low[1] > high[1] or low[2] > high[2]:
        raise ValueError(f"low is {low}, high is {high}; only H may wrap")
    h, s, v = np.moveaxis(hsv, 2, 0)
    above, below = h >= low[0], h <= high[0]
    hue = above & below if low[0] <= high[0] else above | below
    inside = (s >= low[1]) & (s <= high[1]) & (v >= low[2]) & (v <= high[2])
    return np.where(hue & inside, 255, 0).astype(np.uint8)


def mean_hue(h: np.ndarray, turn: float = 180) -> float:
    angle = np.asarray(h, np.float64) * (2 * np.pi / turn)
    mean = np.arctan2(np.sin(angle).mean(), np.cos(angle).mean())
    return float(mean * turn / (2 * np.pi) % turn)


# --8<-- [end:mask]
# --8<-- [start:demo]
def main() -> None:
    bgr = np.array([list(COLORS.values())], np.uint8)  # (1, 7, 3)
    gray, hsv, ycrcb = bgr_to_gray(bgr), bgr_to_hsv(bgr), bgr_to_ycrcb(bgr)
    print("          B   G   R  gray    H   S   V    Y  Cr  Cb")
    for i, name in enumerate(COLORS):
        row = [*bgr[0, i], gray[0, i], *hsv[0, i], *ycrcb[0, i]]
        texts = [
            f"{value:>{5 if k in (3, 4, 7) else 4}}"
            for k, value in enumerate(row)
        ]
        print(f"{name:<7}{''.join(texts)}")
    for name in ("astronaut", "chelsea", "coffee"):
        photo = getattr(data, name)()[:, :, ::-1].copy()
        same = [
            np.array_equal(ours(photo), cv2.cvtColor(photo, code))
            for ours, code in (
                (bgr_to_gray, cv2.COLOR_BGR2GRAY),
                (bgr_to_hsv, cv2.COLOR_BGR2HSV),
                (bgr_to_ycrcb, cv2.COLOR_BGR2YCrCb),
            )
        ]
        print(f"{name}: equal to OpenCV {all(same)}")
    h = np.array([178, 2], np.uint8)
    print(f"hues 178 and 2: mean {h.mean():.0f}, on the circle", end=" ")
    print(f"{round(mean_hue(h)) % 180}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
