"""How many of nine taps fall on the map: the larger the rate, the fewer.

Along an axis of n positions at rate r, of three taps there are

    3 valid at n - 2 r positions, 2 at 2 r of them        for r <= n / 2
    2 valid at 2 (n - r), only the middle one at 2 r - n  up to r = n
    only the middle one everywhere                        beyond

and counts of the two axes multiply. On average (3 - 2 min(r, n) / n)² of
nine taps are valid. DeepLab V3, arxiv.org/abs/1706.05587, figure 4.

Shapes: shares {valid taps: share of the n × n positions}. Raises ValueError
for sizes and rates below 1.
"""

from itertools import product

import torch
from matplotlib.figure import Figure

from examples.modules.aspp import RATES
from examples.modules.convolution import convolve

COLORS = {
    9: "#3b82f6",
    6: "#0e9aa7",
    4: "#1f9d6b",
    2: "#a35fe0",
    1: "#ea7a17",
}
MAPS = {65: 8, 33: 16}  # features of a 513 × 513 crop: output stride
CASES = (
    (33, (6, 12, 18, 24)),
    (65, (12, 24, 36)),
    (21, (6, 12, 18)),  # a crop of 321
    (14, (6, 12, 18)),  # an image of 224
)


# --8<-- [start:valid]
def axis_shares(n: int, rate: int) -> dict[int, float]:
    if n < 1 or rate < 1:
        raise ValueError(f"n is {n}, rate is {rate}; must be at least 1")
    three = max(n - 2 * rate, 0)
    one = max(2 * rate - n, 0) if rate <= n else n
    return {3: three / n, 2: (n - three - one) / n, 1: one / n}


def valid_shares(n: int, rate: int) -> dict[int, float]:
    """The share of positions at which 9, 6, 4, 3, 2 or 1 taps are valid."""
    along = axis_shares(n, rate)
    shares: dict[int, float] = {}
    for (a, share_a), (b, share_b) in product(along.items(), repeat=2):
        shares[a * b] = shares.get(a * b, 0.0) + share_a * share_b
    return shares


def measured_shares(n: int, rate: int) -> dict[int, float]:
    """The same by convolving ones with ones: padding adds nothing."""
    ones, taps = torch.ones(1, 1, n, n), torch.ones(1, 1, 3, 3)
    valid = convolve(ones, taps, padding=rate, dilation=rate)
    shares: dict[int, float] = {}
    for count in (9, 6, 4, 3, 2, 1):
        shares[count] = float((valid == count).double().mean())
    return shares


def mean_valid(n: int, rate: int) -> float:
    return (3 - 2 * min(rate, n) / n) ** 2


# --8<-- [end:valid]
def valid_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.2), layout="constrained")
    panels = figure.subplots(2, 1)
    for axes, (n, stride) in zip(panels, MAPS.items(), strict=True):
        rates = range(1, n + n // 5)
        table = [valid_shares(n, rate) for rate in rates]
        for count, color in COLORS.items():
            shares = [shares[count] for shares in table]
            strong = {"lw": 2.2} if count in (1, 4, 9) else {"lw": 1.2}
            name = f"{count} valid" if stride == 8 else None
            axes.plot(rates, shares, color=color, label=name, **strong)
        for rate in RATES[stride]:
            axes.axvline(rate, color="#757b84", linestyle=":")
        axes.set_title(f"{n} × {n}, output stride {stride}", fontsize=11)
        axes.set(xlabel="rate", ylabel="share of positions")
        axes.set(xlim=(1, rates[-1]), ylim=(-0.02, 1.02))
        axes.set_xticks([*RATES[stride], n])
        axes.grid(visible=True, axis="y")
    figure.legend(loc="outside upper center", ncols=5)
    return figure


def main() -> None:
    print("map      rate  valid taps  all nine  only the middle one")
    for n, rates in CASES:
        for rate in rates:
            shares = valid_shares(n, rate)
            side, mean = f"{n} × {n}", mean_valid(n, rate)
            print(f"{side:<8} {rate:>4} {mean:>9.1f}", end="")
            print(f" {100 * shares[9]:>9.0f} % {100 * shares[1]:>10.0f} %")


if __name__ == "__main__":
    main()
