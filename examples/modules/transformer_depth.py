"""Deep stacks before training: what the residual does, where the norm sits.

Gradients of L = sum of g y, y the output of a stack of encoder layers and g
random, for post-norm and pre-norm: dL/dx at every layer's input, and dL/dW
for the last matrix of every FFN. Tokens apart: the share of a stream's
energy by which its tokens differ from their mean, when some parts of the
layers are left out (Dong et al., arxiv.org/abs/2103.03404).

Shapes: streams (b, n, d). Raises ValueError for a depth below 1.
"""

from collections.abc import Callable

import torch
from matplotlib.figure import Figure
from torch import Tensor

from examples.modules.transformer import (
    EncoderLayer,
    PostNorm,
    PreNorm,
    Stack,
    Wrap,
)

WIDTH, HEADS, WORDS = 64, 4, 16
NORMS = {"post-norm": PostNorm, "pre-norm": PreNorm}
INKS = {"post-norm": "#ea7a17", "pre-norm": "#3b82f6"}
DEPTHS = (3, 6, 12, 24, 48)


def deep(residual: Wrap, depth: int, seed: int) -> Stack:
    if depth < 1:
        raise ValueError(f"depth is {depth}; it must be at least 1")
    torch.manual_seed(seed)
    sizes = WIDTH, HEADS, 4 * WIDTH, residual
    return Stack([EncoderLayer(*sizes) for _ in range(depth)])


def gradients(
    residual: Wrap, depth: int, seed: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Sizes by depth: the stream, dL/dx (both depth + 1), and dL/dW."""
    stack = deep(residual, depth, seed)
    states = [torch.randn(8, WORDS, WIDTH, requires_grad=True)]
    for layer in stack.layers:
        states.append(layer(states[-1]))
    y = stack.norm(states[-1])
    weights = [layer.feed.branch.narrow.weight for layer in stack.layers]
    g = torch.randn_like(y) / y.numel() ** 0.5
    found = torch.autograd.grad(y, states + weights, g)
    sizes = torch.stack([part.norm() for part in found])
    stds = torch.stack([x.detach().std() for x in states])
    return stds, sizes[: depth + 1], sizes[depth + 1 :]


def mean_gradients(residual: Wrap, depth: int) -> list[Tensor]:
    found = [gradients(residual, depth, seed) for seed in (0, 1, 2)]
    return [torch.stack(runs).mean(0) for runs in zip(*found, strict=True)]


def apart(x: Tensor) -> float:
    """Share of the energy by which tokens differ from their mean."""
    rest = x - x.mean(1, keepdim=True)
    return float(rest.square().sum() / x.square().sum())


def without_residual(layer: EncoderLayer, x: Tensor) -> Tensor:
    x = layer.attention.norm(layer.attention.branch(x))
    return layer.feed.norm(layer.feed.branch(x))


def without_ffn(layer: EncoderLayer, x: Tensor) -> Tensor:
    return layer.attention(x)


@torch.no_grad()
def collapse(
    step: Callable[[EncoderLayer, Tensor], Tensor], seed: int = 0
) -> list[float]:
    stack = deep(PostNorm, 12, seed)
    x = torch.randn(8, WORDS, WIDTH)
    shares = [apart(x)]
    for layer in stack.layers:
        x = step(layer, x)
        shares.append(apart(x))
    return shares


def main() -> None:
    print("tokens apart after  0 layers        1        3       12")
    steps = {
        "whole layers": EncoderLayer.__call__,
        "without FFN": without_ffn,
        "without residuals": without_residual,
    }
    for name, step in steps.items():
        shares = [collapse(step)[i] for i in (0, 1, 3, 12)]
        row = [f"{s:.0%}" if s > 0.01 else "< 1e-9" for s in shares]
        print(f"{name:<21}" + "".join(f"{text:>9}" for text in row))
    print("\n                   stream   dL/dx, first     dL/dW, last")
    print("          layers   at end      over last   (3 layers: 1)")
    for name, residual in NORMS.items():
        shallow = mean_gradients(residual, 3)[2][-1]
        for depth in (6, 24, 48):
            stds, dx, dw = mean_gradients(residual, depth)
            print(f"{name:<10}{depth:>7}{stds[-1]:>10.1f}", end="")
            print(f"{dx[0] / dx[-1]:>15.1f}{dw[-1] / shallow:>16.1f}")


def depth_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, residual in NORMS.items():
        ink = INKS[name]
        left.plot(mean_gradients(residual, 24)[1], color=ink, label=name)
        last = [mean_gradients(residual, d)[2][-1] for d in DEPTHS]
        right.semilogx(DEPTHS, last, "o-", color=ink, ms=4)
    left.set(title="size of dL/dx in 24 layers", xlabel="layers passed")
    right.set(title="dL/dW in the last layer", xlabel="layers in all")
    right.set_xticks(DEPTHS, [str(d) for d in DEPTHS])
    right.minorticks_off()
    for axes in (left, right):
        axes.set_ylim(0, None)
        axes.grid(visible=True)
    figure.legend(loc="outside lower center", ncols=2)
    return figure


if __name__ == "__main__":
    main()
