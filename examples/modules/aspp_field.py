"""What one output of ASPP sees: 25 features, and through pooling all.

    span of a branch = 2 rate + 1 features, times the output stride pixels

Weights are set to 1, so that no gradient cancels; a feature is seen where
the derivative of the output by it is not 0.

Shapes: x (1, 1, n, n), seen {branch: (n, n)}. Raises ValueError for a
position outside the map.
"""

import torch
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.modules.aspp import ASPP, RATES
from examples.modules.convolution_receptive import receptive_field

COLORS = ("#e5484d", "#3b82f6", "#ea7a17", "#1f9d6b", "#757b8455")
NAMES = ("1 × 1", "rate 6", "rate 12", "rate 18", "pooling")
SIZE = 33


# --8<-- [start:seen]
def seen_by_branches(n: int, at: tuple[int, int]) -> dict[str, Tensor]:
    """For each branch the features that take part in one output."""
    if not all(0 <= place < n for place in at):
        raise ValueError(f"at is {at}; must lie inside {n} × {n}")
    aspp = ASPP(1, 1, RATES[16], dropout=0).eval()
    for layer in aspp.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.ones_(layer.weight)
    x = torch.ones(1, 1, n, n, requires_grad=True)
    seen = {}
    for name, branch in zip(NAMES, aspp.branches, strict=True):
        (gradient,) = torch.autograd.grad(branch(x)[0, 0, *at], x)
        seen[name] = gradient[0, 0] > 0
    return seen


# --8<-- [end:seen]
def seen_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.1), layout="constrained")
    places = {"in the middle": (16, 16), "in a corner": (4, 4)}
    panels = figure.subplots(1, 2)
    for axes, (title, at) in zip(panels, places.items(), strict=True):
        seen = seen_by_branches(SIZE, at)
        pixels = torch.zeros(SIZE, SIZE, 4)
        for name, color in reversed(list(zip(NAMES, COLORS, strict=True))):
            pixels[seen[name]] = torch.tensor(to_rgba(color))
        axes.imshow(pixels)
        taps = torch.stack([seen[name] for name in NAMES[:4]]).any(0)
        note = f"output {title}: {int(taps.sum())} taps"
        axes.set_title(note, fontsize=11)
        axes.set(xticks=[], yticks=[])
    for name, color in zip(NAMES, COLORS, strict=True):
        panels[0].plot([], [], "s", color=color, label=name)
    figure.legend(loc="outside lower center", ncols=5, handletextpad=0)
    return figure


def main() -> None:
    middle = seen_by_branches(SIZE, (16, 16))
    corner = seen_by_branches(SIZE, (0, 0))
    print("33 × 33     span,      columns   features seen from")
    print("branch      by formula measured  the middle  a corner")
    for i, name in enumerate(NAMES):
        rates = (None, *RATES[16], None)
        rate = rates[i]
        span = receptive_field([(3, 1, rate)])[0] if rate else 1
        formula = str(span) if name != "pooling" else "all"
        columns = middle[name].any(0).nonzero().flatten()
        measured = int(columns.max() - columns.min()) + 1
        counts = [int(seen[name].sum()) for seen in (middle, corner)]
        print(f"{name:<11} {formula:<10} {measured:<9}", end="")
        print(" {:<11} {}".format(*counts))


if __name__ == "__main__":
    main()
