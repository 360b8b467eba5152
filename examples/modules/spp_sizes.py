"""Trained at one size, tested at others: a pyramid, a global mean, flatten.

Digits of scikit-learn, enlarged to s × s, pass three convolutions, the
first with stride 2, and one of the heads. ONE trains at 16 × 16, MIXED at
12, 16 and 24 in turn, batch by batch. 1024 digits train, 773 test.

Shapes: images (b, 1, s, s), map (b, c, s / 2, s / 2), out (b, 10). Raises
ValueError for an unknown kind of head.
"""

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.modules.pooling_adaptive import GlobalAvgPool
from examples.modules.residual_depth import digits, stem
from examples.modules.spp import SpatialPyramid

CHANNELS = 24
TRAINED_ON = 1024
ONE, MIXED = (16,), (12, 16, 24)
TESTED = tuple(range(8, 34, 2))
LEVELS = {"pyramid": (1, 2, 4), "level 4": (4,), "level 1": (1,)}


# --8<-- [start:reader]
def layer(channels: int, out: int) -> nn.Sequential:
    conv = nn.Conv2d(channels, out, 3, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out), nn.ReLU())


def reader(kind: str, seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    c = CHANNELS
    if kind in LEVELS:
        squeeze: nn.Module = SpatialPyramid(LEVELS[kind])
        features = c * sum(n**2 for n in LEVELS[kind])
    elif kind == "global mean":
        squeeze, features = GlobalAvgPool(), c
    elif kind == "flatten":  # for 16 × 16 alone
        squeeze, features = nn.Flatten(), c * 8 * 8
    else:
        known = [*LEVELS, "global mean", "flatten"]
        raise ValueError(f"kind is {kind!r}; must be one of {known}")
    body = nn.Sequential(stem(16), layer(16, c), layer(c, c))
    return nn.Sequential(body, squeeze, nn.Linear(features, 10))


# --8<-- [end:reader]
# --8<-- [start:train]
def resized(x: Tensor, size: int) -> Tensor:
    return F.interpolate(x, size=size, mode="bilinear")


def learn(
    kind: str, sizes: tuple[int, ...], seed: int, epochs: int = 6
) -> nn.Sequential:
    model = reader(kind, seed)
    x, y = (t[:TRAINED_ON] for t in digits())
    steps = epochs * TRAINED_ON // 64
    optimizer = torch.optim.Adam(model.parameters(), lr=0.006)
    decay = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.01, steps)
    for step in range(steps):
        chosen = torch.randint(TRAINED_ON, (64,))
        size = sizes[step % len(sizes)]  # another size for every batch
        optimizer.zero_grad()
        guess = model(resized(x[chosen], size))
        F.cross_entropy(guess, y[chosen]).backward()
        optimizer.step()
        decay.step()
    return model.eval()


@torch.no_grad()
def right(model: nn.Module, size: int) -> float:
    """Accuracy on the test digits, enlarged to this size."""
    x, y = (t[TRAINED_ON:] for t in digits())
    guess = model(resized(x, size)).argmax(1)
    return float((guess == y).double().mean())


# --8<-- [end:train]
# --8<-- [start:aligned]
class AlignedPyramid(nn.Module):
    """The map is first enlarged until every level divides its sides."""

    def __init__(self, pyramid: SpatialPyramid, multiple: int) -> None:
        super().__init__()
        self.pyramid, self.multiple = pyramid, multiple

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        m = self.multiple
        sides = [-(-side // m) * m for side in x.shape[2:]]  # rounded up
        x = F.interpolate(x, size=sides, mode="bilinear")
        return self.pyramid(x)


def aligned(model: nn.Sequential) -> nn.Sequential:
    """The same weights, with bins that need no rounding."""
    body, pyramid, linear = model
    assert isinstance(pyramid, SpatialPyramid)
    return nn.Sequential(body, AlignedPyramid(pyramid, 4), linear)


# --8<-- [end:aligned]
class Resized(nn.Module):
    """The other remedy: bring every image back to the trained size."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:  # (b, 1, s, s)
        return self.model(resized(x, 16))


def curve(model: nn.Module) -> list[float]:
    return [right(model, size) for size in TESTED]


def sizes_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    back = curve(Resized(learn("flatten", ONE, 0)))
    for axes, sizes in zip(panels, (ONE, MIXED), strict=True):
        mean = learn("global mean", sizes, 0)
        pyramid = learn("pyramid", sizes, 0)
        axes.plot(TESTED, curve(mean), color="#ea7a17", label="global mean")
        axes.plot(TESTED, curve(pyramid), color="#3b82f6", label="pyramid")
        rounded = {"color": "#1f9d6b", "linestyle": "--"}
        label = "pyramid, aligned bins"
        axes.plot(TESTED, curve(aligned(pyramid)), **rounded, label=label)
        gray = {"color": "#757b84", "linestyle": ":", "linewidth": 1.4}
        axes.plot(TESTED, back, **gray, label="flatten, resized to 16")
        for size in sizes:
            axes.axvline(size, color="#757b84", alpha=0.35, linewidth=6)
        axes.set(ylim=(0, 1.03), ylabel="test accuracy")
        axes.grid(visible=True, axis="y")
    panels[0].set_title("trained at 16", loc="left")
    panels[1].set_title("trained at 12, 16 and 24", loc="left")
    panels[1].set(xlabel="side of the test images", xticks=TESTED[::2])
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=2)
    return figure


def above(model: nn.Module, size: int, bar: float) -> str:
    try:
        return "yes" if right(model, size) > bar else "no"
    except RuntimeError:  # a linear layer that got another length
        return "cannot"


def main() -> None:
    print("trained at 16      over 0.9 at 16    over 0.6 at 28")
    for kind in ("flatten", "global mean", "level 1", "level 4", "pyramid"):
        model = learn(kind, ONE, 0)
        said = above(model, 16, 0.9), above(model, 28, 0.6)
        print("{:<12}{:>21}{:>18}".format(kind, *said))

    mixed = learn("pyramid", MIXED, 0)
    print("\npyramid, the last one, against training at 12, 16 and 24")
    gain = right(mixed, 32) - right(model, 32)
    print(f"{'better at 32 by 2 points or more:':<45}{gain > 0.02}")
    loss = right(model, 16) - right(mixed, 16)
    print(f"{'worse at 16 by 4 points or more:':<45}{loss > 0.04}")
    odd = [size for size in TESTED if size % 4]  # 4 divides no such map
    gains = [right(aligned(model), s) - right(model, s) for s in odd]
    better = sum(gains) / len(gains) > 0.005
    print(f"{'better with aligned bins, maps of odd side:':<45}{better}")


if __name__ == "__main__":
    main()
