"""A strided convolution on the same windows, and what pooling is beside it.

    y[k] = bias[k] + sum of weight[k, c, i, j] * x[c, s y + i, s x + j]

Average pooling is the strided convolution whose weights are all 1 / k^2
and that keeps channels apart. Springenberg et al. 2014 replaced pooling by
it, arxiv.org/abs/1412.6806

Shapes: (b, c, h, w) in, (b, features, out, out) out. Raises ValueError when
the channels of the input do not fit the weights, and as pooling does.
"""

import torch
from torch import Tensor, nn

from examples.modules.pooling import AvgPool, MaxPool, Windows


# --8<-- [start:strided]
class StridedConv(Windows):
    def __init__(
        self,
        channels: int,
        features: int,
        kernel: int,
        stride: int,
        padding: int = 0,
    ) -> None:
        super().__init__(kernel, stride, padding)
        bound = (channels * kernel**2) ** -0.5
        weight = torch.empty(features, channels, kernel, kernel)
        self.weight = nn.Parameter(weight.uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(features))

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        channels = self.weight.shape[1]
        if x.dim() == 4 and x.shape[1] != channels:
            wanted = f"(b, {channels}, h, w)"
            raise ValueError(f"x is {tuple(x.shape)}, not {wanted}")
        windows = self.windows(x, fill=0, behind=0)
        y = torch.einsum("bchwij,fcij->bfhw", windows, self.weight)
        return y + self.bias[:, None, None]


@torch.no_grad()
def averaging(channels: int, kernel: int) -> StridedConv:
    """The strided convolution that is average pooling."""
    conv = StridedConv(channels, channels, kernel, kernel)
    same = torch.eye(channels)[:, :, None, None]  # (features, c, 1, 1)
    conv.weight.copy_(same.expand_as(conv.weight) / kernel**2)
    return conv


# --8<-- [end:strided]
def main() -> None:
    torch.manual_seed(0)
    x, other = torch.randn(2, 1, 64, 8, 8)
    ways = {
        "max pooling": MaxPool(2),
        "average pooling": AvgPool(2),
        "strided convolution": StridedConv(64, 64, 2, 2),
    }
    print("64 channels, 2 × 2     parameters  linear  flips sign with x")
    for name, way in ways.items():
        count = sum(p.numel() for p in way.parameters())
        apart = way(x) + way(other)
        added = torch.allclose(way(x + other), apart, atol=1e-5)
        flipped = torch.allclose(way(-x), -way(x), atol=1e-5)
        linear, odd = ("yes" if b else "no" for b in (added, flipped))
        print(f"{name:<22} {count:>10,} {linear:>7} {odd:>18}")
    same = torch.allclose(averaging(64, 2)(x), AvgPool(2)(x), atol=1e-6)
    print(f"with equal weights it is average pooling: {same}")


if __name__ == "__main__":
    main()
