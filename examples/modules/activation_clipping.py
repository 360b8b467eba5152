"""Gradient clipping by norm and by value, and the cliff that needs it.

    by norm   g * min(1, limit / (|g| + 1e-6))     keeps the direction
    by value  min(max(g, -limit), limit)           a box, entry by entry

|g| is the norm of all gradients together, arxiv.org/abs/1211.5063. The
cliff is the loss of a chain of 50 equal layers, L = (v w^50 - 1)^2 / 2:
flat for w < 1, a wall for w > 1.

Shapes: a list of gradients, any shapes. Raises ValueError for a limit that
is not positive and for a list without gradients.
"""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

START = (1.15, 0.6)
RATE = 5e-4
LIMIT = 10.0
METHODS = ("none", "by norm", "by value")


# --8<-- [start:clip]
def total_norm(gradients: Sequence[Tensor]) -> Tensor:
    if not gradients:
        raise ValueError("gradients is empty; it must hold a tensor")
    return torch.stack([g.square().sum() for g in gradients]).sum().sqrt()


def clip_by_norm(gradients: Sequence[Tensor], limit: float) -> list[Tensor]:
    if not limit > 0:
        raise ValueError(f"limit is {limit}; it must be positive")
    factor = limit / (total_norm(gradients) + 1e-6)
    return [g * factor.clamp(max=1) for g in gradients]


def clip_by_value(
    gradients: Sequence[Tensor],
    limit: float,
) -> list[Tensor]:
    if not limit > 0:
        raise ValueError(f"limit is {limit}; it must be positive")
    return [g.clamp(-limit, limit) for g in gradients]


# --8<-- [end:clip]
# --8<-- [start:cliff]
def cliff(w: Tensor, v: Tensor) -> tuple[Tensor, list[Tensor]]:
    """The loss and its gradient by w and by v."""
    error = v * w**50 - 1
    return error**2 / 2, [error * v * 50 * w**49, error * w**50]


def walk(method: str, steps: int = 300) -> list[tuple[float, float, float]]:
    """The points (w, v, loss) of gradient descent from START."""
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; it must be in {METHODS}")
    w, v = torch.tensor(START, dtype=torch.float64)
    points = []
    for _ in range(steps + 1):
        loss, gradients = cliff(w, v)
        points.append((float(w), float(v), float(loss)))
        if method == "by norm":
            gradients = clip_by_norm(gradients, LIMIT)
        elif method == "by value":
            gradients = clip_by_value(gradients, LIMIT)
        w, v = w - RATE * gradients[0], v - RATE * gradients[1]
    return points


# --8<-- [end:cliff]
def clipping_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    turns = np.linspace(0, 2 * np.pi, 200)
    left.plot(np.cos(turns), np.sin(turns), lw=1, color="C0")
    left.plot([-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1], lw=1, color="C1")
    gradient = [torch.tensor([2.6, 0.7])]
    arrows = {
        "gradient": (gradient, "#757b84"),
        "by value": (clip_by_value(gradient, 1.0), "C1"),
        "by norm": (clip_by_norm(gradient, 1.0), "C0"),
    }
    for name, ((tip,), color) in arrows.items():
        x, y = tip.tolist()
        style = {"arrowstyle": "-|>", "color": color, "lw": 2}
        left.annotate("", (x, y), (0, 0), arrowprops=style)
        left.plot([], [], color=color, label=name)
    left.set(xlim=(-1.3, 2.9), ylim=(-1.6, 2.6), aspect="equal")
    left.set(title="what is left of a gradient")
    left.legend(loc="upper right")

    grid = np.linspace(0, 1, 150)
    w, v = np.meshgrid(0.82 + 0.35 * grid, 1.2 * grid)
    loss, _ = cliff(torch.tensor(w), torch.tensor(v))
    levels = np.arange(-5, 7)
    height = np.log10(loss.numpy() + 1e-6)
    right.contour(w, v, height, levels, cmap="Greys", vmin=-9, vmax=9)
    for method, color in (("by norm", "C0"), ("by value", "C1")):
        ws, vs, _ = zip(*walk(method), strict=True)
        right.plot(ws, vs, ".-", ms=4, lw=1, color=color, label=method)
    right.plot(*START, "o", color="C4", label="start")
    style = {"arrowstyle": "-|>", "color": "C4", "lw": 1.5}
    right.annotate("", (0.83, 0.68), (1.15, 0.68), arrowprops=style)
    right.text(0.83, 0.71, "no clipping:\nw = -9175", color="#e5484d")
    right.set(xlabel="w", ylabel="v", title="log loss of v w⁵⁰, a cliff")
    right.legend(loc="lower left")
    return figure


def main() -> None:
    first = torch.tensor(START, dtype=torch.float64)
    norm = total_norm(cliff(first[0], first[1])[1])
    print(f"norm of the first gradient: {norm:.0f}, limit {LIMIT:.0f}")
    print("           w after 1 step   loss after 1   solved after 300")
    for method in METHODS:
        points = walk(method)
        print(
            f"{method:<10} {points[1][0]:>14.2f} {points[1][2]:>14.1e} "
            f"{'yes' if points[-1][2] < 1e-12 else 'no':>18}"
        )


if __name__ == "__main__":
    main()
