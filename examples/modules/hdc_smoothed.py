"""Two ways to let the lattices of one dilated convolution talk.

    shared smoothing   z_c = s * x_c,  then the dilated convolution
    group interaction  y_i = sum over lattices j of a_ij f_j

s is one (2r - 1) × (2r - 1) kernel for all channels, f_j the answer of
lattice j, a an r² × r² matrix. Both start as "do nothing". From Wang and
Ji, Smoothed Dilated Convolutions, arxiv.org/abs/1808.08931.

Shapes: x (b, c, h, w) in and out; s (2r - 1, 2r - 1), a (r², r²). Raises
ValueError for a rate below 1.
"""

import torch
from torch import Tensor, nn

from examples.modules.convolution import Convolution, convolve
from examples.modules.hdc import check_rates
from examples.modules.hdc_lattices import merge_lattices, split_lattices
from examples.modules.hdc_noise import CHANNELS, judge, network, train


# --8<-- [start:smoothed]
class SharedSmoothing(nn.Module):
    """One kernel for every channel, before the dilated convolution."""

    def __init__(self, rate: int) -> None:
        super().__init__()
        check_rates([rate])
        self.rate = rate
        kernel = torch.zeros(2 * rate - 1, 2 * rate - 1)
        kernel[rate - 1, rate - 1] = 1
        self.kernel = nn.Parameter(kernel)

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        b, c = x.shape[:2]
        maps = x.flatten(0, 1)[:, None]  # (b c, 1, h, w)
        y = convolve(maps, self.kernel[None, None], padding=self.rate - 1)
        return y.unflatten(0, (b, c))[:, :, 0]


class GroupInteraction(nn.Module):
    """A mixture of lattices, the same for all channels, after it."""

    def __init__(self, rate: int) -> None:
        super().__init__()
        check_rates([rate])
        self.rate = rate
        self.mixture = nn.Parameter(torch.eye(rate**2))

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        parts = split_lattices(x, self.rate)
        parts = parts.unflatten(0, (self.rate**2, -1))
        parts = torch.einsum("ij,jbcpq->ibcpq", self.mixture, parts)
        return merge_lattices(parts.flatten(0, 1), self.rate, *x.shape[2:])


# --8<-- [end:smoothed]
def dilated(rate: int, c: int) -> Convolution:
    return Convolution(c, c, 3, padding=rate, dilation=rate, bias=False)


def smoothed_stack(kind: str, rates: tuple[int, ...], c: int) -> nn.Module:
    layers: list[nn.Module] = []
    for rate in rates:
        layer: list[nn.Module] = [dilated(rate, c)]
        if kind == "shared smoothing":
            layer.insert(0, SharedSmoothing(rate))
        if kind == "group interaction":
            layer.append(GroupInteraction(rate))
        layers += [*layer, nn.BatchNorm2d(c), nn.ReLU()]
    return nn.Sequential(*layers)


def main() -> None:
    print("                   extra       wrong   neighbors")
    print("2-2-2              parameters  pixels  err together")
    rates = (2, 2, 2)
    for kind in ("as it is", "shared smoothing", "group interaction"):
        stacks = [smoothed_stack(k, rates, CHANNELS) for k in (kind, "")]
        sizes = [sum(p.numel() for p in s.parameters()) for s in stacks]
        extra = sizes[0] - sizes[1]

        def build(k: str = kind) -> nn.Sequential:
            return network(smoothed_stack(k, rates, CHANNELS))

        wrong, correlation = judge(train(build, seed=1))
        together = "yes" if correlation[1] > 0.3 else "no"
        percent = round(100 * wrong)
        print(f"{kind:<18} {extra:<10}  {percent} %     {together}")


if __name__ == "__main__":
    main()
