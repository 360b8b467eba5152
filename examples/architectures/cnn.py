"""LeNet-5 as published in 1998, and as it is written today.

    C1 5 × 5, 6 maps   S2   C3 5 × 5, 16 maps   S4   C5 120   F6 84   RBF

    squash(a) = 1.7159 tanh(2a / 3)
    subsampling  y = squash(w * (sum of 2 × 2) + b),   w and b learned
    RBF          y_k = sum over j of (x_j - code_kj)^2,   codes given

LeCun, Bottou, Bengio, Haffner, doi.org/10.1109/5.726791. The answer is the
class of the smallest penalty y_k.

Shapes: x (b, 1, h, w), at least 32 × 32; codes (k, 84) of -1 and 1;
penalties (b, k, h', w'), one column for every 32 × 32 window, 4 pixels
apart. Raises ValueError for x or codes of another shape.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# What each map of C3 reads of the 6 maps of S2: Table I of the paper
C3_READS = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5)),
    *((0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5), (0, 1, 2, 3, 4, 5)),
)


# --8<-- [start:parts]
def squash(a: Tensor) -> Tensor:
    return 1.7159 * torch.tanh(2 / 3 * a)  # squash(±1) is ±1


class Subsampling(nn.Module):
    """Two parameters a map, where average pooling has none."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        nn.init.uniform_(self.weight, -2.4 / 4, 2.4 / 4)

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        total = 4 * F.avg_pool2d(x, 2)  # (b, c, h/2, w/2)
        shape = (-1, 1, 1)
        return self.weight.view(shape) * total + self.bias.view(shape)


class TableConvolution(nn.Module):
    """Each output map reads only the input maps in its row of a table."""

    def __init__(self, reads: Sequence[Sequence[int]]) -> None:
        super().__init__()
        self.reads = [list(maps) for maps in reads]
        self.maps = nn.ModuleList(nn.Conv2d(len(m), 1, 5) for m in reads)

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        pairs = zip(self.maps, self.reads, strict=True)
        return torch.cat([conv(x[:, maps]) for conv, maps in pairs], 1)


# --8<-- [end:parts]
# --8<-- [start:lenet]
class LeNet5(nn.Module):
    codes: Tensor  # given, not learned

    def __init__(self, codes: Tensor) -> None:  # (k, 84)
        super().__init__()
        if codes.dim() != 2 or codes.shape[1] != 84:
            shape = tuple(codes.shape)
            raise ValueError(f"codes are {shape}; must be (k, 84)")
        self.c1, self.s2 = nn.Conv2d(1, 6, 5), Subsampling(6)
        self.c3, self.s4 = TableConvolution(C3_READS), Subsampling(16)
        self.c5 = nn.Conv2d(16, 120, 5)  # 1 × 1 is left of 32 × 32
        self.f6 = nn.Conv2d(120, 84, 1)
        self.register_buffer("codes", codes)
        for conv in self.modules():
            if isinstance(conv, nn.Conv2d):
                bound = 2.4 / conv.weight[0].numel()  # over the fan-in
                nn.init.uniform_(conv.weight, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:  # (b, 1, h, w)
        if x.dim() != 4 or x.shape[1] != 1 or min(x.shape[2:]) < 32:
            raise ValueError(
                f"x is {tuple(x.shape)}; must be (b, 1, h, w) with h and w "
                "of at least 32"
            )
        for layer in (self.c1, self.s2, self.c3, self.s4, self.c5, self.f6):
            x = squash(layer(x))
        apart = x[:, None] - self.codes[:, :, None, None]
        return apart.square().sum(dim=2)  # (b, k, h', w')


def map_loss(penalties: Tensor, labels: Tensor, j: float) -> Tensor:
    """Equation 9: y_label + log(e^-j + sum of e^-y), over the batch."""
    rubbish = penalties.new_full((len(penalties), 1), j)
    logits = -torch.cat([penalties, rubbish], 1)  # one more class
    return F.cross_entropy(logits, labels)


# --8<-- [end:lenet]
# --8<-- [start:modern]
def modern_lenet(classes: int = 10) -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(400, 120), nn.ReLU()),
        *(nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, classes)),
    )


# --8<-- [end:modern]
# --8<-- [start:demo]
def size(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def numbers(row: Sequence[int]) -> str:
    return f"{row[0]:>11,} {row[1]:>12,} {row[2]:>7,}"


def main() -> None:
    old, new = LeNet5(torch.ones(10, 84)), modern_lenet()
    today = {"c1": new[0], "c3": new[3], "c5": new[7], "f6": new[9]}
    x, totals = torch.zeros(1, 1, 32, 32), [0, 0, 0]
    print("layer  maps        parameters  connections   today")
    for name in ("c1", "s2", "c3", "s4", "c5", "f6"):
        layer = getattr(old, name)
        x = layer(x)
        _, maps, side, _ = x.shape
        joined = size(layer) * side**2  # all parameters at each position
        if isinstance(layer, Subsampling):
            joined = 5 * maps * side**2  # four pixels and a bias a unit
        row = [size(layer), joined, size(today.get(name, nn.Identity()))]
        totals = [a + b for a, b in zip(totals, row, strict=True)]
        shown = f"{maps} × {side}²"
        print(f"{name:<6} {shown:<10} {numbers(row)}")
    row = [0, old.codes.numel(), size(new[11])]  # the codes are not learned
    totals = [a + b for a, b in zip(totals, row, strict=True)]
    print(f"out    10         {numbers(row)}")
    print(f"all               {numbers(totals)}")
    wide = old(torch.zeros(1, 1, 32, 48))
    print("penalties of a 32 × 48 image:", tuple(wide.shape))


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
