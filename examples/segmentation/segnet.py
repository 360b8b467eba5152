"""SegNet: the decoder puts values back where the encoder found its maxima.

    p_i = argmax_{q in window i} x_q      y_i = x_{p_i}        pool
    u_q = y_i where q = p_i, otherwise 0                       unpool
    a decoder stage: unpool, then conv-BN-ReLU as often as its encoder stage

Badrinarayanan, Kendall and Cipolla, arxiv.org/abs/1511.00561, on the 13
convolutions of VGG-16 with BN. The last convolution gives scores: neither
BN nor ReLU follow it. Pooling rounds up, as Caffe does, and unpooling is
told the size, so that every image fits.

Shapes: x (b, 3, h, w); logits (b, k, h, w); indices as the pooled map, each
the place h' w + w' in its own map. Raises ValueError for no classes, an x
of other channels, indices that do not fit the map, and a size that is not
pooled to that of the map.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.architectures.vgg import VGG, VGG_STAGES, he_initialize

Size = tuple[int, int]


# --8<-- [start:unpool]
def pool(x: Tensor) -> tuple[Tensor, Tensor]:
    """The maxima of 2 × 2 windows, and where in the map each was."""
    return F.max_pool2d(x, 2, ceil_mode=True, return_indices=True)


def unpool(y: Tensor, indices: Tensor, size: Size) -> Tensor:
    check_unpooling(y, indices, size)
    b, c = y.shape[:2]
    u = y.new_zeros(b, c, size[0] * size[1])
    u = u.scatter(2, indices.flatten(2), y.flatten(2))
    return u.view(b, c, *size)


# --8<-- [end:unpool]
# --8<-- [start:decoder]
def conv_norm_relu(channels: int, out: int) -> list[nn.Module]:
    conv = nn.Conv2d(channels, out, 3, padding=1)
    return [conv, nn.BatchNorm2d(out), nn.ReLU()]


def decoder_stages(
    channels: list[int], convs: tuple[int, ...], classes: int
) -> nn.ModuleList:
    """From the deepest to the shallowest; the last one ends in scores."""
    stages = nn.ModuleList()
    for i in reversed(range(len(convs))):
        c, layers = channels[i], []
        for _ in range(convs[i] - 1):
            layers += conv_norm_relu(c, c)
        if i:  # the last convolution goes to the width of the next stage
            layers += conv_norm_relu(c, channels[i - 1])
        else:
            layers.append(nn.Conv2d(c, classes, 3, padding=1))
        stages.append(nn.Sequential(*layers))
    he_initialize(stages)
    return stages


# --8<-- [end:decoder]
# --8<-- [start:network]
class SegNet(nn.Module):
    def __init__(
        self, classes: int = 11, width: int = 64, layers: int = 16
    ) -> None:
        super().__init__()
        if classes < 1:
            raise ValueError(f"classes is {classes}; must be at least 1")
        self.encoder = VGG(layers, 0, width, norm=True)
        channels = self.encoder.channels[:-1]
        convs = VGG_STAGES[layers]
        self.decoder = decoder_stages(channels, convs, classes)

    def encode(self, x: Tensor) -> tuple[Tensor, list[tuple[Tensor, Size]]]:
        """The last pooled map; indices and sizes of all five poolings."""
        places = []
        for stage in self.encoder.stages:
            x = stage(x)
            size = (x.shape[2], x.shape[3])
            x, indices = pool(x)
            places.append((indices, size))
        return x, places

    def forward(self, x: Tensor) -> Tensor:  # (b, 3, h, w)
        check_color(x)
        y, places = self.encode(x)
        for stage in self.decoder:
            y = stage(unpool(y, *places.pop()))
        return y  # (b, k, h, w)


# --8<-- [end:network]
def check_color(x: Tensor) -> None:
    if x.dim() != 4 or x.shape[1] != 3:
        raise ValueError(f"x is {tuple(x.shape)}; must be (b, 3, h, w)")


def check_unpooling(y: Tensor, indices: Tensor, size: Size) -> None:
    if indices.shape != y.shape or y.dim() != 4:
        raise ValueError(
            f"indices are {tuple(indices.shape)}; must be of the shape of "
            f"the pooled map (b, c, h, w), which is {tuple(y.shape)}"
        )
    pooled = tuple((side + 1) // 2 for side in size)
    if pooled != tuple(y.shape[2:]):
        raise ValueError(
            f"size is {tuple(size)}, which is pooled to {pooled}; must be "
            f"one that is pooled to {tuple(y.shape[2:])}"
        )


# --8<-- [start:demo]
@torch.no_grad()
def main() -> None:
    with torch.device("meta"):  # shapes without memory
        model, image = SegNet(), torch.empty(1, 3, 360, 480)
    for name in ("encoder", "decoder"):
        part = model.get_submodule(name)
        convs = [m for m in part.modules() if isinstance(m, nn.Conv2d)]
        count = sum(p.numel() for p in part.parameters())
        print(f"{name}: {len(convs)} convolutions, {count:,} parameters")
    print(f"together {sum(p.numel() for p in model.parameters()):,}")
    y, places = model.encode(image)
    print("\npooled to   unpooled to  channels in and out")
    for stage in model.decoder:
        low, given = f"{y.shape[2]} × {y.shape[3]}", y.shape[1]
        y = stage(unpool(y, *places.pop()))
        high = f"{y.shape[2]} × {y.shape[3]}"
        print(f"{low:<11} {high:<12} {given} → {y.shape[1]}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
