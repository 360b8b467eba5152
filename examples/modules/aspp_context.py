"""Can a pixel learn what only one far pixel knows? With pooling, yes.

Each image is noise with one bright or dark pixel, the cue, anywhere; every
pixel must say which of the two it was. Two 3 × 3 layers come first, so a
tap of ASPP sees 5 × 5 pixels. A pixel that cannot see the cue can only
guess: at best (1 + share of pairs that see) / 2 of the answers are right.

Shapes: images (b, 1, n, n), answers (b, 1, n, n), maps by offset from the
cue (2 n - 1, 2 n - 1). Raises ValueError for an unknown kind.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.modules.aspp import ASPP, unit
from examples.modules.convolution import convolve

SIDE, WIDTH = 33, 8
KINDS = {
    "rates 6, 12, 18": ((6, 12, 18), False),
    "rates 12, 24, 36": ((12, 24, 36), False),
    "with image pooling": ((6, 12, 18), True),
}


# --8<-- [start:network]
class WithoutPooling(ASPP):
    def __init__(self, channels: int, rates: Sequence[int]) -> None:
        super().__init__(channels, channels, rates, dropout=0)
        self.branches = self.branches[:-1]
        stacked = channels * len(self.branches)
        self.project = unit(stacked, channels)


def labeler(kind: str) -> nn.Sequential:
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; must be one of {list(KINDS)}")
    rates, pooling = KINDS[kind]
    head = (
        ASPP(WIDTH, WIDTH, rates, dropout=0)
        if pooling
        else WithoutPooling(WIDTH, rates)
    )
    first = [unit(1, WIDTH, 3), unit(WIDTH, WIDTH, 3)]
    return nn.Sequential(*first, head, nn.Conv2d(WIDTH, 1, 1))


# --8<-- [end:network]
def cued(count: int, random: torch.Generator) -> tuple[Tensor, ...]:
    """Images, the kind of each scene (0 or 1), and where its cue is."""
    x = 0.3 * torch.randn(count, SIDE**2, generator=random)
    kind = torch.arange(count) % 2
    at = torch.randint(0, SIDE**2, (count,), generator=random)
    x[torch.arange(count), at] += 8.0 * kind - 4
    return x.view(-1, 1, SIDE, SIDE), kind, at


# --8<-- [start:train]
def train_labeler(kind: str, seed: int, steps: int = 200) -> nn.Module:
    torch.manual_seed(seed)
    model, random = labeler(kind), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-2)
    decay = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.01, steps)
    for _ in range(steps):
        x, scene, _ = cued(12, random)
        answer = model(x)
        wanted = scene.to(x.dtype)[:, None, None, None].expand_as(answer)
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(answer, wanted).backward()
        optimizer.step()
        decay.step()
    return model.eval()


@torch.no_grad()
def right_by_offset(model: nn.Module, count: int) -> tuple[Tensor, Tensor]:
    """Right answers, and all answers, at each offset from the cue."""
    right = torch.zeros(2 * SIDE - 1, 2 * SIDE - 1)
    asked = torch.zeros_like(right)
    x, scene, at = cued(count, torch.Generator().manual_seed(0))
    correct = (model(x)[:, 0] > 0) == (scene[:, None, None] > 0)
    for i, place in enumerate(at.tolist()):
        top, left = (SIDE - 1 - p for p in divmod(place, SIDE))
        window = (slice(top, top + SIDE), slice(left, left + SIDE))
        right[window] += correct[i]
        asked[window] += 1
    return right, asked


# --8<-- [end:train]
def seen_offsets(rates: Sequence[int], pooling: bool) -> Tensor:
    """From which offsets the cue can be seen, by widening a single dot."""
    dot = torch.zeros(1, 1, 2 * SIDE - 1, 2 * SIDE - 1)
    dot[..., SIDE - 1, SIDE - 1] = 1
    around = convolve(dot, torch.ones(1, 1, 5, 5), padding=2)
    taps = torch.ones(1, 1, 3, 3)
    total = around + pooling
    for rate in rates:
        total = total + convolve(around, taps, padding=rate, dilation=rate)
    return total[0, 0] > 0


def context_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    kinds = list(KINDS)[::2]
    panels = figure.subplots(1, 2, sharey=True)
    reach = SIDE - 1
    for axes, kind in zip(panels, kinds, strict=True):
        right, asked = right_by_offset(train_labeler(kind, seed=0), 400)
        share = (right / asked.clamp(min=1)).where(asked > 9, torch.nan)
        frame = 2 * (-reach - 0.5, reach + 0.5)
        look = {"cmap": "viridis", "vmin": 0.4, "vmax": 1}
        axes.imshow(share, extent=frame, **look)
        axes.set_title(kind)
        ticks = (-18, 0, 18)
        axes.set(xticks=ticks, yticks=ticks, xlabel="columns from the cue")
        axes.set_xticks((-12, -6, 6, 12), minor=True)
        axes.set_yticks((-12, -6, 6, 12), minor=True)
    panels[0].set_ylabel("rows from the cue")
    shown = panels[0].images[0]
    figure.colorbar(shown, ax=panels, label="right", shrink=0.8)
    return figure


def main() -> None:
    print("                    pairs that see   right answers, %, to 5 %")
    print("                    the cue, %       at best   after training")
    for kind, setting in KINDS.items():
        right, asked = right_by_offset(train_labeler(kind, seed=0), 300)
        share = float(asked[seen_offsets(*setting)].sum() / asked.sum())
        found = float(right.sum() / asked.sum())
        best, reached = (5 * round(20 * p) for p in (0.5 + share / 2, found))
        print(f"{kind:<19} {100 * share:<16.0f} {best:<9} {reached}")


if __name__ == "__main__":
    main()
