"""FCN: a classifier becomes convolutional and labels every pixel.

    score_32 = fc(pool5)                            FCN-32s:  up32(score_32)
    score_16 = up2(score_32) + w_4 * pool4          FCN-16s:  up16(score_16)
    score_8  = up2(score_16) + w_3 * pool3          FCN-8s:   up8(score_8)

Long, Shelhamer and Darrell, arxiv.org/abs/1411.4038, on VGG-16. ``*`` is a
1 × 1 convolution that starts at zero, ``up`` a transposed convolution that
starts bilinear; the last one stays so. As published, the image is padded
by 100 and fc6 not at all; ``same`` pads every layer by half its kernel.

Shapes: x (b, 3, h, w); logits (b, k, h, w). Raises ValueError for a stride
other than 32, 16 or 8, for no classes and for an x of other channels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.architectures.vgg import VGG
from examples.modules.transposed_convolution_bilinear import bilinear_kernel
from examples.segmentation.fcn_alignment import Grid, cut, offset, overlap


# --8<-- [start:parts]
def bilinear_upsampling(classes: int, scale: int) -> nn.ConvTranspose2d:
    up = nn.ConvTranspose2d(classes, classes, 2 * scale, scale, bias=False)
    nn.init.zeros_(up.weight)
    each = torch.arange(classes)
    up.weight.data[each, each] = bilinear_kernel(scale, classes)[:, 0].to(
        up.weight
    )
    return up


def score(channels: int, classes: int) -> nn.Conv2d:
    layer = nn.Conv2d(channels, classes, 1)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def dense_classifier(
    channels: int, hidden: int, classes: int, padding: int, dropout: float
) -> nn.Sequential:
    """The three fully connected layers of VGG, as convolutions."""
    fc6 = nn.Conv2d(channels, hidden, 7, padding=padding)
    fc7 = nn.Conv2d(hidden, hidden, 1)
    for layer in (fc6, fc7):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    return nn.Sequential(
        *(fc6, nn.ReLU(), nn.Dropout(dropout)),
        *(fc7, nn.ReLU(), nn.Dropout(dropout)),
        score(hidden, classes),
    )


# --8<-- [end:parts]
# --8<-- [start:network]
class FCN(nn.Module):
    def __init__(
        self,
        stride: int = 8,
        classes: int = 21,
        width: int = 64,
        same: bool = False,
        layers: int = 16,
        norm: bool = False,
        hidden: int = 4096,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        check_fcn(stride, classes)
        self.backbone = VGG(layers, 0, width, norm)
        self.padding, self.fc_padding = (1, 3) if same else (100, 0)
        first = self.backbone.get_submodule("stages.0.0")
        first.padding = (self.padding, self.padding)
        channels = self.backbone.channels
        self.classifier = dense_classifier(
            channels[-1], hidden, classes, self.fc_padding, dropout
        )
        self.scores, self.ups = nn.ModuleList(), nn.ModuleList()
        steps = {32: (), 16: (3,), 8: (3, 2)}[stride]
        for stage in steps:
            self.ups.append(bilinear_upsampling(classes, 2))
            self.scores.append(score(channels[stage], classes))
        self.ups.append(bilinear_upsampling(classes, stride))
        self.ups[-1].weight.requires_grad_(False)

    # --8<-- [end:network]
    # --8<-- [start:forward]
    def pools(self, x: Tensor) -> list[tuple[Tensor, Grid]]:
        """The five pooled maps, each with its place in the image."""
        grid, found = Grid().convolved(3, 1, self.padding), []
        for stage in self.backbone.stages:
            x = F.max_pool2d(stage(x), 2, ceil_mode=True)  # as Caffe rounds
            grid = grid.convolved(2, 2, 0)
            found.append((x, grid))
        return found

    def forward(self, x: Tensor) -> Tensor:  # (b, 3, h, w)
        check_rgb(x)
        pools = self.pools(x)
        y, grid = pools[-1]
        y, grid = self.classifier(y), grid.convolved(7, 1, self.fc_padding)
        skips = zip(self.ups, self.scores, pools[3:1:-1], strict=False)
        for up, head, (pool, pool_grid) in skips:
            y, grid = up(y), grid.transposed(4, 2)
            y, skip, grid = overlap(y, grid, head(pool), pool_grid)
            y = y + skip
        scale = int(grid.step)  # what is left to upsample
        y, grid = self.ups[-1](y), grid.transposed(2 * scale, scale)
        return cut(y, offset(Grid(), grid), *x.shape[2:])


# --8<-- [end:forward]
def check_fcn(stride: int, classes: int) -> None:
    if stride not in (8, 16, 32):
        raise ValueError(f"stride is {stride}; must be 8, 16 or 32")
    if classes < 1:
        raise ValueError(f"classes is {classes}; must be at least 1")


def check_rgb(x: Tensor) -> None:
    if x.dim() != 4 or x.shape[1] != 3:
        raise ValueError(f"x is {tuple(x.shape)}; must be (b, 3, h, w)")


# --8<-- [start:demo]
@torch.no_grad()
def main() -> None:
    print("         parameters   scores at  of 500 × 375")
    for stride in (32, 16, 8):
        with torch.device("meta"):  # shapes without memory
            model = FCN(stride)
            image = torch.empty(1, 3, 500, 375)
        count = sum(p.numel() for p in model.parameters())
        y = model(image)
        pools = [tuple(pool.shape[2:]) for pool, _ in model.pools(image)]
        name = f"FCN-{stride}s"
        print(f"{name:<8}{count:>13,}  1/{stride:<8} {tuple(y.shape)}")
    print("pools:", *(f"{h} × {w}" for h, w in pools), sep="  ")
    scores = model.classifier(model.pools(image)[-1][0])
    print("scores of the classifier:", tuple(scores.shape))


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
