"""What one tap reads, and its slope, as its offset goes through a row.

The value is a chain of straight pieces with a corner at every pixel. The
slope that autograd hands to the offset is therefore a staircase, 0 over a
flat stretch and 0 from one pixel outside the row on.

Shapes: signal (n,), positions (m,) in pixels, value and slope (m,).
"""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from examples.modules.deformable_convolution import sample

INK, BLUE, ORANGE, GREEN = "#757b84", "#3b82f6", "#ea7a17", "#1f9d6b"
SIGNAL = (1.0, 0.5, 2.0, 3.0, 3.0, 3.0, 1.5, 1.0, 2.5)


# --8<-- [start:read]
def read(signal: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
    """Value at each position and its derivative, both by ``sample``."""
    x = positions.detach().clone().requires_grad_()
    points = torch.stack([torch.zeros_like(x), x])  # (2, m), row 0
    value = sample(signal.view(1, 1, 1, -1), points[None])[0, 0]
    (slope,) = torch.autograd.grad(value.sum(), x)
    return value.detach(), slope


# --8<-- [end:read]
# --8<-- [start:demo]
def main() -> None:
    signal = torch.tensor(SIGNAL)
    print("position  value  slope")
    for position in (-1.5, -0.5, 1.0, 1.5, 2.0, 3.5, 4.0, 8.5, 9.5):
        value, slope = read(signal, torch.tensor([position]))
        print(f"{position:>8}{value.item():>7}{slope.item() + 0.0:>7}")


# --8<-- [end:demo]
def slope_figure() -> Figure:
    signal = torch.tensor(SIGNAL)
    n = len(signal)
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True)
    fine = torch.linspace(-2, n + 1, 2001)
    top.plot(fine, read(signal, fine)[0], color=BLUE)
    top.plot(range(n), signal, "o", color=BLUE)
    top.set(ylabel="value read", ylim=(-0.3, 3.5))
    for left in range(-2, n + 1):
        ends = torch.tensor([left, left + 0.5])
        at, inner = read(signal, ends)[1].tolist()
        bottom.hlines(inner, left, left + 1, color=ORANGE)
        bottom.plot(left, at, "o", color=ORANGE, ms=5)
        bottom.plot(left + 1, inner, "o", mfc="none", mec=ORANGE, ms=5)
    bottom.set(ylabel="slope for the offset", ylim=(-2.9, 2.9))
    bottom.set_xlabel("position of the tap: pixel + offset")
    for axes in (top, bottom):
        axes.axvspan(-2, -1, color=INK, alpha=0.15)
        axes.axvspan(n, n + 1, color=INK, alpha=0.15)
        axes.axvspan(3, 5, color=GREEN, alpha=0.15)
        axes.set(xticks=range(-2, n + 2), xlim=(-2, n + 1))
        axes.grid(visible=True)
    top.text(4, 2.55, "flat", color=GREEN, ha="center")
    for x in (-1.5, n + 0.5):
        top.text(x, 0.25, "outside", color=INK, ha="center", size=8)
    return figure


if __name__ == "__main__":
    main()
