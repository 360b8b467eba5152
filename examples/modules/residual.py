"""Residual connections: a block learns what to add to its input.

    basic, bottleneck   y = relu(F(x) + s(x))     arxiv.org/abs/1512.03385
    pre-activation      y = F(x) + s(x)           arxiv.org/abs/1603.05027

s is the identity wherever the shapes of x and F(x) agree, and a 1 × 1
convolution where they do not. A bottleneck narrows to ``width`` channels,
convolves there and leaves with 4 width.

Shapes: x (b, c, h, w); y (b, o, ⌈h / stride⌉, ⌈w / stride⌉). Raises
ValueError for x of other channels, and channels or a stride below 1.
"""

import torch
from torch import Tensor, nn

EXPANSION = 4  # a bottleneck leaves with four times its width


def check_sizes(**sizes: int) -> None:
    for name, value in sizes.items():
        if value < 1:
            raise ValueError(f"{name} is {value}; must be at least 1")


def check_channels(x: Tensor, channels: int) -> None:
    if x.dim() != 4 or x.shape[1] != channels:
        shape = tuple(x.shape)
        raise ValueError(f"x is {shape}, not (b, {channels}, h, w)")


def conv3x3(channels: int, out: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, out, 3, stride, padding=1, bias=False)


# --8<-- [start:shortcut]
def conv1x1(channels: int, out: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, out, 1, stride, bias=False)


def shortcut(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    return nn.Sequential(
        conv1x1(in_channels, out_channels, stride),
        nn.BatchNorm2d(out_channels),
    )


# --8<-- [end:shortcut]
# --8<-- [start:basic]
class ResidualBlock(nn.Module):
    def __init__(
        self, in_channels: int, out_channels: int, stride: int = 1
    ) -> None:
        super().__init__()
        check_sizes(
            in_channels=in_channels,
            out_channels=out_channels,
            stride=stride,
        )
        self.in_channels = in_channels
        self.branch = nn.Sequential(
            conv3x3(in_channels, out_channels, stride),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            conv3x3(out_channels, out_channels),
            nn.BatchNorm2d(out_channels),
        )
        self.shortcut = shortcut(in_channels, out_channels, stride)

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        check_channels(x, self.in_channels)
        return torch.relu(self.branch(x) + self.shortcut(x))


# --8<-- [end:basic]
# --8<-- [start:bottleneck]
class Bottleneck(nn.Module):
    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int = 1,
    ) -> None:
        super().__init__()
        check_sizes(in_channels=in_channels, width=width, stride=stride)
        self.in_channels = in_channels
        self.branch = nn.Sequential(
            conv1x1(in_channels, width),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            conv3x3(width, width, stride),  # the paper strides one earlier
            nn.BatchNorm2d(width),
            nn.ReLU(),
            conv1x1(width, EXPANSION * width),
            nn.BatchNorm2d(EXPANSION * width),
        )
        self.shortcut = shortcut(in_channels, EXPANSION * width, stride)

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        check_channels(x, self.in_channels)
        return torch.relu(self.branch(x) + self.shortcut(x))


# --8<-- [end:bottleneck]
# --8<-- [start:pre_activation]
class PreActivationBlock(nn.Module):
    def __init__(
        self, in_channels: int, out_channels: int, stride: int = 1
    ) -> None:
        super().__init__()
        check_sizes(
            in_channels=in_channels,
            out_channels=out_channels,
            stride=stride,
        )
        self.in_channels = in_channels
        norm = nn.BatchNorm2d(in_channels)
        self.activate = nn.Sequential(norm, nn.ReLU())
        self.branch = nn.Sequential(
            conv3x3(in_channels, out_channels, stride),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            conv3x3(out_channels, out_channels),
        )
        same = stride == 1 and in_channels == out_channels
        self.project = (
            None if same else conv1x1(in_channels, out_channels, stride)
        )

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        check_channels(x, self.in_channels)
        a = self.activate(x)
        if self.project is not None:
            return self.project(a) + self.branch(a)
        return x + self.branch(a)  # nothing stands on the identity path


# --8<-- [end:pre_activation]
# --8<-- [start:identity]
Block = ResidualBlock | Bottleneck | PreActivationBlock


@torch.no_grad()
def start_as_identity(block: Block) -> None:
    """The last layer of the branch gets weight 0, so F(x) = 0."""
    block.branch[-1].weight.zero_()  # gamma of BN, or a kernel


# --8<-- [end:identity]
# --8<-- [start:demo]
def main() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 64, 14, 14).relu()
    blocks: dict[str, Block] = {
        "basic, 64": ResidualBlock(64, 64),
        "basic, 64 to 128, stride 2": ResidualBlock(64, 128, 2),
        "pre-activation, 64": PreActivationBlock(64, 64),
        "basic, 256": ResidualBlock(256, 256),
        "bottleneck, 256 (width 64)": Bottleneck(256, 64),
    }
    print(" " * 27 + "output            parameters  identity")
    for name, block in blocks.items():
        given = x if block.in_channels == 64 else x.repeat(1, 4, 1, 1)
        count = sum(p.numel() for p in block.parameters())
        shape = str(tuple(block(given).shape))
        start_as_identity(block)
        y = block(given)
        same = y.shape == given.shape and torch.equal(y, given)
        print(f"{name:<27}{shape:<18}{count:>10,}  {same}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
