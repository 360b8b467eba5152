"""ResNet: a stem, four stages of residual blocks, a mean, one linear layer.

    x <- relu(x + F(x)),   half the side, twice the channels each stage

He et al., arxiv.org/abs/1512.03385: basic blocks for 18 and 34 layers,
bottlenecks of three for 50, 101 and 152. ``output_stride`` 16 or 8 keeps
the last one or two stages at the resolution before them and dilates what
follows. ``multi_grid`` (arxiv.org/abs/1706.05587) gives each block of the
last stage its own dilation, in units of the one that the stage ends with.

Shapes: x (b, 3, h, w); logits (b, k). ``features`` gives the stem and the
four stages, at strides 2, 4, 8, 16, 32, none above the output stride;
``channels`` are theirs. ``classes=0`` leaves the linear layer out. Raises
ValueError for another number of layers, a width below 1, an output stride
other than 8, 16 or 32, a multi-grid that does not fit the stage, and an x
of other channels or below 32 × 32.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.architectures.vgg import check_image, he_initialize
from examples.modules.residual import Bottleneck, ResidualBlock

RESNET_STAGES = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}


# --8<-- [start:stage]
def resnet_stem(channels: int, width: int) -> nn.Sequential:
    conv = nn.Conv2d(channels, width, 7, stride=2, padding=3, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(width), nn.ReLU())


def resnet_stage(
    kind: type, channels: int, width: int, blocks: int, stride: int
) -> nn.Sequential:
    """The first block changes size and channels, the others keep both."""
    out = width * (4 if kind is Bottleneck else 1)
    first = kind(channels, width, stride)
    others = (kind(out, width) for _ in range(blocks - 1))
    return nn.Sequential(first, *others)


# --8<-- [end:stage]
# --8<-- [start:dilate]
def dilate(layers: nn.Module, rate: int) -> None:
    for conv in layers.modules():
        if isinstance(conv, nn.Conv2d) and conv.kernel_size == (3, 3):
            conv.dilation = conv.padding = (rate, rate)


def keep_resolution(stage: nn.Sequential, rate: int) -> int:
    """Stride 2 becomes 1; what follows reads twice as far apart."""
    for conv in stage.modules():  # in each block the branch comes first
        if isinstance(conv, nn.Conv2d):
            halves, conv.stride = conv.stride == (2, 2), (1, 1)
            dilate(conv, rate)
            if halves and conv.kernel_size == (3, 3):
                rate *= 2
    return rate


def set_output_stride(
    stages: nn.ModuleList, output_stride: int, grid: Sequence[int] | None
) -> None:
    rate = 1
    for i in {32: (), 16: (3,), 8: (2, 3)}[output_stride]:
        rate = keep_resolution(stages[i], rate)
    if grid:
        for block, times in zip(stages[3], grid, strict=True):
            dilate(block, rate * times)


# --8<-- [end:dilate]
# --8<-- [start:network]
class ResNet(nn.Module):
    def __init__(
        self,
        layers: int = 50,
        classes: int = 1000,
        width: int = 64,
        output_stride: int = 32,
        multi_grid: Sequence[int] | None = None,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        check_resnet(layers, width, output_stride, multi_grid)
        self.in_channels = in_channels
        self.stem = resnet_stem(in_channels, width)
        kind = Bottleneck if layers >= 50 else ResidualBlock
        self.channels, given = [width], width
        self.stages = nn.ModuleList()
        for i, blocks in enumerate(RESNET_STAGES[layers]):
            inside, stride = width * 2**i, 2 if i else 1
            stage = resnet_stage(kind, given, inside, blocks, stride)
            given = inside * (4 if kind is Bottleneck else 1)
            self.stages.append(stage)
            self.channels.append(given)
        self.head = nn.Linear(given, classes) if classes else nn.Identity()
        he_initialize(self)
        set_output_stride(self.stages, output_stride, multi_grid)

    def features(self, x: Tensor) -> list[Tensor]:  # (b, c, h, w)
        check_image(x, self.in_channels)
        maps = [self.stem(x)]
        x = F.max_pool2d(maps[0], 3, stride=2, padding=1)
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps

    def forward(self, x: Tensor) -> Tensor:  # (b, k)
        return self.head(self.features(x)[-1].mean(dim=(2, 3)))


# --8<-- [end:network]
def check_resnet(
    layers: int, width: int, output_stride: int, grid: Sequence[int] | None
) -> None:
    if layers not in RESNET_STAGES:
        raise ValueError(
            f"layers is {layers}; must be one of {sorted(RESNET_STAGES)}"
        )
    if width < 1:
        raise ValueError(f"width is {width}; must be at least 1")
    if output_stride not in (8, 16, 32):
        raise ValueError(
            f"output_stride is {output_stride}; must be 8, 16 or 32"
        )
    blocks = RESNET_STAGES[layers][3]
    if grid and (len(grid) != blocks or min(grid) < 1):
        raise ValueError(
            f"multi_grid is {tuple(grid)}; must be {blocks} positive rates"
        )


# --8<-- [start:demo]
@torch.no_grad()
def main() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, 97, 65)
    network = ResNet(50, classes=0, width=8).eval()
    coarse = network.features(x)[-1]
    print("output stride  last map         stage 4 reads  same values")
    kinds = {32: None, 16: None, 8: None, "16, multi-grid": (1, 2, 4)}
    for name, grid in kinds.items():
        stride = 16 if grid else int(name)
        model = ResNet(50, 0, 8, stride, grid).eval()
        model.load_state_dict(network.state_dict())  # nothing to convert
        y, step = model.features(x)[-1], 32 // stride
        gap = (y[..., ::step, ::step] - coarse).abs().max() / coarse.max()
        layers = model.stages[3].modules()
        convs = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
        rates = [c.dilation[0] for c in convs if c.kernel_size == (3, 3)]
        row = f"{name:<14} {tuple(y.shape)!s:<16} {rates!s:<14}"
        print(f"{row} {'yes' if gap < 1e-4 else 'no'}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
