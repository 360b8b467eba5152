"""Few images or many: a small Transformer, a CNN and an MLP on digits.

All three have 14,000 to 18,000 parameters and see 200 batches of 32 digits,
8 × 8 pixels, drawn from 100 or from 1297; they are judged on 500 others.
Then all pixels of all images are moved to other places, always the same:
no information is lost, only what is near to what.

Shapes: images (b, 1, 8, 8), logits (b, 10). Raises ValueError for an
unknown network.
"""

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.modules.residual_depth import digits
from examples.modules.transformer import EncoderLayer, PreNorm, Stack

KEPT = 1297  # the other 500 are for judging
CASES = {
    "100 images": (100, False),
    "1297 images": (KEPT, False),
    "1297, pixels moved": (KEPT, True),
}
INKS = {"MLP": "#1f9d6b", "CNN": "#ea7a17", "Transformer": "#3b82f6"}


class PatchTransformer(nn.Module):
    """16 patches of 2 × 2 pixels are the tokens."""

    def __init__(self, d: int = 32, layers: int = 1) -> None:
        super().__init__()
        self.embed = nn.Linear(4, d)
        self.places = nn.Parameter(0.1 * torch.randn(16, d))
        sizes = d, 4, 4 * d, PreNorm
        self.stack = Stack([EncoderLayer(*sizes) for _ in range(layers)])
        self.answer = nn.Linear(d, 10)

    def forward(self, images: Tensor) -> Tensor:
        patches = F.unfold(images, 2, stride=2).mT  # (b, 16, 4)
        x = self.stack(self.embed(patches) + self.places)
        return self.answer(x.mean(1))


def build(name: str) -> nn.Module:
    if name == "Transformer":
        return PatchTransformer()
    if name == "MLP":
        return nn.Sequential(
            *(nn.Flatten(), nn.Linear(64, 128), nn.ReLU()),
            *(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)),
        )
    if name != "CNN":
        raise ValueError(f"name is {name!r}; must be one of {[*INKS]}")
    return nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU()),
        nn.MaxPool2d(2),
        *(nn.Conv2d(32, 32, 3, padding=1), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)),
    )


def accuracy_of(name: str, images: int, moved: bool, seed: int) -> float:
    x, y = digits()
    if moved:
        random = torch.Generator().manual_seed(0)
        x = x.flatten(1)[:, torch.randperm(64, generator=random)]
        x = x.view(-1, 1, 8, 8)
    torch.manual_seed(seed)
    model, kept = build(name), torch.randperm(KEPT)[:images]
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(200):
        drawn = kept[torch.randint(images, (32,))]
        loss = F.cross_entropy(model(x[drawn]), y[drawn])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        said = model(x[KEPT:]).argmax(1)
    return float((said == y[KEPT:]).double().mean())


def mean_accuracy(name: str, case: str) -> float:
    return sum(accuracy_of(name, *CASES[case], s) for s in (0, 1)) / 2


def main() -> None:
    print("ahead of the Transformer by 5 points or more?   MLP   CNN")
    for case in CASES:
        score = {name: mean_accuracy(name, case) for name in INKS}
        lead = [score[n] - score["Transformer"] for n in ("MLP", "CNN")]
        said = ["yes" if points > 0.05 else "no" for points in lead]
        print(f"{case:<48}{said[0]:<6}{said[1]}")


def bias_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.0), layout="constrained")
    axes = figure.subplots()
    for shift, (name, ink) in enumerate(INKS.items()):
        for place, (images, moved) in enumerate(CASES.values()):
            runs = [accuracy_of(name, images, moved, s) for s in (0, 1)]
            x = place + 0.22 * (shift - 1)
            label = name if place == 0 else None
            look = {"color": ink, "alpha": 0.6, "label": label}
            axes.bar(x, sum(runs) / 2, 0.2, **look)
            axes.plot([x, x], runs, "o", color=ink, ms=4)
    axes.set_xticks(range(3), CASES)
    axes.set(ylim=(0, 1), ylabel="accuracy on 500 others")
    axes.grid(visible=True, axis="y")
    figure.legend(loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    main()
