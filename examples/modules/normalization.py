"""Normalization: BN, LN, IN and GN are one formula over four sets of axes.

    y = gamma * (x - mean) / sqrt(var + eps) + beta,  mean and var over S

S is the set of values that share one mean. For x of shape (b, c, h, w):

    BN  b, h, w          one mean a channel        arxiv.org/abs/1502.03167
    LN  c, h, w          one mean a sample         arxiv.org/abs/1607.06450
    IN  h, w             a sample and a channel    arxiv.org/abs/1607.08022
    GN  h, w and c / g   a sample and a group      arxiv.org/abs/1803.08494

Shapes: b batch, c channels, h × w feature map, g groups. Raises ValueError
when channels, trailing axes or groups do not fit, or when BN or IN has one
value only to take a variance of.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


# --8<-- [start:formula]
def moments(x: Tensor, axes: Sequence[int]) -> tuple[Tensor, Tensor]:
    mean = x.mean(dim=axes, keepdim=True)
    var = (x - mean).square().mean(dim=axes, keepdim=True)  # divides by n
    return mean, var


def standardize(x: Tensor, mean: Tensor, var: Tensor, eps: float) -> Tensor:
    return (x - mean) / (var + eps).sqrt()


class Affine(nn.Module):
    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(*shape))
        self.beta = nn.Parameter(torch.zeros(*shape))

    def forward(self, x: Tensor) -> Tensor:
        return self.gamma * x + self.beta


# --8<-- [end:formula]
def check_channels(x: Tensor, channels: int) -> None:
    if x.dim() != 4 or x.shape[1] != channels:
        wanted = f"(b, {channels}, h, w)"
        raise ValueError(f"x is {tuple(x.shape)}, not {wanted}")


# --8<-- [start:batch_norm]
class BatchNorm(nn.Module):
    running_mean: Tensor
    running_var: Tensor

    def __init__(
        self, channels: int, eps: float = 1e-5, momentum: float = 0.1
    ) -> None:
        super().__init__()
        self.channels, self.eps, self.momentum = channels, eps, momentum
        self.affine = Affine((channels, 1, 1))
        self.register_buffer("running_mean", torch.zeros(channels, 1, 1))
        self.register_buffer("running_var", torch.ones(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        check_channels(x, self.channels)
        if self.training:
            mean, var = moments(x, axes=(0, 2, 3))  # (1, c, 1, 1)
            self.remember(mean[0], var[0], count=x.numel() // self.channels)
        else:
            mean, var = self.running_mean, self.running_var
        return self.affine(standardize(x, mean, var, self.eps))

    @torch.no_grad()
    def remember(self, mean: Tensor, var: Tensor, count: int) -> None:
        if count < 2:
            raise ValueError("x has 1 value a channel; a variance needs 2")
        unbiased = var * count / (count - 1)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(unbiased, self.momentum)


# --8<-- [end:batch_norm]
# --8<-- [start:per_sample]
class LayerNorm(nn.Module):
    def __init__(self, shape: Sequence[int], eps: float = 1e-5) -> None:
        super().__init__()
        self.shape, self.eps = tuple(shape), eps
        self.affine = Affine(self.shape)

    def forward(self, x: Tensor) -> Tensor:  # (..., *shape)
        axes = tuple(range(-len(self.shape), 0))  # (-3, -2, -1) for c, h, w
        if x.shape[axes[0] :] != self.shape:
            wanted = f"(..., *{self.shape})"
            raise ValueError(f"x is {tuple(x.shape)}, not {wanted}")
        return self.affine(standardize(x, *moments(x, axes), self.eps))


class InstanceNorm(nn.Module):
    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.channels, self.eps = channels, eps
        self.affine = Affine((channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        check_channels(x, self.channels)
        if x.shape[2:].numel() < 2:
            raise ValueError("x has 1 value a channel; a variance needs 2")
        return self.affine(standardize(x, *moments(x, (2, 3)), self.eps))


class GroupNorm(nn.Module):
    def __init__(
        self,
        groups: int,
        channels: int,
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        if groups < 1 or channels % groups:
            wanted = f"it must divide channels, {channels}"
            raise ValueError(f"groups is {groups}; {wanted}")
        self.groups, self.channels, self.eps = groups, channels, eps
        self.affine = Affine((channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        check_channels(x, self.channels)
        grouped = x.unflatten(1, (self.groups, -1))  # (b, g, c / g, h, w)
        y = standardize(grouped, *moments(grouped, (2, 3, 4)), self.eps)
        return self.affine(y.flatten(1, 2))  # (b, c, h, w)


# --8<-- [end:per_sample]
# --8<-- [start:backward]
def backward(
    dy: Tensor,
    y: Tensor,
    std: Tensor,
    axes: Sequence[int],
) -> Tensor:
    along_ones = dy.mean(dim=axes, keepdim=True)
    along_y = (dy * y).mean(dim=axes, keepdim=True)
    return (dy - along_ones - y * along_y) / std  # std = (var + eps).sqrt()


# --8<-- [end:backward]
# --8<-- [start:fold]
@torch.no_grad()
def fold(conv: nn.Conv2d, norm: BatchNorm) -> tuple[Tensor, Tensor]:
    scale = norm.affine.gamma / (norm.running_var + norm.eps).sqrt()
    shift = norm.affine.beta - scale * norm.running_mean
    bias = 0 if conv.bias is None else conv.bias * scale.flatten()
    return conv.weight * scale[..., None], bias + shift.flatten()


# --8<-- [end:fold]
# --8<-- [start:reach]
def reach(norm: nn.Module, x: Tensor, at: tuple[int, ...]) -> Tensor:
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(norm(x)[at], x)
    return gradient != 0  # True where x takes part in y[at]


# --8<-- [end:reach]
# --8<-- [start:demo]
def four_norms(channels: int, h: int, w: int) -> dict[str, nn.Module]:
    return {
        "BN": BatchNorm(channels),
        "LN": LayerNorm((channels, h, w)),
        "IN": InstanceNorm(channels),
        "GN": GroupNorm(3, channels),
    }


def main() -> None:
    torch.manual_seed(0)
    x = 3 + 2 * torch.randn(4, 6, 8, 8)
    other = torch.cat([x[:1], 9 * torch.randn(3, 6, 8, 8)])  # x[0] is kept
    print("         inputs behind one output   y[0] depends on x[1:]")
    norms = four_norms(6, 8, 8) | {"BN eval": BatchNorm(6).eval()}
    for name, norm in norms.items():
        inputs = int(reach(norm, x, at=(0, 0, 0, 0)).sum())
        moved = not torch.allclose(norm(x)[0], norm(other)[0], atol=1e-4)
        print(f"{name:<8} {inputs:>24}   {'yes' if moved else 'no':>21}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
