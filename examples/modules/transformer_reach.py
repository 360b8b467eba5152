"""How far a token is heard: gradients by distance, and a long memory task.

For the last output of a fresh network, the size of its gradient by every
input, for an RNN, an LSTM and one causal encoder layer. Then the task of
the LSTM page, to name the first symbol after so many steps of noise, for
one encoder layer that is trained on 150 batches.

Shapes: x (b, n, d); gradients (n), distance 0 first. Raises ValueError for
an unknown network.
"""

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.architectures.lstm import LSTM
from examples.architectures.lstm_memory import recall
from examples.architectures.rnn import RNN
from examples.modules.self_attention import causal_mask
from examples.modules.transformer import EncoderLayer, PreNorm
from examples.modules.transformer_position import sinusoids

N, WIDTH = 128, 32
INKS = {"RNN": "#a35fe0", "LSTM": "#ea7a17", "Transformer": "#3b82f6"}


def heard(name: str, n: int = N, seed: int = 0) -> Tensor:
    """(n): |d last output / d input|, by the distance between them."""
    if name not in INKS:
        raise ValueError(f"name is {name!r}; must be one of {[*INKS]}")
    torch.manual_seed(seed)
    x = torch.randn(16, n, WIDTH, dtype=torch.float64, requires_grad=True)
    if name == "Transformer":
        layer = EncoderLayer(WIDTH, 4, 64, PreNorm).double()
        y = layer(x, causal_mask(n))
    else:
        kind = RNN if name == "RNN" else LSTM
        y, _ = kind(WIDTH, WIDTH).double()(x)
    last = y[:, -1]
    (g,) = torch.autograd.grad(last, x, torch.randn_like(last))
    return g.square().mean((0, 2)).sqrt().flip(0)


class Remembering(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(8, 16)
        self.layer = EncoderLayer(16, 2, 32, PreNorm)
        self.answer = nn.Linear(16, 4)

    def forward(self, symbols: Tensor) -> Tensor:
        x = self.embed(symbols) + sinusoids(symbols.shape[1], 16)
        return self.answer(self.layer(x)[:, -1])


def remembered(gap: int, seed: int) -> float:
    """Share of right answers in the last ten of 150 batches."""
    torch.manual_seed(seed)
    model, random = Remembering(), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    rights = []
    for _ in range(150):
        symbols, first = recall(32, gap, random)
        logits = model(symbols)
        loss = F.cross_entropy(logits, first)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rights.append((logits.argmax(-1) == first).double().mean())
    return float(torch.stack(rights[-10:]).mean())


def main() -> None:
    print("gradient of the last output, distance in tokens")
    print(f"{'':<14}" + "".join(f"{k:>9}" for k in (1, 10, 100)))
    for name in INKS:
        row = "".join(f"{heard(name)[k]:>9.0e}" for k in (1, 10, 100))
        print(f"{name:<14}{row}")
    few, many = (heard("Transformer", n)[1:].mean() for n in (32, 128))
    print(f"Transformer, 32 instead of 128 tokens: × {few / many:.0f}")
    for gap in (20, 100):
        solved = min(remembered(gap, seed) for seed in (0, 1)) > 0.98
        said = "solved" if solved else "not solved"
        print(f"first symbol after {gap} steps of noise: {said}")


def reach_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    axes = figure.subplots()
    for name, ink in INKS.items():
        runs = [heard(name, seed=s) for s in (0, 1, 2)]
        sizes = torch.stack(runs).mean(0)
        axes.semilogy(sizes, color=ink, label=name)
    axes.set(ylim=(1e-12, 3), xlim=(0, N - 1))
    axes.set_xlabel("distance in tokens")
    axes.set_ylabel("gradient of the last output")
    axes.legend(loc="center right")
    axes.grid(visible=True)
    return figure


if __name__ == "__main__":
    main()
