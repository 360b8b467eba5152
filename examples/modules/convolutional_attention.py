"""Gates for channels and places: squeeze-and-excitation and CBAM.

    SE       y = x * sigmoid(W2 relu(W1 mean_hw(x)))
    channel  y = x * sigmoid(f(mean_hw(x)) + f(max_hw(x)))
    spatial  y = x * sigmoid(BN(conv7x7([mean_c(x), max_c(x)])))
    CBAM     channel, then spatial

SE: arxiv.org/abs/1709.01507; CBAM: arxiv.org/abs/1807.06521. W1 and W2, and
those of f(z) = W2 relu(W1 z), have biases and meet at c / ``reduction``
features. ``gate`` gives the factors alone, each between 0 and 1.

Shapes: x and y (b, c, h, w); gates of channels (b, c, 1, 1), of places
(b, 1, h, w). Raises ValueError for x of other channels, a reduction that
leaves no feature, a kernel that is even or below 1, an x of other rank.
"""

import torch
from torch import Tensor, nn

from examples.modules.residual import check_channels


def check_reduction(channels: int, reduction: int) -> int:
    """The width of the bottleneck."""
    if not 1 <= reduction <= channels:
        raise ValueError(
            f"reduction is {reduction}; must be 1 to {channels} (channels)"
        )
    return channels // reduction


# --8<-- [start:se]
def gate_mlp(channels: int, reduction: int) -> nn.Sequential:
    hidden = check_reduction(channels, reduction)
    return nn.Sequential(
        nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels)
    )


class SEBlock(nn.Module):
    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.channels = channels
        self.mlp = gate_mlp(channels, reduction)

    def gate(self, x: Tensor) -> Tensor:  # (b, c, 1, 1)
        check_channels(x, self.channels)
        squeezed = x.mean(dim=(2, 3))  # (b, c)
        return torch.sigmoid(self.mlp(squeezed))[..., None, None]

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return x * self.gate(x)


# --8<-- [end:se]
# --8<-- [start:channel]
class ChannelAttention(nn.Module):
    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.channels = channels
        self.mlp = gate_mlp(channels, reduction)

    def gate(self, x: Tensor) -> Tensor:  # (b, c, 1, 1)
        check_channels(x, self.channels)
        mean, peak = x.mean(dim=(2, 3)), x.amax(dim=(2, 3))
        scores = self.mlp(mean) + self.mlp(peak)  # summed, then squashed
        return torch.sigmoid(scores)[..., None, None]

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return x * self.gate(x)


# --8<-- [end:channel]
# --8<-- [start:spatial]
class SpatialAttention(nn.Module):
    def __init__(self, kernel: int = 7) -> None:
        super().__init__()
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"kernel is {kernel}; must be odd, 1 or more")
        self.conv = nn.Conv2d(2, 1, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(1)

    def gate(self, x: Tensor) -> Tensor:  # (b, 1, h, w)
        if x.dim() != 4:
            raise ValueError(f"x is {tuple(x.shape)}; must be (b, c, h, w)")
        mean, peak = x.mean(1, keepdim=True), x.amax(1, keepdim=True)
        maps = torch.cat([mean, peak], dim=1)  # (b, 2, h, w)
        return torch.sigmoid(self.norm(self.conv(maps)))

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return x * self.gate(x)


# --8<-- [end:spatial]
# --8<-- [start:cbam]
class CBAM(nn.Module):
    def __init__(
        self, channels: int, reduction: int = 16, kernel: int = 7
    ) -> None:
        super().__init__()
        self.channel = ChannelAttention(channels, reduction)
        self.spatial = SpatialAttention(kernel)

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return self.spatial(self.channel(x))  # it reads the gated features


# --8<-- [end:cbam]
# --8<-- [start:demo]
@torch.no_grad()
def main() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 64, 14, 14).relu()
    pixels = x.flatten(2)[..., torch.randperm(14 * 14)].view_as(x)
    channels = x[:, torch.randperm(64)]
    blocks = (SEBlock(64), ChannelAttention(64), SpatialAttention())
    print(" " * 18 + "gate            parameters", end="")
    print("  fresh     after shuffling")
    print(" " * 55 + "pixels  channels")
    for block in blocks:
        gate = block.eval().gate(x)
        count = sum(p.numel() for p in block.parameters())
        name = type(block).__name__
        row = f"{name:<18}{tuple(gate.shape)!s:<16}{count:>10,}"
        row += f"{float(gate.mean()):>7.1f}"
        for given in (pixels, channels):
            same = torch.allclose(block.gate(given), gate, atol=1e-5)
            row += f"{'same' if same else 'other':>10}"
        print(row)
    cbam = CBAM(64).eval()
    swapped = cbam.channel(cbam.spatial(x))
    print("CBAM:", sum(p.numel() for p in cbam.parameters()), end=" ")
    print("parameters; in the other order the output is", end=" ")
    print("the same" if torch.allclose(cbam(x), swapped) else "another")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
