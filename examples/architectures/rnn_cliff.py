"""An exploding gradient is a cliff, and clipping is how to walk beside it.

    h[t] = tanh(w h[t-1] + b),  t = 1 … 50,   loss (h[50] - target)^2

One unit, one weight: the loss over w can be drawn whole. Where w crosses
the bifurcation the state jumps from one fixed point to another, and the
slope is enormous; Pascanu et al. 2013, arxiv.org/abs/1211.5063

Everything is a float64 scalar. Raises ValueError for a maximum that is not
positive.
"""

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from examples.architectures.rnn_backward import clip_gradients

STEPS = 50
BIAS = -0.5
TARGET = 0.6
RATE = 0.02
ON_THE_WALL = 1.946


def final_loss(w: Tensor) -> Tensor:
    h = torch.ones_like(w)
    for _ in range(STEPS):
        h = torch.tanh(w * h + BIAS)
    return (h - TARGET) ** 2


def slope(w: float) -> float:
    at = torch.tensor(w, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(final_loss(at), at)
    return float(gradient)


def walk(start: float, steps: int, maximum: float | None) -> np.ndarray:
    """Every w of gradient descent, (1 + steps,); its rate decays."""
    w, path = torch.tensor(start, dtype=torch.float64), [start]
    for step in range(1, steps + 1):
        w = w.detach().requires_grad_()
        final_loss(w).backward()
        if maximum is not None:
            clip_gradients([w], maximum)
        w = w - RATE / step**0.5 * w.grad
        path.append(w.item())
    return np.array(path)


def cliff_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.4), layout="constrained")
    upper, lower = figure.subplots(2, 1)
    w = torch.linspace(1.93, 1.98, 1001, dtype=torch.float64)
    upper.plot(w, final_loss(w), color="#757b84")
    path = torch.tensor(walk(ON_THE_WALL, 40, 0.1))
    upper.plot(
        path,
        final_loss(path),
        "o",
        color="C0",
        ms=4,
        label="clipped at 0.1",
    )
    here = float(final_loss(path[0]))
    upper.annotate(
        "",
        (1.98, here),
        (ON_THE_WALL, here),
        arrowprops={"arrowstyle": "->", "color": "#ea7a17", "lw": 1.8},
    )
    away = walk(ON_THE_WALL, 1, None)[1]
    note = f"not clipped: the first step goes to w = {away:.0f}"
    upper.text(1.9475, here + 0.08, note, color="#ea7a17")
    upper.set(xlabel="w", ylabel="loss after 50 steps")
    upper.legend(loc="upper right")
    upper.text(1.931, 2.2, "wrong fixed point")
    for maximum, name, color in (
        (0.1, "clipped at 0.1", "C0"),
        (None, "not clipped", "C1"),
    ):
        path = torch.tensor(walk(ON_THE_WALL, 40, maximum))
        lower.plot(final_loss(path), color=color, label=name)
    lower.set(xlabel="step of descent", ylabel="loss", ylim=(0, 0.4))
    lower.legend(loc="upper right")
    for axes in (upper, lower):
        axes.grid(visible=True)
    return figure


def main() -> None:
    print(f"slope at w = {ON_THE_WALL}: {slope(ON_THE_WALL):.0f}")
    print("                first step to    slope there    loss after 40")
    for name, maximum in (("not clipped", None), ("clipped at 0.1", 0.1)):
        path = walk(ON_THE_WALL, 40, maximum)
        there, loss = slope(path[1]), final_loss(torch.tensor(path[-1]))
        print(f"{name:<14} {path[1]:>14.2f} {abs(there):>14.1f}", end="")
        print(f"{float(loss):>17.2f}")


if __name__ == "__main__":
    main()
