"""Images to tensors and back: BGR bytes to RGB floats, and no level lost.

    x[c, i, j] = v[i, j, order(c)] / 255        image to tensor, 0..1
    z = (x - mean) / std                        what a network is fed
    v = round(255 * clamp(z * std + mean))      tensor to image

v is an image as OpenCV holds it: uint8, (h, w) gray, (h, w, 3) BGR or
(h, w, 4) BGRA. x is a float32 tensor (c, h, w), RGB or RGBA; a batch is
(b, c, h, w). With p bits of significand in x the way back is exact if

    255 * 2^-(p + 1) < 1/2,  so p >= 8.

Raises ValueError for what is no uint8 image (None from a failed imread, a
float image), for another rank or channel count, for a tensor that is not
floating or not finite, and for mean or std that do not fit the channels.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from skimage import data
from torch import Tensor

ORDER = {1: (0,), 3: (2, 1, 0), 4: (2, 1, 0, 3)}  # each its own inverse
MEAN = (0.485, 0.456, 0.406)  # ImageNet, R G B, of values in 0..1
STD = (0.229, 0.224, 0.225)
BITS = {
    torch.float32: 24,
    torch.float16: 11,
    torch.bfloat16: 8,
    torch.float8_e4m3fn: 4,
}


# --8<-- [start:check]
def check_image(image: np.ndarray) -> None:
    if not isinstance(image, np.ndarray):
        raise ValueError(f"image is {type(image).__name__}, not an ndarray")
    if image.dtype != np.uint8:
        raise ValueError(f"image is {image.dtype}; it must be uint8")
    color = image.ndim == 3 and image.shape[2] in (3, 4)
    if image.size == 0 or not (image.ndim == 2 or color):
        allowed = "(h, w), (h, w, 3) or (h, w, 4)"
        raise ValueError(f"image is {image.shape}; it must be {allowed}")


def check_tensor(x: Tensor) -> None:
    if not x.is_floating_point():
        raise ValueError(f"x is {x.dtype}; it must be floating point")
    if x.dim() != 3 or len(x) not in ORDER or x.numel() == 0:
        allowed = "(c, h, w) with c = 1, 3 or 4"
        raise ValueError(f"x is {tuple(x.shape)}; it must be {allowed}")
    if not x.float().isfinite().all():
        raise ValueError("x has values that are NaN or infinite")


# --8<-- [end:check]
# --8<-- [start:to_tensor]
def image_to_tensor(image: np.ndarray) -> Tensor:
    check_image(image)
    if image.ndim == 2:
        image = image[:, :, None]  # gray has one channel
    planes = [image[:, :, c] for c in ORDER[image.shape[2]]]
    pixels = torch.from_numpy(np.stack(planes))  # (c, h, w), uint8, a copy
    return pixels.to(torch.float32) / 255


# --8<-- [end:to_tensor]
# --8<-- [start:to_image]
def tensor_to_image(x: Tensor) -> np.ndarray:
    check_tensor(x)
    x = x.detach().cpu().to(torch.float32)  # half types are too coarse
    levels = (x.clamp(0, 1) * 255).round()  # nearest, never truncated
    planes = levels.to(torch.uint8).numpy()  # (c, h, w)
    image = np.stack([planes[c] for c in ORDER[len(planes)]], axis=2)
    return image if len(planes) > 1 else image[:, :, 0]


# --8<-- [end:to_image]
# --8<-- [start:normalize]
def column(name: str, values: Sequence[float], x: Tensor) -> Tensor:
    if len(values) != x.shape[-3]:
        raise ValueError(
            f"{name} has {len(values)} values; x has {x.shape[-3]} channels"
        )
    if name == "std" and min(values) <= 0:
        raise ValueError(f"std is {tuple(values)}; it must be positive")
    return torch.tensor(values, dtype=x.dtype)[:, None, None].to(x.device)


def normalize(
    x: Tensor, mean: Sequence[float] = MEAN, std: Sequence[float] = STD
) -> Tensor:
    return (x - column("mean", mean, x)) / column("std", std, x)


def denormalize(
    z: Tensor, mean: Sequence[float] = MEAN, std: Sequence[float] = STD
) -> Tensor:
    return z * column("std", std, z) + column("mean", mean, z)


# --8<-- [end:normalize]
# --8<-- [start:batch]
def images_to_batch(images: Sequence[np.ndarray]) -> Tensor:
    tensors = [image_to_tensor(image) for image in images]
    shapes = sorted({tuple(x.shape) for x in tensors})
    if len(shapes) != 1:
        raise ValueError(f"images give shapes {shapes}; a batch has one")
    return torch.stack(tensors)  # (b, c, h, w)


def batch_to_images(x: Tensor) -> list[np.ndarray]:
    if x.dim() != 4:
        raise ValueError(f"x is {tuple(x.shape)}; it must be (b, c, h, w)")
    return [tensor_to_image(one) for one in x]


# --8<-- [end:batch]
# --8<-- [start:survive]
def there_and_back(
    dtype: torch.dtype, mean: float = 0.0, std: float = 1.0
) -> tuple[Tensor, Tensor]:
    levels = torch.arange(256, dtype=torch.float32)
    kept = ((levels / 255 - mean) / std).to(dtype)  # all that is stored
    return levels, (kept.float() * std + mean) * 255  # not yet whole


def survivors(
    dtype: torch.dtype, mean: float = 0.0, std: float = 1.0
) -> tuple[float, int, int]:
    levels, back = there_and_back(dtype, mean, std)
    worst = float((back - levels).abs().max())
    rounded = int((back.round() != levels).sum())
    truncated = int((back.trunc() != levels).sum())
    return worst, rounded, truncated


# --8<-- [end:survive]
# --8<-- [start:demo]
def main() -> None:
    image = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
    x = image_to_tensor(image)
    back = tensor_to_image(denormalize(normalize(x)))
    print(f"image   {image.shape}  uint8    {image.nbytes:>9,} bytes")
    print(f"tensor  {tuple(x.shape)}  float32  {x.nbytes:>9,} bytes")
    rgb = (x[:, 0, 0] * 255).round().int().tolist()
    print(f"first pixel, BGR {image[0, 0].tolist()}, RGB {rgb}")
    print(f"bytes changed, there and back: {np.sum(back != image)}\n")
    print("stored as      bits   largest   lost of 256 levels when")
    print("                        error   rounded   truncated")
    for mean, std in ((0.0, 1.0), (MEAN[0], STD[0])):
        print(f"(x - {mean}) / {std}")
        for dtype, bits in BITS.items():
            worst, rounded, truncated = survivors(dtype, mean, std)
            kind = str(dtype).removeprefix("torch.")
            row = f"  {kind:<13}{bits:>4}{worst:>10.5f}"
            print(f"{row}{rounded:>10}{truncated:>12}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
