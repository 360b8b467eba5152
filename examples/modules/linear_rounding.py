"""How the order of summation decides the error of a long dot product.

Every float32 addition rounds to u = 2^-24 relative. For n products p_j

    one by one   |error| <= n u sum |p_j|  (to first order)
    pairwise     |error| <= (1 + log2 n) u sum |p_j|

(Higham, "Accuracy and Stability of Numerical Algorithms", chapter 4). For
positive terms sum |p_j| is the sum itself, and the error is relative.

Shapes: p (n,), float32. Raises ValueError for other types and empty input.
"""

import numpy as np
from matplotlib.figure import Figure

UNIT = 2.0**-24


# --8<-- [start:sums]
def check(p: np.ndarray) -> None:
    if p.dtype != np.float32 or p.ndim != 1 or not len(p):
        raise ValueError(
            f"p is {p.dtype} {p.shape}; it must be float32 (n,), n > 0"
        )


def one_by_one(p: np.ndarray) -> float:
    check(p)
    return float(np.cumsum(p, dtype=np.float32)[-1])  # in this order


def pairwise_sum(p: np.ndarray) -> float:
    check(p)
    while len(p) > 1:
        if len(p) % 2:
            p = np.append(p, np.float32(0))
        p = p[::2] + p[1::2]  # halves the number of terms, in float32
    return float(p[0])


# --8<-- [end:sums]
def errors(n: int, seed: int = 0) -> tuple[float, float]:
    """Relative errors, one by one and pairwise, for x, w in (0, 1)."""
    rng = np.random.default_rng(seed)
    x, w = rng.random((2, n)).astype(np.float32)
    p = x * w
    exact = float(p.astype(np.float64).sum())
    return abs(one_by_one(p) / exact - 1), abs(pairwise_sum(p) / exact - 1)


def largest_errors(n: int, seeds: int = 8) -> tuple[float, float]:
    both = [errors(n, seed) for seed in range(seeds)]
    return max(a for a, _ in both), max(b for _, b in both)


def error_figure() -> Figure:
    sizes = [4**k for k in range(3, 12)]
    measured = [largest_errors(n, seeds=4) for n in sizes]
    n = np.array(sizes, float)
    figure = Figure(figsize=(6.2, 3.6), layout="constrained")
    axes = figure.subplots()
    cases = (("one by one", "C1"), ("pairwise", "C0"))
    for k, (name, color) in enumerate(cases):
        series = [m[k] for m in measured]
        axes.loglog(sizes, series, "o-", color=color, label=name)
    axes.loglog(sizes, n * UNIT, "--", color="C1", lw=1, label="bound n u")
    bound = (1 + np.log2(n)) * UNIT
    name = "(1 + log₂ n) u"
    axes.loglog(sizes, bound, "--", color="C0", lw=1, label=name)
    axes.set(xlabel="length n of the dot product", ylabel="relative error")
    axes.legend(loc="upper left")
    axes.grid(visible=True)
    return figure


def main() -> None:
    print("largest relative error of 8     one by one   pairwise")
    for n in (1_000, 100_000, 1_000_000):
        slow, fast = largest_errors(n)
        print(f"  n = {n:>9,} {slow:>26.0e} {fast:>10.0e}")
    ones = np.ones(17_000_000, np.float32)
    print(f"17,000,000 ones, one by one: {one_by_one(ones):,.0f}")
    half = np.cumsum(np.ones(5_000, np.float16), dtype=np.float16)
    print(f"5,000 ones in float16:       {half[-1]:,.0f}")


if __name__ == "__main__":
    main()
