"""U-Net: down to what is there, up to where it is, level by level.

    down   s_l = two(pool(s_{l-1})),  s_0 = two(x)      c, 2c, 4c, 8c, 16c
    up     y_l = two([crop(s_l), upconv(y_{l+1})])      8c, 4c, 2c, c

``two`` is a 3 × 3 convolution and a ReLU, twice; ``upconv`` a transposed
2 × 2 convolution of stride 2 that halves the channels. Ronneberger, Fischer
and Brox, arxiv.org/abs/1505.04597: convolutions have no padding, weights
start normal with variance 2 / N, dropout stands before and after the last
pooling. ``padding=1`` keeps the size and ``norm`` adds BN after every
convolution, as most programs called U-Net do.

Shapes: x (b, c, h, w); logits (b, k, h - 184, w - 184), or of x's size with
padding. Without padding, h + 4 and w + 4 must be multiples of 16 and h, w
above 184; with it, h and w multiples of 16. Raises ValueError otherwise, for
an x of other channels, and for a padding other than 0 or 1.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


# --8<-- [start:parts]
def two_convolutions(
    channels: int, out: int, padding: int, norm: bool
) -> nn.Sequential:
    layers: list[nn.Module] = []
    for given in (channels, out):
        conv = nn.Conv2d(given, out, 3, padding=padding, bias=not norm)
        layers += [conv, nn.BatchNorm2d(out)] if norm else [conv]
        layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def up_convolution(channels: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(channels, channels // 2, 2, stride=2)


def center_crop(skip: Tensor, like: Tensor) -> Tensor:
    """The middle of a map that lost less of its border."""
    top, left = ((skip.shape[i] - like.shape[i]) // 2 for i in (2, 3))
    h, w = like.shape[2:]
    return skip[..., top : top + h, left : left + w]


@torch.no_grad()
def start_normal(model: nn.Module) -> None:
    """Variance 2 / N; of an up-convolution N counts as in the release."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.weight.normal_(0, (2 / layer.weight[0].numel()) ** 0.5)
            if layer.bias is not None:
                layer.bias.zero_()


# --8<-- [end:parts]
# --8<-- [start:network]
class UNet(nn.Module):
    def __init__(
        self,
        in_channels: int = 1,
        classes: int = 2,
        width: int = 64,
        levels: int = 4,
        padding: int = 0,
        norm: bool = False,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        if padding not in (0, 1):
            raise ValueError(f"padding is {padding}; must be 0 or 1")
        self.in_channels, self.levels = in_channels, levels
        self.padding = padding
        widths = [width * 2**level for level in range(levels + 1)]
        self.down, given = nn.ModuleList(), in_channels
        for out in widths:
            self.down.append(two_convolutions(given, out, padding, norm))
            given = out
        self.upconvs, self.up = nn.ModuleList(), nn.ModuleList()
        for out in widths[-2::-1]:
            self.upconvs.append(up_convolution(2 * out))
            self.up.append(two_convolutions(2 * out, out, padding, norm))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Conv2d(width, classes, 1)
        start_normal(self)

    # --8<-- [end:network]
    # --8<-- [start:forward]
    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        check_unet_input(x, self.in_channels, self.levels, self.padding)
        skips = []
        for level, convolve in enumerate(self.down):
            x = convolve(F.max_pool2d(x, 2) if level else x)
            if level >= self.levels - 1:
                x = self.dropout(x)
            skips.append(x)
        skips.pop()  # the lowest goes up, not across
        for upconv, convolve in zip(self.upconvs, self.up, strict=True):
            x = upconv(x)
            x = convolve(torch.cat([center_crop(skips.pop(), x), x], 1))
        return self.head(x)  # (b, k, h', w')


# --8<-- [end:forward]
# --8<-- [start:sizes]
def lost_border(levels: int) -> int:
    """How many rows the output has less: 184 for 4 levels."""
    return 12 * 2**levels - 8


def check_unet_input(
    x: Tensor, channels: int, levels: int, padding: int
) -> None:
    step, more, lost = 2**levels, 4, lost_border(levels)
    if padding:
        more = lost = 0
    fits = x.dim() == 4 and x.shape[1] == channels
    if not fits or any((n + more) % step or n <= lost for n in x.shape[2:]):
        rule = f"n + {more}" if more else "n"
        raise ValueError(
            f"x is {tuple(x.shape)}; must be (b, {channels}, h, w) with "
            f"{rule} a multiple of {step} and n above {lost} for each "
            "side n"
        )


# --8<-- [end:sizes]


# --8<-- [start:demo]
@torch.no_grad()
def main() -> None:
    with torch.device("meta"):  # shapes without memory
        model, x = UNet(), torch.empty(1, 1, 572, 572)
    print("level  channels   down            up")
    down = []
    for convolve in model.down:
        x = F.max_pool2d(x, 2) if down else x
        before, x = x.shape[3], convolve(x)
        down.append(f"{before}² -> {x.shape[3]}²")
    up = ["-"]
    for upconv, convolve in zip(model.upconvs, model.up, strict=True):
        x = upconv(x)
        before = x.shape[3]
        x = convolve(x.repeat(1, 2, 1, 1))  # as wide as with the skip
        up.insert(0, f"{before}² -> {x.shape[3]}²")
    for level, (one, other) in enumerate(zip(down, up, strict=True)):
        print(f"{level:<7}{64 * 2**level:<11}{one:<16}{other}")
    print("scores:", tuple(model.head(x).shape))
    for name, net in {
        "as published": UNet(),
        "padded, BN, 3 channels in": UNet(3, 2, padding=1, norm=True),
    }.items():
        count = sum(p.numel() for p in net.parameters())
        print(f"{name}: {count:,} parameters")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
