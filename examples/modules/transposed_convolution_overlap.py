"""How often each output pixel is stamped, and how uneven that is.

``ripple`` averages an image over all positions that stand alike with
regard to the stride; what is left of the differences between those
averages, as a share of the mean square, is the energy at the frequencies
of the checkerboard: distill.pub/2016/deconv-checkerboard.

Shapes: image (b, c, h, w); phases (b, c, s, s).
"""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from examples.modules.convolution import convolve
from examples.modules.transposed_convolution import transposed_convolve

KINDS = {"2, stride 2": 2, "3, stride 2": 3, "4, stride 2": 4, "resize": 3}


# --8<-- [start:ripple]
def phases(image: Tensor, period: int) -> Tensor:
    """The mean of each of the period × period places of the pattern."""
    h, w = (n // period * period for n in image.shape[2:])
    tiles = image[..., :h, :w].unflatten(3, (-1, period))
    return tiles.unflatten(2, (-1, period)).mean((2, 4))  # (b, c, p, p)


def ripple(image: Tensor, period: int) -> float:
    """The share of the image's mean square that repeats with the stride."""
    means = phases(image, period)
    energy = (means - means.mean((2, 3), keepdim=True)).square().mean()
    return (energy / phases(image.square(), period).mean()).item()


# --8<-- [end:ripple]
# --8<-- [start:layers]
def doubled(x: Tensor, weight: Tensor, kind: str) -> Tensor:
    """Twice the size: a transposed convolution, or nearest and 3 × 3."""
    if kind != "resize":
        return transposed_convolve(x, weight, stride=2)
    x = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    return convolve(x, weight.transpose(0, 1), padding=1)


def interior(x: Tensor) -> Tensor:
    return x[..., 4:-4, 4:-4]  # where no border is felt


def overlap(kind: str) -> Tensor:
    """How many stamps meet in each pixel: all inputs, all weights 1."""
    x, k = torch.ones(1, 1, 10, 10), KINDS[kind]
    kernel = torch.ones(1, 1, k, k)
    return interior(doubled(x, kernel, kind))


def random_ripple(kind: str, layers: int = 400) -> float:
    """A flat input, random weights; the mean over many layers."""
    random = torch.Generator().manual_seed(0)
    x, k = torch.ones(1, 1, 10, 10), KINDS[kind]
    weight = torch.randn(1, layers, k, k, generator=random)
    return ripple(interior(doubled(x, weight, kind)), 2)


# --8<-- [end:layers]
def overlap_figure() -> Figure:
    figure = Figure(figsize=(6.4, 2.45), layout="constrained")
    kinds = list(KINDS)[1:]
    for axes, kind in zip(figure.subplots(1, 3), kinds, strict=True):
        counts = overlap(kind)[0, 0, :6, :6]
        axes.imshow(counts, cmap="YlOrBr", vmin=0, vmax=2 * counts.max())
        for i, row in enumerate(counts.int().tolist()):
            for j, value in enumerate(row):
                text = {"ha": "center", "va": "center", "color": "#33373d"}
                axes.text(j, i, str(value), **text)
        name = f"kernel {kind}" if kind != "resize" else "resize, 3 × 3"
        axes.set_title(name)
        axes.axis("off")
    return figure


def main() -> None:
    print("a flat input            weights 1               random weights")
    print("kernel       stamps a pixel   ripple, %         ripple, %")
    for kind in KINDS:
        counts = phases(overlap(kind), 2).flatten().int().tolist()
        even = 100 * ripple(overlap(kind), 2)
        mixed = 100 * random_ripple(kind)
        stamps = " ".join(map(str, counts))
        print(f"{kind:<12} {stamps:>14} {even:>11.0f} {mixed:>17.0f}")


if __name__ == "__main__":
    main()
