"""Max and average pooling: one set of windows, two ways to sum them up.

    out = floor((in + 2 p - d (k - 1) - 1) / s) + 1

with kernel k, stride s, padding p and dilation d. ``ceil_mode`` rounds up,
and then drops a last window that would start behind the left padding and
the input. Max pooling pads with -inf, average pooling with 0.

Shapes: (b, c, h, w) in, (b, c, out, out) out; k, s, p, d in pixels, alike
for both axes. Raises ValueError for another shape, a kernel or stride or
dilation below 1, a padding above half the kernel, and a kernel that does
not fit into the padded input.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


# --8<-- [start:output_size]
def output_size(
    size: int,
    kernel: int,
    stride: int,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> int:
    span = dilation * (kernel - 1) + 1  # from the first pixel to the last
    room = size + 2 * padding - span
    last = -(-room // stride) if ceil_mode else room // stride
    if ceil_mode and last * stride >= size + padding:
        last -= 1  # it would start in the right padding, or behind it
    if last < 0:
        wanted = f"input of {size} with padding {padding} on each side"
        raise ValueError(f"kernel spans {span}; it must fit the {wanted}")
    return last + 1


# --8<-- [end:output_size]
def check_sizes(
    kernel: int, stride: int | None, padding: int, dilation: int
) -> None:
    sizes = {"kernel": kernel, "stride": stride, "dilation": dilation}
    for name, value in sizes.items():
        if value is not None and value < 1:
            raise ValueError(f"{name} is {value}; it must be at least 1")
    if not 0 <= padding <= kernel // 2:
        wanted = f"it must be within 0..{kernel // 2}, half the kernel"
        raise ValueError(f"padding is {padding}; {wanted}")


# --8<-- [start:windows]
class Windows(nn.Module):
    """What max and average pooling share: where the windows lie."""

    def __init__(
        self,
        kernel: int,
        stride: int | None = None,
        padding: int = 0,
        dilation: int = 1,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride or kernel
        self.padding, self.dilation = padding, dilation
        self.ceil_mode = ceil_mode
        check_sizes(kernel, stride, padding, dilation)

    def windows(self, x: Tensor, fill: float, behind: float) -> Tensor:
        if x.dim() != 4:
            raise ValueError(f"x is {tuple(x.shape)}, not (b, c, h, w)")
        k, s, p, d = self.kernel, self.stride, self.padding, self.dilation
        out, extra = [], []  # of h and of w
        for size in x.shape[2:]:
            out.append(output_size(size, k, s, p, d, self.ceil_mode))
            needed = (out[-1] - 1) * s + d * (k - 1) + 1
            extra.append(max(needed - size - 2 * p, 0))  # ceil_mode only
        x = F.pad(x, [p] * 4, value=fill)
        x = F.pad(x, (0, extra[1], 0, extra[0]), value=behind)
        b, c, h, w = x.stride()  # one step along each axis, in memory
        steps = (b, c, s * h, s * w, d * h, d * w)
        return x.as_strided((*x.shape[:2], *out, k, k), steps)


# --8<-- [end:windows]
# --8<-- [start:pools]
def largest(x: Tensor) -> Tensor:
    """The maximum of the last axis, the first of several equal ones."""
    first = x.argmax(dim=-1, keepdim=True)
    return x.gather(-1, first).squeeze(-1)


class MaxPool(Windows):
    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        windows = self.windows(x, fill=-math.inf, behind=-math.inf)
        return largest(windows.flatten(-2))  # (b, c, out, out)


class AvgPool(Windows):
    def __init__(
        self,
        kernel: int,
        stride: int | None = None,
        padding: int = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel, stride, padding, ceil_mode=ceil_mode)
        self.counted_padding = float(count_include_pad)

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        total = self.windows(x, fill=0, behind=0).sum(dim=(-2, -1))
        ones = torch.ones_like(x[:1, :1])
        counted = self.windows(ones, fill=self.counted_padding, behind=0)
        return total / counted.sum(dim=(-2, -1))


# --8<-- [end:pools]
# --8<-- [start:demo]
def main() -> None:
    print("input  kernel  stride  padding  floor  ceil  rule  torch")
    for size, kernel, stride, padding in (
        (8, 2, 2, 0),
        (7, 2, 2, 0),
        (8, 3, 2, 0),
        (8, 3, 2, 1),
        (7, 2, 2, 1),
        (7, 1, 4, 0),
        (7, 2, 3, 1),
    ):
        shape = (size, kernel, stride, padding)
        down, up = (output_size(*shape, ceil_mode=c) for c in (False, True))
        plain = math.ceil((size + 2 * padding - kernel) / stride) + 1
        theirs = nn.MaxPool2d(kernel, stride, padding, ceil_mode=True)
        agreed = theirs(torch.zeros(1, 1, size, size)).shape[2] == up
        rule = "drops" if plain > up else "-"
        said = "same" if agreed else "differs"
        given = f"{size:>5} {kernel:>7} {stride:>7} {padding:>8}"
        print(f"{given} {down:>6} {up:>5} {rule:>6} {said:>5}")

    x = -torch.arange(1.0, 17.0).view(1, 1, 4, 4)  # all negative
    edge = (0, 0, 0, 0)
    infinite = MaxPool(3, 1, padding=1)(x)[edge]
    zero = MaxPool(3, 1)(F.pad(x, [1] * 4))[edge]
    found = f"{infinite:.0f} with -inf around, {zero:.0f} with zeros"
    print(f"\nmaximum in a corner: {found}")
    ones = torch.ones(1, 1, 4, 4)
    for include in (True, False):
        pool = AvgPool(3, 1, padding=1, count_include_pad=include)
        corner, side = pool(ones)[0, 0, 0, :2]
        name = f"count_include_pad={include}"
        print(f"{name:<23} corner {corner:.2f}  side {side:.2f}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
