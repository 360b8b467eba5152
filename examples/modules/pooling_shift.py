"""Blur pooling, and how much a shift by one pixel changes what is kept.

    MaxPool(k, stride 2) = every second pixel of MaxPool(k, stride 1)
    MaxBlurPool = every second pixel of a blur of MaxPool(k, stride 1)

The blur is binomial: 1 2 1, or 1 4 6 4 1, along both axes, divided by its
sum; the input is reflected at the border. Zhang 2019, Making Convolutional
Networks Shift-Invariant Again, arxiv.org/abs/1904.11486

Shapes: (b, c, h, w) in, about half of h and w out. Raises ValueError when
the number of taps is even or below 3, or the input is too small to reflect.
"""

import math

import torch
import torch.nn.functional as F
from skimage import data
from torch import Tensor, nn

from examples.modules.pooling import AvgPool, MaxPool


# --8<-- [start:blur]
class BlurPool(nn.Module):
    weights: Tensor

    def __init__(self, taps: int = 3, stride: int = 2) -> None:
        super().__init__()
        if taps < 3 or taps % 2 == 0:
            raise ValueError(f"taps is {taps}; it must be odd, at least 3")
        self.taps, self.stride = taps, stride
        row = torch.tensor([math.comb(taps - 1, i) for i in range(taps)])
        weights = row.to(torch.get_default_dtype()) / 2 ** (taps - 1)
        self.register_buffer("weights", weights)  # (taps,), sum 1

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        reach = self.taps // 2
        if min(x.shape[2:]) <= reach:
            wanted = f"more than {reach} pixels a side"
            raise ValueError(f"x is {tuple(x.shape)}; it needs {wanted}")
        x = F.pad(x, [reach] * 4, mode="reflect")
        x = x.unfold(2, self.taps, self.stride) @ self.weights
        return x.unfold(3, self.taps, self.stride) @ self.weights


class MaxBlurPool(nn.Sequential):
    def __init__(self, kernel: int = 2, taps: int = 3) -> None:
        super().__init__(MaxPool(kernel, stride=1), BlurPool(taps))


# --8<-- [end:blur]
# --8<-- [start:phase]
def phase_error(pool: nn.Module, x: Tensor) -> float:
    """How badly a pooled image predicts the pooled image one pixel on.

    Halfway between two outputs lies the output of the shifted input; the
    mean of the two is the guess. Root mean square, as a share of contrast.
    """
    even = pool(x[..., :-1])[..., 4:-4, 4:-4]  # borders left out
    odd = pool(x[..., 1:])[..., 4:-4, 4:-4]
    guess = (even[..., :-1] + even[..., 1:]) / 2
    wrong = (odd[..., :-1] - guess).square().mean().sqrt()
    return (wrong / even.std()).item()


# --8<-- [end:phase]
def every_way() -> dict[str, nn.Module]:
    return {
        "every second pixel": MaxPool(1, stride=2),
        "max pooling": MaxPool(2),
        "average pooling": AvgPool(2),
        "max, then blur": MaxBlurPool(taps=3),
        "max, then blur 5": MaxBlurPool(taps=5),
    }


def photograph(name: str) -> Tensor:
    """A gray photograph of scikit-image as (1, 1, h, w), odd in width."""
    image = torch.from_numpy(getattr(data, name)()).float() / 255
    return image[None, None, :, : (image.shape[1] - 1) // 2 * 2 + 1]


def main() -> None:
    names = ("camera", "coins", "brick", "gravel", "grass")
    print("error of the guess      " + "".join(f"{n:>8}" for n in names))
    for way, pool in every_way().items():
        errors = (phase_error(pool, photograph(name)) for name in names)
        print(f"{way:<24}" + "".join(f"{e:>8.0%}" for e in errors))


if __name__ == "__main__":
    main()
