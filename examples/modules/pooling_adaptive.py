"""Adaptive and global pooling: the output size is given, bins follow.

    bin i of n over a side of h pixels:  floor(i h / n) .. ceil((i+1) h / n)

The end is exclusive. Bins differ in length and overlap wherever n does not
divide h. With n = 1 the one bin is the whole map: global pooling, from
Network in Network, Lin et al. 2013, arxiv.org/abs/1312.4400

Shapes: (b, c, h, w) in, (b, c, n, n) out. Raises ValueError for another
shape and for an n below 1.
"""

from torch import Tensor, nn, stack

from examples.modules.pooling import largest


# --8<-- [start:bins]
def bins(size: int, out: int) -> list[tuple[int, int]]:
    """First pixel, and the one after the last, of every bin."""
    if out < 1:
        raise ValueError(f"out is {out}; it must be at least 1")
    starts = [i * size // out for i in range(out)]
    ends = [-(-i * size // out) for i in range(1, out + 1)]  # rounded up
    return list(zip(starts, ends, strict=True))


class AdaptivePool(nn.Module):
    def __init__(self, out: int) -> None:
        super().__init__()
        self.out = out

    def cells(self, x: Tensor) -> list[Tensor]:
        if x.dim() != 4:
            raise ValueError(f"x is {tuple(x.shape)}, not (b, c, h, w)")
        rows, columns = (bins(size, self.out) for size in x.shape[2:])
        return [
            x[:, :, top:low, left:right].flatten(2)
            for top, low in rows
            for left, right in columns
        ]  # out × out of them, each (b, c, pixels of the bin)

    def grid(self, values: list[Tensor]) -> Tensor:
        return stack(values, dim=-1).unflatten(-1, (self.out, self.out))


class AdaptiveAvgPool(AdaptivePool):
    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return self.grid([cell.mean(dim=-1) for cell in self.cells(x)])


class AdaptiveMaxPool(AdaptivePool):
    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return self.grid([largest(cell) for cell in self.cells(x)])


# --8<-- [end:bins]
# --8<-- [start:global]
class GlobalAvgPool(nn.Module):
    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return x.mean(dim=(2, 3))  # (b, c), whatever h and w


def head(channels: int, side: int, classes: int, pooled: bool) -> nn.Module:
    """The classifier behind a feature map; its weights take no memory."""
    squeeze = GlobalAvgPool() if pooled else nn.Flatten()
    features = channels if pooled else channels * side**2
    linear = nn.Linear(features, classes, device="meta")
    return nn.Sequential(squeeze, linear)


# --8<-- [end:global]
def main() -> None:
    print("pixels  bins  lengths       pixels in two bins")
    for size, out in ((6, 3), (7, 3), (7, 4), (10, 4), (3, 5)):
        chosen = bins(size, out)
        lengths = " ".join(str(b - a) for a, b in chosen)
        twice = sum(b - a for a, b in chosen) - size
        print(f"{size:>6} {out:>5}  {lengths:<14}{twice:>18}")

    print("\nhead on 512 × 7 × 7, 1000 classes    parameters")
    for pooled in (False, True):
        made = head(512, 7, 1000, pooled)
        name = "global average pooling" if pooled else "flatten"
        count = sum(p.numel() for p in made.parameters())
        print(f"{name:<33} {count:>13,}")


if __name__ == "__main__":
    main()
