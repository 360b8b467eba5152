"""Does it need warm-up? Post-norm and pre-norm, eight layers, one rate.

Eight digits are read and the same digits are to be named in reverse, every
position at once, by a stack of eight encoder layers of 32 features. Adam
runs at 0.015, from the first step on or reached in 50 steps. Besides the
loss, every step measures which share of the last stream's energy still
differs between sequences, 0 where the input no longer matters, and how much
gradient arrives at the embedding.

Shapes: tokens (b, 8), logits (b, 8, 10). Raises ValueError for a warm-up
below 1.
"""

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.modules.transformer import (
    EncoderLayer,
    PostNorm,
    PreNorm,
    Stack,
    Wrap,
)
from examples.modules.transformer_position import sinusoids

DEPTH, WIDTH, RATE, STEPS = 8, 32, 0.015, 110
RUNS = {
    "post-norm, no warm-up": (PostNorm, 1, "#ea7a17", "-"),
    "post-norm, warm-up": (PostNorm, 50, "#ea7a17", "--"),
    "pre-norm, no warm-up": (PreNorm, 1, "#3b82f6", "-"),
    "pre-norm, warm-up": (PreNorm, 50, "#3b82f6", "--"),
}


class Tagger(nn.Module):
    """An encoder alone: one answer for every token it reads."""

    def __init__(self, residual: Wrap) -> None:
        super().__init__()
        sizes = WIDTH, 2, 2 * WIDTH, residual
        self.embedding = nn.Embedding(10, WIDTH)
        self.stack = Stack([EncoderLayer(*sizes) for _ in range(DEPTH)])
        self.answer = nn.Linear(WIDTH, 10)

    def read(self, tokens: Tensor) -> Tensor:  # (b, n, d)
        places = sinusoids(tokens.shape[1], WIDTH)
        return self.stack(self.embedding(tokens) + places)


# --8<-- [start:run]
def input_share(y: Tensor) -> float:
    """0: every sequence gives the same stream, whatever it says."""
    y = y.detach()
    return float(y.var(0).mean() / y.square().mean())


def run(
    residual: Wrap, warm_up: int, seed: int = 0
) -> tuple[list[float], list[float], list[float]]:
    """Of every step: loss, share of the input, gradient at the bottom."""
    if warm_up < 1:
        raise ValueError(f"warm_up is {warm_up}; it must be at least 1")
    torch.manual_seed(seed)
    model, random = Tagger(residual), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters())
    losses, shares, arriving = [], [], []
    for step in range(1, STEPS + 1):
        optimizer.param_groups[0]["lr"] = RATE * min(1, step / warm_up)
        tokens = torch.randint(10, (32, 8), generator=random)
        y = model.read(tokens)
        loss = F.cross_entropy(model.answer(y).mT, tokens.flip(1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        shares.append(input_share(y))
        bottom = model.embedding.weight.grad
        arriving.append(float(torch.linalg.norm(bottom)))
    return losses, shares, arriving


# --8<-- [end:run]
def mean_loss(losses: list[float]) -> float:
    return sum(losses[-10:]) / 10


def main() -> None:
    print("                       share of input   gradient at bottom")
    print("                       first   lowest   first     last")
    for name, (residual, warm_up, _, _) in RUNS.items():
        losses, shares, arriving = run(residual, warm_up)
        low = "< 1e-9" if min(shares) < 1e-9 else "> 1%"
        last = "< 1e-6" if arriving[-1] < 1e-6 else "> 0.01"
        said = "guesses" if mean_loss(losses) > 2.2 else "learns"
        print(f"{name:<23}{shares[0]:>5.0%}{low:>9}", end="")
        print(f"{arriving[0]:>8.2f}{last:>9}   {said}")


def warmup_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, (residual, warm_up, ink, dash) in RUNS.items():
        losses, shares, _ = run(residual, warm_up)
        style = {"color": ink, "ls": dash}
        left.plot(losses, label=name, **style)
        right.semilogy(shares, **style)
    left.axhline(2.303, color="#757b84", ls=":")
    left.text(72, 2.42, "guessing", color="#757b84")
    left.set(title="training loss", ylim=(0, 2.8))
    right.set(title="share that depends on the input")
    for axes in (left, right):
        axes.set_xlabel("training step")
        axes.grid(visible=True)
    figure.legend(loc="outside lower center", ncols=2)
    return figure


if __name__ == "__main__":
    main()
