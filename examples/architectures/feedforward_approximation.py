"""Universal approximation built unit by unit, and left to training.

    m ReLUs that meet f at m + 1 knots     error <= max|f''| / (8 m^2)
    m steep sigmoids, one for each step    error <= max|f'| / (2 m)
    sigmoids as wide as their spacing      error ~ 1 / m^2

All of them are networks with one hidden layer, run by the same ``forward``.
Existence: Cybenko 1989, doi.org/10.1007/BF02551274.

Shapes: f maps (n, 1) to (n, 1) on [0, 1]. Raises ValueError for fewer than
one unit and a steepness that is not positive.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from examples.architectures.feedforward import (
    Layers,
    forward,
    initialize,
    side_by_side,
    squared_error,
)
from examples.architectures.feedforward_training import (
    Batches,
    Loss,
    gradients,
)
from examples.modules.activation import Curve, curves

Function = Callable[[Tensor], Tensor]


def check_units(units: int) -> None:
    if units < 1:
        raise ValueError(f"units is {units}; it must be at least 1")


def wave(x: Tensor) -> Tensor:
    return torch.sin(2 * math.pi * x)


# --8<-- [start:relu]
def straight_pieces(f: Function, units: int) -> Layers:
    """ReLUs that take f straight from knot to knot."""
    check_units(units)
    knots = (torch.arange(units + 1).double() / units)[:, None]
    heights = f(knots)
    slopes = heights.diff(dim=0) * units
    turns = slopes.diff(dim=0, prepend=torch.zeros(1, 1))  # at each knot
    ones = torch.ones_like(turns)
    return [(ones, -knots[:-1].T), (turns.T, heights[:1])]


# --8<-- [end:relu]
# --8<-- [start:sigmoid]
def staircase(
    f: Function, steps: int, steepness: float = 200, beyond: int = 0
) -> Layers:
    """A sigmoid for each step of height f(knot) - f(knot before)."""
    check_units(steps)
    if not steepness > 0:
        raise ValueError(f"steepness is {steepness}; it must be positive")
    knots = torch.arange(-beyond, steps + beyond + 1).double() / steps
    heights = f(knots[:, None])
    middles = (knots[1:] + knots[:-1])[None] / 2
    w = torch.full_like(middles.T, steepness * steps)
    return [(w, -middles * w.T), (heights.diff(dim=0).T, heights[:1])]


# --8<-- [end:sigmoid]
def worst(layers: Layers, f: Function, value: Curve) -> Tensor:
    """Largest error on a fine grid of [0, 1]."""
    x = torch.linspace(0, 1, 10_001, dtype=layers[0][0].dtype)[:, None]
    z = forward(layers, x, value)[1][-1]
    return (z - f(x)).abs().amax((-2, -1))


def fit(
    layers: Layers, batches: Batches, loss: Loss, rate: float = 0.01
) -> Layers:
    """Adam with ReLUs and our gradients; the rate falls like a cosine."""
    tensors = [t for pair in layers for t in pair]
    adam = torch.optim.Adam(tensors, lr=rate)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(adam, len(batches))
    for batch in batches:
        _, found = gradients(layers, batch, loss, curves()["ReLU"])
        by_hand = (g for pair in found for g in pair)
        for t, g in zip(tensors, by_hand, strict=True):
            t.grad = g
        adam.step()
        fall.step()
    return layers


def scattered(widths: list[int], seed: int) -> Layers:
    """A start whose first kinks are spread over [0, 1], not all at 0."""
    layers = initialize(widths, seed)
    w, b = layers[0]
    layers[0] = (w, -w.mT * torch.rand_like(b))
    return layers


def trained(f: Function, units: int, seeds: int = 5) -> Layers:
    starts = [scattered([1, units, 1], seed) for seed in range(seeds)]
    x = torch.linspace(0, 1, 129)[:, None]
    target = f(x).expand(seeds, -1, -1)
    return fit(side_by_side(starts), [(x, target)] * 1000, squared_error)


def main() -> None:
    relu, sigmoid = curves()["ReLU"][0], curves()["Sigmoid"][0]
    print("        straight pieces     steep sigmoids    wide sigmoids")
    print("units    error    bound     error    bound    error   units")
    for m in (4, 8, 16, 32, 64, 128, 256):
        straight = worst(straight_pieces(wave, m), wave, relu)
        steep = worst(staircase(wave, m), wave, sigmoid)
        wide = staircase(wave, m, steepness=2, beyond=10)
        bounds = math.pi**2 / 2 / m**2, math.pi / m
        gap = float(worst(wide, wave, sigmoid))
        print(f"{m:>5}  {float(straight):.1e}  {bounds[0]:.1e}", end="")
        print(f"   {float(steep):.1e}  {bounds[1]:.1e}", end="")
        print(f"   {gap:.1e} {m + 20:>5}")


if __name__ == "__main__":
    main()
