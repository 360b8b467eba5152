"""FCN on ResNet-50, as it is trained today: no crops, no transposed layers.

    logits = up8(head(stage 4)),   head: 3 × 3, BN, ReLU, dropout, 1 × 1

The two last stages keep the resolution of the second (output stride 8) and
dilate instead; ``up8`` is bilinear. In training mode a second head reads
stage 3. This is torchvision's model, whose loss gives that one a weight of
one half; the paper had neither ResNet nor a second head.

Shapes: x (b, 3, h, w), at least 32 × 32; logits (b, k, h, w), in training
mode a list of two. Raises ValueError for an x of another kind, through
``check_image``.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from examples.architectures.resnet import ResNet


# --8<-- [start:head]
def fcn_head(channels: int, classes: int) -> nn.Sequential:
    inside = channels // 4
    return nn.Sequential(
        nn.Conv2d(channels, inside, 3, padding=1, bias=False),
        *(nn.BatchNorm2d(inside), nn.ReLU(), nn.Dropout(0.1)),
        nn.Conv2d(inside, classes, 1),
    )


class FCNResNet(nn.Module):
    aux_weights = (0.5,)

    def __init__(
        self, layers: int = 50, classes: int = 21, width: int = 64
    ) -> None:
        super().__init__()
        self.backbone = ResNet(layers, 0, width, output_stride=8)
        *_, third, fourth = self.backbone.channels
        self.classifier = fcn_head(fourth, classes)
        self.aux_classifier = fcn_head(third, classes)

    def forward(self, x: Tensor) -> Tensor | list[Tensor]:
        *_, third, fourth = self.backbone.features(x)
        maps = [self.classifier(fourth)]
        if self.training:
            maps.append(self.aux_classifier(third))
        size = x.shape[2:]
        full = [F.interpolate(z, size, mode="bilinear") for z in maps]
        return full if self.training else full[0]  # (b, k, h, w)


# --8<-- [end:head]
