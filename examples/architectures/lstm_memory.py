"""Who remembers the first symbol? RNN, GRU and LSTM after T steps of noise.

The first of 1 + T symbols is one of four, the others are noise from four
more; after the last one the network must say which the first one was. One
layer of 16, Adam, 150 batches of 32 fresh sequences, five seeds trained at
once under vmap. Solved means 98 % of the last ten batches in every seed,
guessing below 40 % in every seed.

Shapes: symbols (b, 1 + T, 8), one-hot; answers (b). Raises ValueError for a
gap that is not positive.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from examples.architectures.lstm import GRU, LSTM, set_forget_bias
from examples.architectures.rnn import RNN, Recurrent

GAPS = (5, 10, 20)
HIDDEN = 16
STEPS = 150
CHANCE = 1 / 4
Build = Callable[[], Recurrent]


# --8<-- [start:task]
def recall(batch: int, gap: int, random: torch.Generator) -> list[Tensor]:
    if gap < 1:
        raise ValueError(f"gap is {gap}; it must be at least 1")
    first = torch.randint(0, 4, (batch, 1), generator=random)
    noise = torch.randint(4, 8, (batch, gap), generator=random)
    symbols = torch.cat([first, noise], dim=1)  # (b, 1 + gap)
    return [F.one_hot(symbols, 8).float(), first[:, 0]]


class Reader(nn.Module):
    def __init__(self, network: Recurrent) -> None:
        super().__init__()
        self.network = network
        self.answer = nn.Linear(network.hidden, 4)

    def forward(self, x: Tensor) -> Tensor:
        outputs, _ = self.network(x)
        return self.answer(outputs[:, -1])  # (b, 4)


# --8<-- [end:task]
# --8<-- [start:train]
def train(build: Build, gap: int, seeds: range) -> Tensor:
    """Accuracy of every batch, (steps, seeds), all of it fresh data."""
    readers = []
    for seed in seeds:
        torch.manual_seed(seed)
        readers.append(Reader(build()))
    stacked, _ = stack_module_state(readers)
    weights = {k: nn.Parameter(w.detach()) for k, w in stacked.items()}

    def one(w: dict[str, Tensor], x: Tensor) -> Tensor:
        return functional_call(readers[0], w, (x,))

    every = vmap(one, in_dims=(0, None))  # one call for all seeds
    optimizer = torch.optim.Adam(weights.values(), lr=0.01)
    random = torch.Generator().manual_seed(seeds.start)
    history = []
    for _ in range(STEPS):
        x, first = recall(32, gap, random)
        logits = every(weights, x)  # (seeds, b, 4)
        losses = F.cross_entropy(
            logits.movedim(0, -1), first[:, None].expand(-1, len(seeds))
        )
        optimizer.zero_grad()
        (len(seeds) * losses).backward()  # seeds do not share a weight
        optimizer.step()
        history.append((logits.argmax(-1) == first).float().mean(dim=1))
        if len(history) >= 10 and (torch.stack(history[-10:]) == 1).all():
            break  # ten batches without a mistake, in every seed
    return torch.stack(history)


# --8<-- [end:train]
def keeping_lstm() -> LSTM:
    lstm = LSTM(8, HIDDEN)
    set_forget_bias(lstm, 5.0)  # sigmoid(5) = 0.993
    return lstm


@torch.no_grad()
def keeping_gru() -> GRU:
    gru = GRU(8, HIDDEN)
    for bias, value in ((gru.cells[0].b_x, 5.0), (gru.cells[0].b_h, 0.0)):
        bias[HIDDEN : 2 * HIDDEN] = value  # type: ignore[index]
    return gru  # its update gate z keeps the old state


def networks() -> dict[str, Build]:
    return {
        "RNN": lambda: RNN(8, HIDDEN),
        "GRU": lambda: GRU(8, HIDDEN),
        "LSTM": lambda: LSTM(8, HIDDEN),
        "GRU, bias 5": keeping_gru,
        "LSTM, bias 5": keeping_lstm,
    }


def final_accuracy(history: Tensor) -> Tensor:
    return history[-10:].mean(dim=0)  # (seeds,), 320 sequences each


def verdict(history: Tensor) -> str:
    final = final_accuracy(history)  # of every seed
    if final.min() >= 0.98:
        return "solved"
    return "partly" if final.max() >= 0.4 else "guessing"


def memory_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    marks = dict(zip(networks(), "osD^v", strict=True))
    for number, (name, build) in enumerate(networks().items()):
        means = []
        for place, gap in enumerate(GAPS):
            final = final_accuracy(train(build, gap, range(5)))
            means.append(final.mean())
            x = place + 0.08 * (number - 2)
            axes.plot(
                [x] * 5,
                final,
                marks[name],
                color=f"C{number}",
                ms=6,
                alpha=0.6,
            )
        axes.plot(range(len(GAPS)), means, color=f"C{number}", label=name)
    axes.axhline(CHANCE, ls=":", color="#757b84")
    axes.text(-0.3, CHANCE + 0.015, "guessing", fontsize=9)
    axes.set_xticks(range(len(GAPS)), [f"{gap}" for gap in GAPS])
    axes.set(xlim=(-0.32, 2.32), ylim=(0.15, 1.04))
    axes.set_xlabel("steps of noise after the symbol")
    axes.set_ylabel("accuracy, five seeds")
    axes.grid(visible=True, axis="y")
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def main() -> None:
    print(f"{'steps of noise':<14}" + "".join(f"{gap:>10}" for gap in GAPS))
    for name, build in networks().items():
        found = [verdict(train(build, gap, range(5))) for gap in GAPS]
        print(f"{name:<14}" + "".join(f"{word:>10}" for word in found))


if __name__ == "__main__":
    main()
