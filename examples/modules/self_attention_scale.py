"""Why the scores are divided by sqrt(d): softmax with and without it.

    Var(q . k) = d           for independent entries of mean 0, variance 1
    dw_j / dq  = scale * w_j (k_j - sum over l of w_l k_l)

Random queries and keys of d normal entries, 64 keys a query. For every
query: the largest weight, how many keys it effectively averages (e to the
entropy, between 1 and 64), and the size of the gradient of its weights.
"""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from examples.modules.self_attention import MultiHeadAttention, softmax

WIDTHS = (4, 16, 64, 256, 1024)
KEYS = 64


# --8<-- [start:saturation]
def saturation(d: int, scale: float, seed: int = 0) -> dict[str, Tensor]:
    """What 1000 random queries see, one number a query."""
    random = torch.Generator().manual_seed(seed)
    found: dict[str, list[Tensor]] = {
        name: [] for name in ("scores", "largest", "keys", "gradient")
    }
    for _ in range(10):  # a hundred queries at a time
        q = torch.randn(100, 1, d, generator=random)
        k = torch.randn(100, KEYS, d, generator=random)
        scores = scale * (q @ k.mT)[:, 0]  # (100, KEYS)
        w = softmax(scores)
        entropy = torch.special.entr(w).sum(-1)
        mean = w[:, None] @ k  # (100, 1, d)
        slope = scale * w[..., None] * (k - mean)  # dw / dq
        found["scores"].append(scores.std(-1))
        found["largest"].append(w.amax(-1))
        found["keys"].append(entropy.exp())
        found["gradient"].append(slope.flatten(1).norm(dim=1))
    return {name: torch.cat(values) for name, values in found.items()}


# --8<-- [end:saturation]
def fresh_score_std(d: int, seed: int = 0) -> float:
    """The scaled scores of a layer as nn.Linear initializes it."""
    torch.manual_seed(seed)
    layer, x = MultiHeadAttention(d, heads=1), torch.randn(256, d)
    with torch.no_grad():
        scores = layer.to_q(x) @ layer.to_k(x).mT / d**0.5
    return scores.std().item()


def main() -> None:
    print("             scores  largest  keys in   gradient of the weights")
    print("   d           std    weight  the mean    median      mean")
    for d in (4, 64, 1024):
        for name, scale in (("q.k", 1.0), ("q.k/sqrt(d)", d**-0.5)):
            found = saturation(d, scale)
            mean = {key: v.mean().item() for key, v in found.items()}
            median = found["gradient"].median().item()
            print(
                f"{d:>4} {name:<12}{mean['scores']:>4.0f}"
                f"{mean['largest']:>9.1f}{mean['keys']:>9.0f}"
                f"{median:>12.1g}{mean['gradient']:>10.1g}"
            )
    print(f"fresh nn.Linear, d = 512: std {fresh_score_std(512):.1f}")


def saturation_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.0), layout="constrained")
    axes = figure.subplots(2, 2, sharex=True)
    ways = (("q·k", 1.0, "#e5484d"), ("q·k / √d", 0.5, "#3b82f6"))
    names = ("scores", "largest", "keys", "gradient")
    for label, power, color in ways:
        found = [
            saturation(d, d**-0.5 if power == 0.5 else 1.0) for d in WIDTHS
        ]
        for panel, name in zip(axes.flat, names, strict=True):
            values = torch.stack([f[name] for f in found])  # (widths, 1000)
            low, mid, high = values.quantile(
                torch.tensor([0.1, 0.5, 0.9]), dim=1
            )
            panel.plot(WIDTHS, mid, "o-", color=color, label=label, ms=4)
            band = {"color": color, "alpha": 0.2, "lw": 0}
            panel.fill_between(WIDTHS, low, high, **band)
            if name == "gradient":
                line = {"color": color, "lw": 1.2, "ls": "--"}
                panel.plot(WIDTHS, values.mean(1), **line)
    titles = (
        "standard deviation of the scores",
        "largest of 64 weights",
        "keys effectively averaged",
        "gradient of the weights by q",
    )
    for panel, title in zip(axes.flat, titles, strict=True):
        panel.set_title(title, fontsize=10)
        panel.set_xscale("log", base=4)
        panel.set_xticks(WIDTHS, [str(d) for d in WIDTHS])
        panel.grid(True)
    axes[0, 0].legend()
    axes[1, 1].set_yscale("log")
    axes[1, 1].set_ylim(1e-9, 30)
    key = "line: median   band: 10–90 %\ndashed: mean"
    axes[1, 1].text(4.5, 3e-9, key)
    for panel in axes[1]:
        panel.set_xlabel("features of a head, d")
    return figure


if __name__ == "__main__":
    main()
