"""Scenes of shapes with exact masks, drawn as they are asked for.

A pixel belongs to a shape when it satisfies that shape's inequalities, and
both the picture and the mask are decided by them, so the mask has no error.
With (u, v) the pixel in the frame of a shape, center 0 and radius 1:

    circle    u² + v² ≤ 1                 ring   0.55² ≤ u² + v² ≤ 1
    square    max(|u|, |v|) ≤ 0.8         cross  the same of 1, and
    triangle  u n₁ + v n₂ ≤ 1/2, thrice          min(|u|, |v|) ≤ 0.3
    star      at least four of five such half-planes, at cos 72°

Later shapes cover earlier ones. Every area has a hue and stripes, then noise
is added. ``color_cue`` says what the hue tells: 1, the class; 0, nothing,
for it is uniform on the circle of hues; in between it scatters around the
hue of the class by ±(1 - color_cue) / 2 of that circle.

Shapes: image (h, w, 3) uint8, mask (h, w) uint8, 0 is the background; as a
data set x (n, 3, h, w) float32 of mean about 0 and y (n, h, w) int64. Raises
ValueError for a size below 16, a cue outside [0, 1] and no scenes at all.
"""

import numpy as np
import torch
from torch.utils.data import TensorDataset

CLASSES = (
    *("background", "circle", "square", "triangle"),
    *("ring", "cross", "star"),
)
# How often each shape is drawn: the thinnest ones are rare as well
OFTEN = (0.26, 0.22, 0.18, 0.14, 0.11, 0.09)
SEEDS = {"train": 0, "validation": 1, "test": 2}


# --8<-- [start:inside]
def half_planes(
    u: np.ndarray, v: np.ndarray, n: int, d: float
) -> np.ndarray:  # of ints
    """In how many of n half-planes around 0, at distance d, a point is."""
    angles = np.arange(n) * 2 * np.pi / n
    within = [u * np.sin(a) + v * np.cos(a) <= d for a in angles]
    return np.sum(within, axis=0)


def inside(kind: str, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    square, radius = np.maximum(abs(u), abs(v)), np.hypot(u, v)
    match kind:
        case "circle":
            return radius <= 1
        case "square":
            return square <= 0.8
        case "triangle":
            return half_planes(u, v, 3, 0.5) == 3
        case "ring":
            return (radius >= 0.55) & (radius <= 1)
        case "cross":
            return (square <= 1) & (np.minimum(abs(u), abs(v)) <= 0.3)
        case "star":
            return half_planes(u, v, 5, np.cos(0.4 * np.pi)) >= 4
    raise ValueError(f"kind is {kind!r}; must be one of {CLASSES[1:]}")


# --8<-- [end:inside]
# --8<-- [start:paint]
def paint(
    random: np.random.Generator, label: int, size: int, color_cue: float
) -> np.ndarray:  # (h, w, 3)
    """Stripes of one hue over the whole picture."""
    spread = (1 - color_cue) * (random.random() - 0.5)
    hue = label / len(CLASSES) + spread
    saturation, value = random.uniform((0.5, 0.5), (0.9, 0.9))
    around = (6 * hue + np.array([0, 4, 2])) % 6
    color = 1 - saturation + saturation * np.clip(abs(around - 3) - 1, 0, 1)
    angle, period = random.uniform((0, 4), (np.pi, 12))
    y, x = np.mgrid[:size, :size]
    way = x * np.cos(angle) + y * np.sin(angle)
    stripes = np.sin(2 * np.pi * (way / period + random.random()))
    return value * (1 + 0.2 * stripes[..., None]) * color


# --8<-- [end:paint]
# --8<-- [start:scene]
def scene(
    index: int, seed: int = 0, size: int = 64, color_cue: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """The picture and the mask that this index and seed always have."""
    check_scene(size, color_cue)
    random = np.random.default_rng((seed, index))
    image = paint(random, 0, size, color_cue)
    mask = np.zeros((size, size), np.uint8)
    y, x = np.mgrid[:size, :size]
    for _ in range(random.integers(2, 6)):
        label = 1 + random.choice(len(OFTEN), p=OFTEN)
        radius = size * random.uniform(0.13, 0.28)
        left, top = random.uniform(0, size, 2)
        turn = random.uniform(0, 2 * np.pi)
        z = ((x - left) + 1j * (y - top)) * np.exp(1j * turn) / radius
        covers = inside(CLASSES[label], z.real, z.imag)
        mask[covers] = label
        image[covers] = paint(random, label, size, color_cue)[covers]
    image += random.normal(0, 0.04, image.shape)
    return np.round(image.clip(0, 1) * 255).astype(np.uint8), mask


# --8<-- [end:scene]
# --8<-- [start:dataset]
def shapes_dataset(
    split: str, count: int, size: int = 64, color_cue: float = 0.0
) -> TensorDataset:
    if split not in SEEDS or count < 1:
        raise ValueError(
            f"split is {split!r} and count {count}; must be one of "
            f"{tuple(SEEDS)} and at least 1"
        )
    scenes = [scene(i, SEEDS[split], size, color_cue) for i in range(count)]
    images, masks = (
        torch.from_numpy(np.stack(s)) for s in zip(*scenes, strict=True)
    )
    x = (images.permute(0, 3, 1, 2) / 255 - 0.5) / 0.25
    return TensorDataset(x.contiguous(), masks.long())


# --8<-- [end:dataset]
def check_scene(size: int, color_cue: float) -> None:
    if size < 16:
        raise ValueError(f"size is {size}; must be at least 16")
    if not 0 <= color_cue <= 1:
        raise ValueError(f"color_cue is {color_cue}; must be in [0, 1]")
