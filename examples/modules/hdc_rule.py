"""The HDC rule tried on every triple of rates, against counting.

    full = the reached pixels are all 1 + (k - 1) (r_1 + r_2 + r_3) of them

Reached pixels are listed as a set, without the formulas that are on trial.
The rule is that of arxiv.org/abs/1702.08502.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import product
from math import gcd

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from examples.modules.hdc import rule_accepts

LARGEST = 12
GROUPS = {
    "all, 3 × 3": (3, False, False),
    "r_1 = 1, 3 × 3": (3, True, False),
    "1 first, ascending, 3 × 3": (3, True, True),
    "1 first, ascending, 2 × 2": (2, True, True),
    "1 first, ascending, 5 × 5": (5, True, True),
}
PANELS = (
    ("first rate 1, kernel 3", 1, 3),
    ("first rate 2, kernel 3", 2, 3),
    ("first rate 1, kernel 2", 1, 2),
    ("first rate 1, kernel 5", 1, 5),
)
COLORS = {
    (True, True): ("#1f9d6b", "no holes, accepted"),
    (False, True): ("#3b82f6", "no holes, rejected"),
    (True, False): ("#e5484d", "holes, accepted"),
    (False, False): ("#757b8430", "holes, rejected"),
}


# --8<-- [start:trial]
def reached(rates: Sequence[int], kernel: int) -> set[int]:
    offsets = {0}
    for rate in rates:
        taps = range(0, rate * kernel, rate)
        offsets = {offset + tap for offset in offsets for tap in taps}
    return offsets


def full(rates: Sequence[int], kernel: int) -> bool:
    return len(reached(rates, kernel)) == 1 + (kernel - 1) * sum(rates)


def trial(
    kernel: int, one_first: bool, ascending: bool
) -> Counter[tuple[bool, bool]]:
    """How many triples are (accepted by the rule, really full)."""
    found: Counter[tuple[bool, bool]] = Counter()
    for rates in product(range(1, LARGEST + 1), repeat=3):
        if one_first and rates[0] > 1:
            continue
        if ascending and list(rates) != sorted(rates):
            continue
        found[rule_accepts(rates, kernel), full(rates, kernel)] += 1
    return found


# --8<-- [end:trial]
def rule_figure() -> Figure:
    figure = Figure(figsize=(6.4, 6.9), layout="constrained")
    panels = figure.subplots(2, 2).flat
    for axes, (title, first, kernel) in zip(panels, PANELS, strict=True):
        for second, third in product(range(1, LARGEST + 1), repeat=2):
            rates = (first, second, third)
            accepted = rule_accepts(rates, kernel)
            color, _ = COLORS[accepted, full(rates, kernel)]
            cell = {"width": 0.9, "bottom": second - 0.45, "color": color}
            axes.bar(third, 0.9, **cell)
        axes.plot([0.5, 12.5], [0.5, 12.5], color="#757b84", lw=0.8)
        axes.set(xlim=(0.4, 12.6), ylim=(0.4, 12.6), aspect="equal")
        ticks = np.arange(1, LARGEST + 1, 2)
        axes.set(xticks=ticks, yticks=ticks, title=title)
        axes.set(xlabel="third rate", ylabel="second rate")
    handles = [Patch(color=c, label=name) for c, name in COLORS.values()]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def main() -> None:
    print(f"rates 1 to {LARGEST}, three layers   rule accepts    rejects")
    print("                            full  holes     full  holes")
    for name, group in GROUPS.items():
        found = trial(*group)
        print(f"{name:<27}", end="")
        print(f" {found[True, True]:>4} {found[True, False]:>6}", end="")
        print(f" {found[False, True]:>8} {found[False, False]:>6}")
    coprime = Counter(
        full(rates, 3)
        for rates in product(range(1, LARGEST + 1), repeat=3)
        if gcd(*rates) == 1
    )
    print(f"no common factor: {coprime[True]} full, ", end="")
    print(f"{coprime[False]} with holes")


if __name__ == "__main__":
    main()
