"""One table for input and output, and how large its rows should start.

    x_n = s W[id_n]        h = network(x)        logits = h W^T

With entries of standard deviation σ and h of order 1 (after a LayerNorm),
a logit has variance d σ^2, and before training the loss is

    ln v + d σ^2 / 2       for d σ^2 up to about ln v.

The network reads four words of scikit-learn's docs and says the next one.
Tied output: arxiv.org/abs/1608.05859; s = √d: arxiv.org/abs/1706.03762.

Shapes: ids (b, 4), logits (b, v). Raises ValueError for ids that are not.
"""

import math

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.modules.embedding import Embedding
from examples.modules.embedding_corpus import (
    WORDS,
    paragraphs,
    stream,
    vocabulary,
)

READS, FEATURES = 4, 64
ROOT = math.sqrt(FEATURES)
STARTS = {  # tied, σ, s
    "two tables, σ = 1": (False, 1.0, 1.0),
    "tied, σ = 1": (True, 1.0, 1.0),
    "tied, σ = 1/√d": (True, 1 / ROOT, 1.0),
    "tied, σ = 1/√d, s = √d": (True, 1 / ROOT, ROOT),
}


# --8<-- [start:network]
class NextWord(nn.Module):
    def __init__(self, tied: bool, std: float, scale: float) -> None:
        super().__init__()
        self.table = Embedding(WORDS, FEATURES)
        self.table.weight.data *= std
        self.scale = scale
        self.mix = nn.Linear(READS * FEATURES, FEATURES)
        self.norm = nn.LayerNorm(FEATURES)
        self.output = nn.Linear(FEATURES, WORDS, bias=False)
        if tied:
            self.output.weight = self.table.weight  # one Parameter, twice

    def forward(self, ids: Tensor) -> Tensor:  # (b, 4) -> (b, v)
        if ids.dim() != 2 or ids.shape[1] != READS:
            shape = tuple(ids.shape)
            raise ValueError(f"ids are {shape}, not (b, {READS})")
        x = self.scale * self.table(ids)  # (b, 4, d)
        h = x[:, -1] + torch.tanh(self.mix(x.flatten(1)))
        return self.output(self.norm(h))


# --8<-- [end:network]
def windows() -> tuple[Tensor, Tensor]:
    """Four words in a row (p, 4) and the next (p,), all frequent."""
    texts = paragraphs()
    ids = stream(texts, vocabulary(texts, WORDS))
    runs = ids.unfold(0, READS + 1, 1)
    runs = runs[(runs >= 0).all(1)]
    return runs[:, :READS], runs[:, READS]


def train(
    name: str,
    steps: int,
    seed: int = 0,
) -> tuple[float, list[float]]:
    """Share of inputs that the untrained network repeats; all losses."""
    ids, following = windows()
    torch.manual_seed(seed)
    network = NextWord(*STARTS[name])
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    repeats, losses = 0.0, []
    for step in range(steps):
        i = torch.randint(len(ids), (256,))
        logits = network(ids[i])
        if step == 0:
            same = logits.argmax(1) == ids[i, -1]
            repeats = float(same.float().mean())
        loss = F.cross_entropy(logits, following[i])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return repeats, losses


def loss_figure() -> Figure:
    figure = Figure(figsize=(6.0, 3.6), layout="constrained")
    axes = figure.subplots()
    for name in STARTS:
        _, losses = train(name, 400)
        smooth = torch.tensor(losses).unfold(0, 10, 10).mean(1)
        axes.semilogy(range(5, 400, 10), smooth, label=name)
    axes.axhline(math.log(WORDS), color="#757b84", ls="--", lw=1)
    axes.text(395, 7.1, "guessing, ln v", color="#757b84", ha="right")
    axes.set(xlabel="training step", ylabel="loss", ylim=(3.8, 80))
    axes.set_yticks([5, 10, 20, 50], ["5", "10", "20", "50"])
    axes.minorticks_off()
    axes.grid(visible=True)
    axes.legend()
    return figure


def main() -> None:
    print(" " * 23 + "parameters   repeats its input    loss of step")
    print(" " * 23 + "             before training      1      300")
    for name, start in STARTS.items():
        size = sum(p.numel() for p in NextWord(*start).parameters())
        repeats, losses = train(name, 300)
        last = sum(losses[-50:]) / 50
        print(f"{name:<23}{size:>10,}{repeats:>10.0%}", end="")
        print(f"{losses[0]:>15.0f}{last:>9.0f}")


if __name__ == "__main__":
    main()
