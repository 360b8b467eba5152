"""What optimizers do to rows that are looked up seldom, or never.

Row r of a small table is looked up in every PERIODS[r]-th step, the last
never, and each time its gradient is all ones. Adam over a dense gradient
moves a row that was not looked up as well, because its two averages decay
and do not vanish:

    m <- 0.9 m + 0.1 g      v <- 0.999 v + 0.001 g^2      w <- w - lr m/√v

With g = 1 every T steps, v settles near (1 - 0.999) / (1 - 0.999^T) and
one lookup is worth lr √((1 - 0.999^T) / (1 - 0.999)), about lr √T. With
a sparse gradient and SparseAdam, averages and rows stay as they are.

Shapes: table (rows, d). Raises ValueError for an unknown optimizer.
"""

from collections.abc import Iterable

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.modules.embedding import Embedding, SparseEmbedding

LR, DECAY = 0.01, 0.01
PERIODS = (1, 4, 16, 64, 256)  # and one more row, for never


# --8<-- [start:optimizers]
def optimizer(
    name: str, parameters: Iterable[nn.Parameter]
) -> torch.optim.Optimizer:
    kinds: dict[str, tuple[type, dict[str, float]]] = {
        "SGD": (torch.optim.SGD, {}),
        "SGD, momentum": (torch.optim.SGD, {"momentum": 0.9}),
        "SGD, weight decay": (torch.optim.SGD, {"weight_decay": DECAY}),
        "Adam": (torch.optim.Adam, {}),
        "Adam, weight decay": (torch.optim.Adam, {"weight_decay": DECAY}),
        "AdamW": (torch.optim.AdamW, {"weight_decay": DECAY}),
        "SparseAdam": (torch.optim.SparseAdam, {}),
    }
    if name not in kinds:
        raise ValueError(f"name is {name!r}; it must be in {list(kinds)}")
    kind, options = kinds[name]
    return kind(list(parameters), lr=LR, **options)


# --8<-- [end:optimizers]
# --8<-- [start:run]
def run(name: str, steps: int, once: bool = False) -> Tensor:
    """The table after every step: (steps + 1, rows, d), float64."""
    torch.manual_seed(0)
    kind = SparseEmbedding if name == "SparseAdam" else Embedding
    table = kind(len(PERIODS) + 1, 8).double()
    descend = optimizer(name, table.parameters())
    history = [table.weight.detach().clone()]
    for step in range(steps):
        seen = [r for r, period in enumerate(PERIODS) if step % period == 0]
        if once and step:
            seen = []
        descend.zero_grad()
        table(torch.tensor(seen, dtype=torch.int64)).sum().backward()
        descend.step()
        history.append(table.weight.detach().clone())
    return torch.stack(history)


# --8<-- [end:run]
def per_lookup(name: str, steps: int = 4096) -> list[float]:
    """How far one lookup moves each row, in steps of lr, once settled."""
    history = run(name, steps)
    half = steps // 2
    moved = (history[half] - history[-1])[:-1].mean(1) / LR
    lookups = half / torch.tensor(PERIODS)
    return (moved / lookups).tolist()


def predicted(period: int, beta: float = 0.999) -> float:
    return ((1 - beta**period) / (1 - beta)) ** 0.5


def after_one(name: str) -> float:
    """How far a single lookup moves a row in the end, in steps of lr."""
    history = run(name, 300, once=True)
    return float((history[0] - history[-1])[0].mean()) / LR


def rows_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, color, text, at in (
        ("SparseAdam", "#3b82f6", "no decay", (380, 1.03)),
        ("AdamW", "#1f9d6b", "AdamW; SGD with decay", (150, 0.86)),
        ("Adam, weight decay", "#ea7a17", "Adam with decay", (190, 0.3)),
    ):
        length = run(name, 600)[:, -1].norm(dim=1)
        left.plot(length / length[0], color=color)
        left.text(*at, text, color=color, size=9)
    left.set(title="length of a row never looked up", xlabel="step")
    left.set_ylim(0, 1.15)
    law = [predicted(period) for period in range(1, 257)]
    right.loglog(range(1, 257), law, color="#757b84", lw=1)
    for name, color, at in (
        ("Adam", "#ea7a17", (22, 6.6)),
        ("SparseAdam", "#3b82f6", (36, 2.9)),
        ("SGD", "#757b84", (100, 1.12)),
    ):
        right.loglog(PERIODS, per_lookup(name), "o", color=color)
        right.text(*at, name, color=color, size=9)
    right.set(title="travel per lookup, in lr", ylim=(0.8, 20))
    right.set_xlabel("steps from lookup to lookup")
    right.set_xticks(PERIODS, [f"{period}" for period in PERIODS])
    right.set_yticks([1, 2, 4, 8, 16], ["1", "2", "4", "8", "16"])
    right.minorticks_off()
    for axes in (left, right):
        axes.grid(visible=True)
    return figure


def main() -> None:
    print("travel of a row looked up once, in steps of lr")
    for name in ("SGD", "SGD, momentum", "Adam", "SparseAdam"):
        print(f"{name:<20}{after_one(name):>5.1f}")
    print("\nlooked up every", "".join(f"{p:>7}" for p in PERIODS), "steps")
    rows = {name: per_lookup(name) for name in ("Adam", "SparseAdam")}
    for name, row in rows.items():
        print(f"{name:<15}", "".join(f"{value:>7.1f}" for value in row))
    law = [predicted(period) for period in PERIODS]
    print("formula, Adam  ", "".join(f"{value:>7.1f}" for value in law))
    print("\nnever looked up: length left after 200 and 600 steps")
    for name in ("SparseAdam", "AdamW", "Adam, weight decay"):
        length = run(name, 600)[:, -1].norm(dim=1)
        left = (length / length[0])[[200, 600]].tolist()
        print(f"{name:<20}{left[0]:>5.0%}{left[1]:>6.0%}")


if __name__ == "__main__":
    main()
