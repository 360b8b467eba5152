"""Rounding or truncation: the price for the output of a network.

A network returns any real value, not one of 256. Rounding errs by at most
half a level, evenly to both sides: mean 0, mean square 1/12. Truncation
always errs downward by up to a level: mean -1/2, mean square 1/3. The PSNR
ceilings 10 log10(255^2 * 12) and 10 log10(255^2 * 3) are 6 dB apart.
"""

import math

import torch
from skimage import data
from torch import Tensor

from examples.opencv.tensors import denormalize, image_to_tensor, normalize


# --8<-- [start:whole]
def whole(x: Tensor, how: str) -> Tensor:
    levels = x.clamp(0, 1) * 255
    return levels.round() if how == "rounded" else levels.trunc()


def trips(x: Tensor, count: int, how: str) -> Tensor:
    for _ in range(count):  # to a file and back, normalized in between
        x = whole(denormalize(normalize(x)), how) / 255
    return x


# --8<-- [end:whole]
def main() -> None:
    torch.manual_seed(0)
    real = torch.rand(3, 1000, 1000)  # stands for the output of a network
    print("a million random colors       bias   mean square   PSNR")
    for how in ("rounded", "truncated"):
        error = whole(real, how) - 255 * real
        square = float(error.square().mean())
        psnr = 10 * math.log10(255**2 / square)
        bias = round(float(error.mean()), 2) + 0  # no minus before a zero
        row = f"  {how:<25}{bias:>7.2f}{square:>14.3f}"
        print(f"{row}{psnr:>7.1f}")
    x = image_to_tensor(data.astronaut()[:, :, ::-1])
    print("\na photograph, levels lost on average after so many trips")
    print(f"{'':<14}{'1':>8}{'2':>8}{'5':>8}{'20':>8}")
    for how in ("rounded", "truncated"):
        row = f"  {how:<12}"
        for count in (1, 2, 5, 20):
            loss = 255 * (x - trips(x, count, how)).mean()
            row += f"{float(loss):>8.2f}"
        print(row)


if __name__ == "__main__":
    main()
