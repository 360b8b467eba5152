"""How far a pixel of PSPNet sees: gradients of one output.

    d level_n(x)_p / d x_q = sum over bins i: u_n(p, i) [q in bin i] / |i|

``u_n`` are the weights of bilinear enlarging, so that the sum over q is 1:
each level is a mean, of a large part of the map around p. The whole network
is measured the same way, by the gradient of a score in the middle.

Shapes: weights (h, w); gradients (h, w) of the image, summed over its
channels and averaged over images. Raises ValueError for a place outside the
map.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.segmentation.diagram import INK, ORANGE
from examples.segmentation.pspnet import PYRAMID_BINS, PSPNet, enlarge

MAP, PLACE = 60, (40, 14)  # the size that a crop of 473 has
DISTANCES = (80, 120, 160, 200, 255)  # 255: the field of its convolutions


# --8<-- [start:weights]
def level_weights(
    bins: int, size: int = MAP, place: tuple[int, int] = PLACE
) -> Tensor:  # (h, w)
    """What the pixel at a place is told of each pixel of the map."""
    if not all(0 <= i < size for i in place):
        raise ValueError(f"place is {place}; must be within 0..{size - 1}")
    x = torch.zeros(1, 1, size, size, requires_grad=True)
    y = enlarge(F.adaptive_avg_pool2d(x, bins), x.shape[2:])
    (g,) = torch.autograd.grad(y[0, 0, place[0], place[1]], x)
    return g[0, 0]


# --8<-- [end:weights]
# --8<-- [start:reach]
def score_gradient(bins: Sequence[int], size: int) -> Tensor:  # (h, w)
    """Of an untrained network, the same one but for its pyramid."""
    torch.manual_seed(0)
    model = PSPNet(18, 2, 8, bins)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1  # to know the statistics after one batch
    torch.manual_seed(1)
    x = torch.randn(2, 3, size, size, requires_grad=True)
    with torch.no_grad():
        model(x)
    score = model.eval()(x)[:, 0, size // 2, size // 2]
    (g,) = torch.autograd.grad(score.sum(), x)
    return g.abs().sum(1).mean(0)


def beyond(gradient: Tensor, distance: float) -> float:
    """The share of all |gradient| outside of a square around the middle."""
    line = abs(torch.arange(len(gradient)) - len(gradient) // 2)
    far = torch.maximum(line[:, None], line) > distance
    return float((gradient * far).sum() / gradient.sum())


# --8<-- [end:reach]
def weights_figure() -> Figure:
    clear, full = (0.23, 0.51, 0.96, 0.0), (0.23, 0.51, 0.96, 0.9)
    shades = LinearSegmentedColormap.from_list("shades", [clear, full])
    figure = Figure(figsize=(6.4, 1.9), layout="constrained")
    for axes, n in zip(figure.subplots(1, 4), PYRAMID_BINS, strict=True):
        weights = level_weights(n)
        axes.imshow(weights, cmap=shades, vmin=0, vmax=weights.max())
        axes.plot(PLACE[1], PLACE[0], "o", color=ORANGE, ms=5)
        cuts = [i * MAP / n - 0.5 for i in range(1, n)]
        for cut in cuts:
            axes.axhline(cut, color=INK, lw=0.6)
            axes.axvline(cut, color=INK, lw=0.6)
        axes.set(xticks=(), yticks=(), title=f"{n} × {n}")
        axes.spines[:].set(color=INK, visible=True)
    return figure


def main() -> None:
    print("level  bins used  largest weight")
    for n in PYRAMID_BINS:
        weights = level_weights(n)
        used = int((weights > 0).sum()) * n**2 // MAP**2
        print(f"{n} × {n}{used:>10}{float(weights.max()):>17.5f}")
    print("\nshare of the gradient farther away than, of 641 × 641 pixels")
    print("bins           ", *(f"{d:>5}" for d in DISTANCES))
    for bins in ((), (1,), PYRAMID_BINS):
        gradient = score_gradient(bins, 641)
        shares = (beyond(gradient, d) for d in DISTANCES)
        name = ", ".join(map(str, bins)) or "no pyramid"
        print(f"{name:<15}", *(f"{share:>5.0%}" for share in shares))


if __name__ == "__main__":
    main()
