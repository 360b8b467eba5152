"""Why outputs with mean zero train faster: signs, steps and conditioning.

The gradient of one neuron's weights on one sample is delta * x. Where every
x_j is positive, as after Sigmoid or ReLU, all its entries share a sign, and
a step can only raise or only lower all weights at once. Over many samples
what remains of this is the condition number of E[x x^T] (LeCun et al.,
"Efficient BackProp", 1998): for independent x_j of mean m and variance v

    eigenvalues  v + d m^2  once,  v  d - 1 times.

Shapes: x (n, d), w (d,), float64. Raises ValueError for d < 2.
"""

from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure

TARGET = (1.0, -1.0)


# --8<-- [start:signs]
def inputs(n: int, d: int, mean: float, seed: int = 0) -> np.ndarray:
    """Independent, uniform, of variance 1 / 12: in [0, 1] for mean 1/2."""
    if d < 2:
        raise ValueError(f"d is {d}; it must be at least 2")
    return mean - 0.5 + np.random.default_rng(seed).random((n, d))


def same_sign(x: np.ndarray, batch: int, seed: int = 0) -> float:
    """Share of neurons whose weight gradients all have one sign."""
    rng = np.random.default_rng(seed)
    count, d = len(x) // batch, x.shape[1]
    delta = rng.normal(size=(count, batch, 1))  # what comes from above
    gradient = (delta * x.reshape(count, batch, d)).sum(axis=1)
    return float((abs(np.sign(gradient).sum(axis=1)) == d).mean())


# --8<-- [end:signs]
# --8<-- [start:steps]
def condition(x: np.ndarray) -> float:
    return float(np.linalg.cond(x.T @ x / len(x)))


def descent_steps(x: np.ndarray, below: float = 0.01) -> int:
    """Gradient descent on |x (w - t)|^2 / 2n, at its best constant rate."""
    hessian = x.T @ x / len(x)
    values, vectors = np.linalg.eigh(hessian)
    error = vectors @ np.ones(len(values))  # the same part in every axis
    start, steps = np.linalg.norm(error), 0
    while np.linalg.norm(error) > below * start:
        error -= 2 / (values[0] + values[-1]) * (hessian @ error)
        steps += 1
    return steps


def path(mean: float, steps: int, seed: int = 1) -> np.ndarray:
    """One sample a step, from (0, 0) towards TARGET."""
    w, points = np.zeros(2), [np.zeros(2)]
    for x in inputs(steps, 2, mean, seed):
        rate = 0.9 / (x @ x)  # nearly solves the sample at hand
        w = w - rate * (x @ (w - TARGET)) * x
        points.append(w)
    return np.array(points)


# --8<-- [end:steps]
def zigzag_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.5), layout="constrained")
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    grid = np.linspace(-1.6, 1.9, 120)
    w = np.stack(np.meshgrid(grid, grid - 0.4), axis=-1) - TARGET
    cases = ((0.5, "C1"), (0.0, "C0"))
    for axes, (mean, color) in zip(panels, cases, strict=True):
        x = inputs(4000, 2, mean)
        loss = np.einsum("...i,ij,...j", w, x.T @ x / len(x), w)
        axes.contour(grid, grid - 0.4, loss, 9, colors="#757b84", alpha=0.4)
        points = path(mean, 24)
        for a, b in pairwise(points):
            style = {"arrowstyle": "->", "color": color, "lw": 1.4}
            axes.annotate("", b, a, arrowprops=style)
        axes.plot(*TARGET, "*", ms=13, color="C4")
        axes.plot(0, 0, "o", color=color)
        low, high = mean - 0.5, mean + 0.5
        axes.set(title=f"inputs in [{low:g}, {high:g}]", xlabel="w₁")
        axes.set(aspect="equal")
    panels[0].set_ylabel("w₂")
    return figure


def main() -> None:
    print("share of neurons whose 8 weight gradients have one sign")
    for mean in (0.5, 0.0):
        x = inputs(32_000, 8, mean)
        shares = [same_sign(x, batch) for batch in (1, 32)]
        print(
            f"  mean {mean}: one sample {shares[0]:>6.1%}, "
            f"batch of 32 {shares[1]:>6.1%}"
        )
    print("    d   mean   condition   1 + 12 d m²   steps")
    for d in (2, 8, 64):
        for mean in (0.5, 0.0):
            x = inputs(20_000, d, mean)
            print(
                f"{d:>5} {mean:>6} {condition(x):>11.0f} "
                f"{1 + 12 * d * mean**2:>13.0f} {descent_steps(x):>7}"
            )


if __name__ == "__main__":
    main()
