"""Lab written out: the formula in float64 and OpenCV's 8-bit arithmetic.

    c     = ((v + 0.055) / 1.055)^2.4, or v / 12.92 up to 0.04045    linear
    X Y Z = matrix times (R, G, B), each divided by that of white
    f(t)  = cube root of t, or 7.787 t + 16 / 116 up to 0.008856
    L = 116 f(Y) - 16,  a = 500 (f(X) - f(Y)),  b = 200 (f(Y) - f(Z))

sRGB: IEC 61966-2-1, www.w3.org/Graphics/Color/sRGB. Lab: CIE 1976,
en.wikipedia.org/wiki/CIELAB_color_space

lab_formula takes float BGR in 0..1, (h, w, 3), and gives L in 0..100 and
signed a and b. bgr_to_lab takes uint8 and gives 255 L / 100, a + 128 and
b + 128 as OpenCV does, for all 2^24 colors. Raises ValueError for another
type or shape.
"""

from collections.abc import Sequence

import numpy as np

from examples.opencv.channels import check_bgr, descale

XYZ = (  # of linear R, G, B; the rows sum to WHITE
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
WHITE = (0.950456, 1.0, 1.088754)  # daylight, D65
# Two cube roots, within 2e-4 of a tie, that float32 rounds the other way
TIES = {49: 9454, 628: 22126}
PAIRS = {  # B, G, R of two colors 40 levels apart
    "dark blue": ((40, 0, 0), (80, 0, 0)),
    "bright blue": ((215, 0, 0), (255, 0, 0)),
    "dark green": ((0, 40, 0), (0, 80, 0)),
    "bright green": ((0, 215, 0), (0, 255, 0)),
}


# --8<-- [start:gamma]
def srgb_to_linear(v: np.ndarray) -> np.ndarray:
    v = np.asarray(v, np.float64)
    curve = ((np.maximum(v, 0) + 0.055) / 1.055) ** 2.4
    return np.where(v <= 0.04045, v / 12.92, curve)


def linear_to_srgb(c: np.ndarray) -> np.ndarray:
    c = np.asarray(c, np.float64)
    curve = 1.055 * np.maximum(c, 0) ** (1 / 2.4) - 0.055
    return np.where(c <= 0.0031308, 12.92 * c, curve)


# --8<-- [end:gamma]
# --8<-- [start:formula]
def cube_root(t: np.ndarray) -> np.ndarray:
    return np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)


def lab_formula(
    bgr: np.ndarray,
    white: Sequence[float] = WHITE,
) -> np.ndarray:
    rgb = srgb_to_linear(bgr)[:, :, ::-1]
    xyz = rgb @ np.array(XYZ).T / np.array(white)
    x, y, z = np.moveaxis(cube_root(xyz), 2, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=2)


# --8<-- [end:formula]
# --8<-- [start:fixed]
def tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    linear = srgb_to_linear(np.arange(256) / 255)
    linear = np.rint(2040 * linear).astype(np.int32)  # 255 * 8
    roots = cube_root(np.arange(3072) / 2040)
    roots = np.rint(32768 * roots).astype(np.int32)  # in 2^-15
    for index, value in TIES.items():
        roots[index] = value
    matrix = np.array(XYZ) / np.array(WHITE)[:, None]
    return linear, roots, np.rint(4096 * matrix).astype(np.int32)


def bgr_to_lab(image: np.ndarray) -> np.ndarray:
    check_bgr(image)
    linear, roots, matrix = tables()
    b, g, r = np.moveaxis(linear[image], 2, 0)
    x, y, z = (
        roots[descale(row[0] * r + row[1] * g + row[2] * b, 12)]
        for row in matrix
    )
    scale = (116 * 255 + 50) // 100
    shift = -((16 * 255 * 32768 + 50) // 100)
    lab = [
        descale(scale * y + shift, 15),
        descale(500 * (x - y), 15) + 128,
        descale(200 * (y - z), 15) + 128,
    ]
    return np.stack(lab, axis=2).clip(0, 255).astype(np.uint8)


# --8<-- [end:fixed]
def main() -> None:
    print("40 levels apart     L, a, b of one    of the other   distance")
    for name, pair in PAIRS.items():
        lab = lab_formula(np.array([pair]) / 255)[0]
        texts = ["".join(f"{value:>6.0f}" for value in one) for one in lab]
        distance = float(np.sqrt(((lab[1] - lab[0]) ** 2).sum()))
        print(f"{name:<15}{texts[0]}{texts[1]}{distance:>9.1f}")
    dark, bright = srgb_to_linear(np.array([0.0, 1.0]))
    middle = linear_to_srgb((dark + bright) / 2)
    print(f"half the light of 255 is the level {255 * middle:.0f}")


if __name__ == "__main__":
    main()
