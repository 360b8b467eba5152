"""VGG: five stages of 3 × 3 convolutions, halved by pooling in between.

    stage:  x <- relu(conv3x3(x)),  one to four times;    then max pooling
    width:  c, 2c, 4c, 8c, 8c channels, c = 64            fc: 64c, 64c, k

Simonyan and Zisserman, arxiv.org/abs/1409.1556: 11, 13, 16 or 19 layers
with weights. ``norm`` puts BN after each convolution; the paper had none.

Shapes: x (b, 3, h, w), at least 32 × 32; logits (b, k). ``features`` gives
six maps: the stages before pooling, at strides 1, 2, 4, 8, 16, and the last
one pooled, at stride 32; ``channels`` are theirs. ``classes=0`` leaves the
classifier out. Raises ValueError for another number of layers, a width
below 1 and an x of other channels or below 32 × 32.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

VGG_STAGES = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}


# --8<-- [start:stage]
def vgg_stage(
    channels: int, out: int, convs: int, norm: bool = False
) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(convs):
        layers.append(nn.Conv2d(channels, out, 3, padding=1))
        if norm:
            layers.append(nn.BatchNorm2d(out))
        layers.append(nn.ReLU())
        channels = out
    return nn.Sequential(*layers)


def he_initialize(model: nn.Module) -> None:
    """Weights that keep the variance through a ReLU; biases of 0."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def vgg_classifier(
    given: int, hidden: int, classes: int, dropout: float
) -> nn.Sequential:
    return nn.Sequential(
        *(nn.Linear(given, hidden), nn.ReLU(), nn.Dropout(dropout)),
        *(nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(dropout)),
        nn.Linear(hidden, classes),
    )


# --8<-- [end:stage]
# --8<-- [start:network]
class VGG(nn.Module):
    def __init__(
        self,
        layers: int = 16,
        classes: int = 1000,
        width: int = 64,
        norm: bool = False,
        in_channels: int = 3,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        check_vgg(layers, width)
        self.in_channels = in_channels
        widths = [width * n for n in (1, 2, 4, 8, 8)]
        self.channels = [*widths, widths[-1]]  # the last, pooled
        self.stages, given = nn.ModuleList(), in_channels
        for out, convs in zip(widths, VGG_STAGES[layers], strict=True):
            self.stages.append(vgg_stage(given, out, convs, norm))
            given = out
        self.classifier: nn.Module = nn.Identity()
        if classes:
            self.classifier = vgg_classifier(
                given * 7 * 7, 64 * width, classes, dropout
            )
        he_initialize(self)

    def features(self, x: Tensor) -> list[Tensor]:  # (b, c, h, w)
        check_image(x, self.in_channels)
        maps = []
        for stage in self.stages:
            maps.append(stage(x))
            x = F.max_pool2d(maps[-1], 2)
        return [*maps, x]

    def forward(self, x: Tensor) -> Tensor:  # (b, k)
        last = F.adaptive_avg_pool2d(self.features(x)[-1], 7)
        return self.classifier(last.flatten(1))  # 7 × 7 already, for 224


# --8<-- [end:network]
def check_vgg(layers: int, width: int) -> None:
    if layers not in VGG_STAGES:
        raise ValueError(
            f"layers is {layers}; must be one of {sorted(VGG_STAGES)}"
        )
    if width < 1:
        raise ValueError(f"width is {width}; must be at least 1")


def check_image(x: Tensor, channels: int) -> None:
    if x.dim() != 4 or x.shape[1] != channels or min(x.shape[2:]) < 32:
        raise ValueError(
            f"x is {tuple(x.shape)}; must be (b, {channels}, h, w) with h "
            "and w of at least 32"
        )


# --8<-- [start:demo]
def main() -> None:
    print("layers   parameters    with BN     of them in the first fc")
    for layers in VGG_STAGES:
        counts = []
        for norm in (False, True):
            with torch.device("meta"):  # shapes without memory
                model = VGG(layers, norm=norm)
            counts.append(sum(p.numel() for p in model.parameters()))
        first = next(model.classifier.children()).weight.numel()
        share = f"{first:,} = {first / counts[0]:.0%}"
        print(f"{layers:>6} {counts[0]:>12,} {counts[1]:>12,}   {share}")
    with torch.device("meta"):
        maps = VGG(16).features(torch.empty(1, 3, 224, 224))
    print("features of 224 × 224:")
    for stride, y in zip((1, 2, 4, 8, 16, 32), maps, strict=True):
        print(f"  stride {stride:>2}: {tuple(y.shape[1:])}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
