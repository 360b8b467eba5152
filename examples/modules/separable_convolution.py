"""Separable convolution: each channel by itself, then the channels mixed.

    depthwise  z[q, i, j] = sum over u, v of d[q, u, v] x[q // m, i', j']
    pointwise  y[o, i, j] = bias[o] + sum over q of p[o, q] z[q, i, j]

The two make one convolution of kernel w[o, c] = sum over j < m of
p[o, c m + j] d[c m + j]. Laurent Sifre, 2014; Xception,
arxiv.org/abs/1610.02357; MobileNet, arxiv.org/abs/1704.04861.

Shapes: x (b, c, h, w), d (c m, 1, kh, kw), p (o, c m), y (b, o, h', w'),
for a channel multiplier m. Raises ValueError when channels do not fit, a
size is below 1, or the kernel is larger than the padded input.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def check_depth(x: Tensor, depth: Tensor) -> int:
    """The channel multiplier."""
    if depth.dim() != 4 or depth.shape[1] != 1:
        shape = tuple(depth.shape)
        raise ValueError(f"depth is {shape}, not (c m, 1, kh, kw)")
    if x.dim() != 4 or len(depth) % x.shape[1]:
        raise ValueError(
            f"x is {tuple(x.shape)}; its channels must divide {len(depth)}"
        )
    return len(depth) // x.shape[1]


# --8<-- [start:depthwise]
def depthwise(
    x: Tensor,
    depth: Tensor,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> Tensor:
    multiplier = check_depth(x, depth)
    x = F.pad(x, [padding] * 4).repeat_interleave(multiplier, dim=1)
    kh, kw = depth.shape[2:]
    span_h, span_w = dilation * (kh - 1), dilation * (kw - 1)
    h, w = x.shape[-2] - span_h, x.shape[-1] - span_w
    if h < 1 or w < 1:
        raise ValueError(
            f"kernel spans {span_h + 1} × {span_w + 1} pixels; the padded "
            f"input has {x.shape[-2]} × {x.shape[-1]}"
        )
    y = torch.zeros((), dtype=x.dtype, device=x.device)
    for u in range(kh):
        for v in range(kw):
            rows = slice(dilation * u, dilation * u + h, stride)
            columns = slice(dilation * v, dilation * v + w, stride)
            y = y + depth[:, 0, u, v, None, None] * x[..., rows, columns]
    return y  # (b, c m, h', w'): no sum over channels anywhere


# --8<-- [end:depthwise]
# --8<-- [start:pointwise]
def pointwise(
    x: Tensor,
    point: Tensor,
    bias: Tensor | None = None,
) -> Tensor:
    if point.dim() != 2 or x.dim() != 4 or x.shape[1] != point.shape[1]:
        raise ValueError(
            f"point is {tuple(point.shape)}, not (o, {x.shape[1]})"
        )
    y = torch.einsum("bqhw,oq->bohw", x, point)  # no sum over positions
    return y if bias is None else y + bias[:, None, None]


# --8<-- [end:pointwise]
# --8<-- [start:module]
class SeparableConvolution(nn.Module):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        multiplier: int = 1,
    ) -> None:
        super().__init__()
        for name, value in (
            ("in_channels", in_channels),
            ("out_channels", out_channels),
            ("kernel_size", kernel_size),
            ("stride", stride),
            ("dilation", dilation),
            ("multiplier", multiplier),
        ):
            if value < 1:
                raise ValueError(f"{name} is {value}; must be at least 1")
        inner = in_channels * multiplier
        depth = torch.randn(inner, 1, kernel_size, kernel_size)
        point = torch.randn(out_channels, inner)
        self.depth = nn.Parameter(depth / kernel_size)  # keep variance 1
        self.point = nn.Parameter(point / inner**0.5)
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.settings = (stride, padding, dilation)

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return pointwise(
            depthwise(x, self.depth, *self.settings), self.point, self.bias
        )


# --8<-- [end:module]
# --8<-- [start:product]
def product_kernel(depth: Tensor, point: Tensor, channels: int) -> Tensor:
    """The one kernel (o, c, kh, kw) that does the work of both."""
    p = point.unflatten(1, (channels, -1))  # (o, c, m)
    d = depth[:, 0].unflatten(0, (channels, -1))  # (c, m, kh, kw)
    return torch.einsum("ocm,cmuv->ocuv", p, d)


def factorize(weight: Tensor, multiplier: int) -> tuple[Tensor, Tensor]:
    """The best depthwise and pointwise weights for a full kernel."""
    o, _, kh, kw = weight.shape
    most = min(o, kh * kw)
    if not 1 <= multiplier <= most:
        raise ValueError(f"multiplier is {multiplier}; must be 1 to {most}")
    slices = weight.transpose(0, 1).flatten(2)  # (c, o, kh kw)
    u, s, v = torch.linalg.svd(slices, full_matrices=False)
    point = (u * s[:, None])[..., :multiplier]  # (c, o, m)
    depth = v[:, :multiplier].reshape(-1, 1, kh, kw)
    return depth, point.transpose(0, 1).reshape(o, -1)


# --8<-- [end:product]
# --8<-- [start:demo]
def main() -> None:
    torch.manual_seed(0)
    x = torch.randn(1, 8, 12, 12, dtype=torch.float64)
    layer = SeparableConvolution(8, 16, 3, padding=1).double()
    full = product_kernel(layer.depth, layer.point, channels=8)
    one = F.conv2d(x, full, layer.bias, padding=1)
    same = torch.allclose(layer(x), one, rtol=0, atol=1e-12)
    print("depthwise, then pointwise = one full convolution:", same)
    counts = [p.numel() for p in (layer.depth, layer.point, full)]
    print("weights: depthwise {}, pointwise {}, full {}".format(*counts))
    weight = torch.randn(16, 8, 3, 3, dtype=torch.float64)
    print("m   energy of a random full kernel kept")
    for multiplier in (1, 3, 6, 9):
        depth, point = factorize(weight, multiplier)
        rest = weight - product_kernel(depth, point, channels=8)
        kept = 1 - float(rest.square().sum() / weight.square().sum())
        print(f"{multiplier}   {kept:.2f}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
