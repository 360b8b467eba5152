"""What one Inception block costs with its reductions, and without.

    with      c (o1 + r3 + r5 + p) + 9 r3 o3 + 25 r5 o5   weights
    without   c (o1 + 9 o3 + 25 o5), and pooling hands on all c channels

c channels come in, o1, o3 and o5 leave the three kernels, p the pooling.
Every weight makes one multiply-add at every position. Without the 1 × 1
after pooling the channels pile up: the next block reads o1 + o3 + o5 + c.
Biases are not counted. Raises ValueError for c below 1.
"""

from typing import NamedTuple

from matplotlib.figure import Figure

from examples.architectures.inception import TABLE_1, Widths

GRIDS = {"3": 28, "4": 14, "5": 7}  # side of the maps, by stage


# --8<-- [start:cost]
def reduced_weights(c: int, w: Widths) -> int:
    check_channels_in(c)
    small = c * (w.one + w.reduce3 + w.reduce5 + w.pool)
    return small + 9 * w.reduce3 * w.three + 25 * w.reduce5 * w.five


def plain_weights(c: int, w: Widths) -> int:
    check_channels_in(c)
    return c * (w.one + 9 * w.three + 25 * w.five)


class Cost(NamedTuple):
    channels: int  # into the block
    reduced: float  # million multiply-adds
    plain: float
    piled_channels: int  # where pooled channels are kept
    piled: float


def block_costs() -> dict[str, Cost]:
    """All nine blocks of GoogLeNet, with and without the 1 × 1."""
    found, c, piled = {}, 192, 192
    for name, row in TABLE_1.items():
        w = Widths(*row)
        million = GRIDS[name[0]] ** 2 / 1e6
        found[name] = Cost(
            c,
            reduced_weights(c, w) * million,
            plain_weights(c, w) * million,
            piled,
            plain_weights(piled, w) * million,
        )
        c = w.one + w.three + w.five + w.pool
        piled += w.one + w.three + w.five
    return found


# --8<-- [end:cost]
def check_channels_in(c: int) -> None:
    if c < 1:
        raise ValueError(f"c is {c}; must be at least 1")


def cost_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    costs = block_costs()
    x = range(len(costs))
    bars = {
        "with reductions": ("#3b82f6", [c.reduced for c in costs.values()]),
        "without": ("#ea7a17", [c.plain for c in costs.values()]),
        "without, pooled channels piled up": (
            "#757b84",
            [c.piled for c in costs.values()],
        ),
    }
    for i, (name, (color, values)) in enumerate(bars.items()):
        at = [n + 0.27 * (i - 1) for n in x]
        top.bar(at, values, 0.25, color=color, label=name)
    top.set(yscale="log", ylabel="million multiply-adds")
    channels = [c.channels for c in costs.values()]
    piled = [c.piled_channels for c in costs.values()]
    bottom.plot(x, channels, "o-", color="#3b82f6")
    bottom.plot(x, piled, "o-", color="#757b84")
    bottom.set(ylabel="channels in", xlabel="block", ylim=(0, None))
    bottom.set_xticks(x, list(costs))
    for axes in (top, bottom):
        axes.grid(visible=True, axis="y")
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def main() -> None:
    print("       with reductions      without        pooled channels kept")
    print("block  channels  MMACs   MMACs  times   channels  MMACs  times")
    costs = block_costs()
    for name, c in costs.items():
        print(f"{name:<7}{c.channels:>8}{c.reduced:>7.0f}", end="")
        print(f"{c.plain:>8.0f}{c.plain / c.reduced:>7.1f}", end="")
        print(f"{c.piled_channels:>11}{c.piled:>7.0f}", end="")
        print(f"{c.piled / c.reduced:>7.1f}")
    sums = [sum(c[i] for c in costs.values()) for i in (1, 2, 4)]
    print(f"all nine       {sums[0]:>7.0f}{sums[1]:>8.0f}", end="")
    print(f"{sums[1] / sums[0]:>7.1f}           {sums[2]:>7.0f}", end="")
    print(f"{sums[2] / sums[0]:>7.1f}")


if __name__ == "__main__":
    main()
