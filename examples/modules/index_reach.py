"""What one output of a block reads, and how the block moves with its input.

    reads(f)       inputs j with d f(x)_i / d x_j != 0 for some x
    moves with T   f(T x) = T f(x), same: f(T x) = f(x), no: neither

i is channel 0 at the middle position. T is a shift on a torus, so that a
border decides nothing, or a permutation of all positions. Measured with
random weights, in evaluation, on noise.

Shapes: x (b, c, h, w); a block gives (b, c', h', w') or (b, d); reads
(c, h, w) are True or False. Raises ValueError for x of another rank and
for a shift below 1.
"""

import torch
from torch import Tensor, nn

from examples.architectures.lstm import LSTM, set_forget_bias
from examples.modules.aspp import ASPP
from examples.modules.convolutional_attention import CBAM, SEBlock
from examples.modules.residual import ResidualBlock
from examples.modules.self_attention import SelfAttention
from examples.modules.spp import SpatialPyramid
from examples.modules.transformer import EncoderLayer

C, SIDE = 8, 12


# --8<-- [start:pixels]
class OverPixels(nn.Module):
    """A block for sequences, (b, n, d), on the pixels of a map."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        tokens = x.flatten(2).transpose(1, 2)  # (b, n, d), n = h w
        y = self.block(tokens)
        y = y[0] if isinstance(y, tuple) else y  # an LSTM adds its state
        return y.transpose(1, 2).unflatten(2, x.shape[2:])


# --8<-- [end:pixels]
# --8<-- [start:reads]
def reads(block: nn.Module, x: Tensor) -> Tensor:
    """(c, h, w): where a derivative is not 0 in any of the b images."""
    if x.dim() != 4:
        raise ValueError(f"x is {tuple(x.shape)}; must be (b, c, h, w)")
    found = torch.zeros(x.shape[1:], dtype=torch.bool)
    for some in x.split(32):
        leaf = some.detach().requires_grad_()
        y = block(leaf)
        while y.dim() > 2:  # the middle row, then the middle column
            y = y.select(2, y.shape[2] // 2)
        (gradient,) = torch.autograd.grad(y[:, 0].sum(), leaf)
        found |= (gradient != 0).any(0)
    return found


# --8<-- [end:reads]
# --8<-- [start:moves]
def same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and bool((a - b).abs().max() < 1e-9)


@torch.no_grad()
def moves_by(block: nn.Module, x: Tensor, pixels: int) -> str:
    """``pixels`` to the right; what leaves comes back on the left."""
    if pixels < 1:
        raise ValueError(f"pixels is {pixels}; must be at least 1")
    before, after = block(x), block(x.roll(pixels, -1))
    if same(before, after):
        return "same"
    steps = range(before.shape[-1]) if before.dim() == 4 else ()
    found = any(same(before.roll(s, -1), after) for s in steps)
    return "moves" if found else "no"


@torch.no_grad()
def moves_shuffled(block: nn.Module, x: Tensor, order: Tensor) -> str:
    """``order`` permutes the h w positions, in every channel alike."""
    given = x.flatten(2)[..., order].view_as(x)
    before, after = block(x), block(given)
    if same(before, after):
        return "same"
    if before.dim() != 4 or before.shape[2:] != x.shape[2:]:
        return "no"
    moved = before.flatten(2)[..., order].view_as(before)
    return "moves" if same(moved, after) else "no"


# --8<-- [end:moves]
# --8<-- [start:blocks]
def on_a_torus(block: nn.Module) -> nn.Module:
    """Borders wrap around instead of being filled with zeros."""
    for layer in block.modules():
        if isinstance(layer, nn.Conv2d) and layer.kernel_size != (1, 1):
            layer.padding_mode = "circular"
    return block.double().eval()


def probed(c: int = C) -> dict[str, nn.Module]:
    """Blocks from c channels, small and with random weights."""
    torch.manual_seed(0)
    conv, lstm = nn.Conv2d, LSTM(c, c)
    set_forget_bias(lstm, 5.0)  # or the first pixels are soon forgotten
    found = {
        "1 × 1": conv(c, c, 1),
        "3 × 3": conv(c, c, 3, padding=1),
        "3 × 3, rate 3": conv(c, c, 3, padding=3, dilation=3),
        "3 × 3, stride 2": conv(c, c, 3, 2, padding=1),
        "3 × 3, depthwise": conv(c, c, 3, padding=1, groups=c),
        "separable": nn.Sequential(
            conv(c, c, 3, padding=1, groups=c), conv(c, c, 1)
        ),
        "basic block": ResidualBlock(c, c),
        "ASPP": ASPP(c, c, rates=(2, 4, 6)),
        "max pooling": nn.MaxPool2d(2),
        "global mean": nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        "SPP": SpatialPyramid((1, 2, 4)),
        "SE": SEBlock(c, 2),
        "CBAM": CBAM(c, 2, kernel=3),
        "layer norm": OverPixels(nn.LayerNorm(c)),
        "LSTM": OverPixels(lstm),
        "self-attention": OverPixels(SelfAttention(c, 2)),
    }
    layer = EncoderLayer(c, 2, 4 * c)
    found["encoder layer"] = OverPixels(layer)
    return {name: on_a_torus(block) for name, block in found.items()}


# --8<-- [end:blocks]
def images() -> Tensor:
    """Noise, each with another pixel that beats all others: for maxima."""
    random, n = torch.Generator().manual_seed(1), SIDE**2
    noise = torch.randn(n, C, n, generator=random, dtype=torch.float64)
    peak = 8 * torch.eye(n, dtype=noise.dtype)[:, None]
    return (noise + peak).unflatten(2, (SIDE, SIDE))  # (n, c, h, w)


# --8<-- [start:demo]
def extent(read: Tensor) -> tuple[int, int, int]:
    """Pixels, rows from the first to the last, channels."""
    pixels, rows = read.any(0), read.any(0).any(1).nonzero()
    span = int(rows.max() - rows.min()) + 1
    return int(pixels.sum()), span, int(read.flatten(1).any(1).sum())


def main() -> None:
    torch.manual_seed(0)
    x, order = images(), torch.randperm(SIDE**2)
    some = x[:4]
    print(" " * 33 + "one output reads     shifted by   positions")
    print(f"x is ({C}, {SIDE}, {SIDE})", end="  y is")
    print("        pixels span channels   1 px   2 px shuffled")
    for name, block in probed().items():
        shape = str(tuple(block(some).shape[1:])).replace(",)", ")")
        pixels, span, channels = extent(reads(block, x))
        print(f"{name:<19}{shape:<13}", end="")
        print(f"{pixels:>6}{span:>5}{channels:>9}", end="")
        one, two = moves_by(block, some, 1), moves_by(block, some, 2)
        shuffled = moves_shuffled(block, some, order)
        print(f"{one:>7}{two:>7}{shuffled:>9}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
