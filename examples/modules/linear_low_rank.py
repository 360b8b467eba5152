"""A linear layer in two thin ones: when W = A B pays.

    W (k, d) ~ A (k, r) B (r, d),   r (k + d) weights instead of k d

saves weights and FLOPs only for r < k d / (k + d), half the width of a
square layer. The best A B for a given r is the truncated SVD (Eckart and
Young, 1936): its squared error is the sum of the squares of the singular
values that were left out.

Shapes: W (k, d), A (k, r), B (r, d). Raises ValueError for a rank below 1
or above the smaller side.
"""

import torch
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from torch import Tensor, nn

from examples.modules.linear import Linear

WIDTH = 256
RANKS = (1, 2, 4, 8, 16, 32, 64, 128)


# --8<-- [start:factors]
def factors(weight: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    if not 1 <= rank <= min(weight.shape):
        raise ValueError(
            f"rank is {rank}; it must be from 1 to {min(weight.shape)}"
        )
    u, s, vh = torch.linalg.svd(weight, full_matrices=False)
    return u[:, :rank] * s[:rank], vh[:rank]  # (k, r), (r, d)


def break_even(d: int, k: int) -> int:
    """The largest rank that still saves weights."""
    return (d * k - 1) // (d + k)


# --8<-- [end:factors]
def trained(seed: int = 0) -> tuple[nn.Sequential, Tensor, list[Tensor]]:
    """A digits classifier, its first middle weights, the test data."""
    torch.manual_seed(seed)
    data = load_digits()
    images = torch.tensor(data.data, dtype=torch.float64) / 16
    labels = torch.tensor(data.target)
    order = torch.randperm(len(images))
    fit, test = order[:1300], order[1300:]
    net = nn.Sequential(
        Linear(64, WIDTH),
        nn.ReLU(),
        Linear(WIDTH, WIDTH),
        nn.ReLU(),
        Linear(WIDTH, 10),
    ).double()
    initial = net[2].weight.detach().clone()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(8):
        for batch in fit[torch.randperm(len(fit))].split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(
                net(images[batch]), labels[batch]
            ).backward()
            optimizer.step()
    return net, initial, [images[test], labels[test]]


@torch.no_grad()
def judge(
    net: nn.Sequential, weight: Tensor, rank: int, test: list[Tensor]
) -> tuple[float, float]:
    """Share of the squared weights kept, accuracy without the rest."""
    a, b = factors(weight, rank)
    images, labels = test
    hidden = net[1](net[0](images))
    after = hidden @ b.T @ a.T + net[2].bias  # two thin products
    guess = net[4](net[3](after)).argmax(dim=1)
    kept = (a @ b).square().sum() / weight.square().sum()
    return float(kept), float((guess == labels).double().mean())


def rank_figure() -> Figure:
    net, initial, test = trained()
    weight = net[2].weight.detach()
    figure = Figure(figsize=(6.4, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, w in (
        ("before training", initial),
        ("after", weight),
        ("change", weight - initial),
    ):
        left.plot(torch.linalg.svdvals(w)[:64], label=name)
    left.set(title="singular values", xlabel="number")
    judged = [judge(net, weight, rank, test) for rank in RANKS]
    kept, accuracy = zip(*judged, strict=True)
    right.semilogx(RANKS, accuracy, "o-", base=2, label="test accuracy")
    right.semilogx(RANKS, kept, "o-", base=2, label="squares kept")
    half = break_even(WIDTH, WIDTH) + 1
    right.axvline(half, color="#757b84", ls="--", lw=1)
    right.text(half * 0.92, 0.05, "saves nothing", rotation=90, ha="right")
    right.set(title="rank of the middle layer", xlabel="rank")
    right.set_ylim(0, 1.05)
    left.legend(loc="center right")
    right.legend(loc="lower right", bbox_to_anchor=(0.93, 0))
    for axes in (left, right):
        axes.grid(visible=True)
    return figure


def main() -> None:
    net, initial, test = trained()
    weight = net[2].weight.detach()
    full = judge(net, weight, WIDTH, test)[1]
    print(f"{WIDTH} × {WIDTH}: saves up to rank {break_even(WIDTH, WIDTH)}")
    print("rank   of the weights   squares kept   accuracy lost")
    for rank in (2, 8, 32, 128):
        kept, accuracy = judge(net, weight, rank, test)
        lost = "none to speak of" if full - accuracy < 0.015 else "much"
        share = rank * 2 * WIDTH / WIDTH**2
        print(f"{rank:>4} {share:>16.0%} {kept:>14.0%}   {lost}")
    change = weight - initial
    kept = [judge(net, m, 8, test)[0] for m in (initial, change)]
    print(f"rank 8 of the first weights keeps {kept[0]:.0%}, ", end="")
    print("of their change more than 80%:", kept[1] > 0.8)


if __name__ == "__main__":
    main()
