"""Layers that look at their input and predict where to read it.

    version 1   offset = branch(x)              arxiv.org/abs/1703.06211
    version 2   offset and z = branch(x),
                mask = 1 / (1 + exp(-z))        arxiv.org/abs/1811.11168

The branch is a convolution with the kernel size, stride, padding and
dilation of the layer itself. It starts as zeros: offsets 0, mask 1/2.

Shapes: x (b, c, h, w), y (b, o, h', w'). Raises ValueError for channels or
groups that do not fit, and a factor below 0.
"""

import torch
from torch import Tensor, nn

from examples.modules.convolution import Convolution
from examples.modules.deformable_convolution import deform_convolve


# --8<-- [start:layers]
class DeformableConvolution(nn.Module):
    guesses = 2  # a tap: y and x

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        groups: int = 1,
        offset_groups: int = 1,
    ) -> None:
        super().__init__()
        settings = (stride, padding, dilation)
        self.regular = Convolution(
            in_channels, out_channels, kernel_size, *settings, groups
        )
        self.taps = offset_groups * kernel_size**2
        self.branch = nn.Conv2d(
            in_channels, self.guesses * self.taps, kernel_size, *settings
        )
        nn.init.zeros_(self.branch.weight)
        nn.init.zeros_(self.branch.bias)
        self.offset_groups = offset_groups

    def look(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        return self.branch(x), None

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        conv, (offset, mask) = self.regular, self.look(x)
        given = (x, offset, conv.weight, conv.bias, mask)
        return deform_convolve(*given, *conv.settings, self.offset_groups)


# --8<-- [end:layers]
# --8<-- [start:modulated]
class ModulatedDeformableConvolution(DeformableConvolution):
    guesses = 3  # y and x of all taps, then the mask of all taps

    def look(self, x: Tensor) -> tuple[Tensor, Tensor]:
        offset, z = self.branch(x).split([2 * self.taps, self.taps], 1)
        return offset, torch.sigmoid(z)


# --8<-- [end:modulated]
# --8<-- [start:rates]
def parameter_groups(model: nn.Module, lr: float, factor: float) -> list:
    """For an optimizer: the branches learn at ``factor`` times the rate."""
    if factor < 0:
        raise ValueError(f"factor is {factor}; must be at least 0")
    branches = {
        id(p)
        for layer in model.modules()
        if isinstance(layer, DeformableConvolution)
        for p in layer.branch.parameters()
    }
    slow = [p for p in model.parameters() if id(p) in branches]
    rest = [p for p in model.parameters() if id(p) not in branches]
    found = [(rest, lr), (slow, lr * factor)]
    return [{"params": ps, "lr": rate} for ps, rate in found if ps]


# --8<-- [end:rates]
# --8<-- [start:demo]
def main() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 8, 10, 10, dtype=torch.float64)
    print("            starts as           branch has  channels that learn")
    kinds = (DeformableConvolution, ModulatedDeformableConvolution)
    for version, kind in enumerate(kinds, 1):
        layer = kind(8, 8, 3, 1, 1).double()
        bias = layer(0 * x).detach()
        y, plain = layer(x) - bias, layer.regular(x) - bias
        scale = float((y.norm() / plain.norm()).detach())
        loss = y.square().sum()
        (slope,) = torch.autograd.grad(loss, layer.branch.weight)
        learn = int((slope.abs().amax((1, 2, 3)) > 0).sum())
        count = sum(p.numel() for p in layer.branch.parameters())
        print(f"version {version}   {scale:.1f} × convolution", end="")
        print(f"{count:>13,}{learn:>13} of {len(slope)}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
