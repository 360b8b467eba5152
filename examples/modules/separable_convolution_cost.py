"""What separating saves in FLOPs, and what it saves in time, by formula.

    FLOPs   full 2 n c o k k    depthwise 2 n c k k    pointwise 2 n c o
    bytes   4 (input + output + weights), each read or written once
    time  = max(FLOPs / peak, bytes / bandwidth)

n = h w output positions, stride 1, one image in float32. The last line is
the roofline of Williams, Waterman and Patterson, 2009,
doi.org/10.1145/1498765.1498785, here for an imaginary machine.

Raises ValueError for a size that is not positive.
"""

import numpy as np
from matplotlib.figure import Figure

PEAK = 10e12  # FLOPs a second
BANDWIDTH = 500e9  # bytes a second


# --8<-- [start:cost]
def costs(
    c: int, o: int, kernel: int, h: int, w: int
) -> dict[str, tuple[int, int]]:
    """FLOPs and bytes moved, of each layer by itself."""
    for name, value in zip("cokhw", (c, o, kernel, h, w), strict=True):
        if value < 1:
            raise ValueError(f"{name} is {value}; must be at least 1")
    n, taps = h * w, kernel**2
    return {
        "full": (2 * n * c * o * taps, 4 * (n * c + n * o + c * o * taps)),
        "depthwise": (2 * n * c * taps, 4 * (2 * n * c + c * taps)),
        "pointwise": (2 * n * c * o, 4 * (n * c + n * o + c * o)),
    }


def seconds(flops: int, moved: int) -> float:
    return max(flops / PEAK, moved / BANDWIDTH)


# --8<-- [end:cost]
# --8<-- [start:saving]
def saving(c: int, kernel: int = 3, size: int = 56) -> tuple[float, float]:
    """How many times fewer FLOPs, and how many times faster at best."""
    layers = costs(c, c, kernel, size, size)
    flops = {name: cost[0] for name, cost in layers.items()}
    time = {name: seconds(*cost) for name, cost in layers.items()}
    return (
        flops["full"] / (flops["depthwise"] + flops["pointwise"]),
        time["full"] / (time["depthwise"] + time["pointwise"]),
    )


# --8<-- [end:saving]
def roofline_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    x = np.geomspace(1, 1000, 200)
    roof = np.minimum(PEAK, x * BANDWIDTH) / 1e12
    axes.loglog(x, roof, color="#757b84")
    styles = {
        "full": "#3b82f6",
        "depthwise": "#ea7a17",
        "pointwise": "#1f9d6b",
    }
    for c, marker in ((16, "o"), (64, "s"), (256, "^")):
        for name, (flops, moved) in costs(c, c, 3, 56, 56).items():
            at = flops / moved
            reached = flops / seconds(flops, moved) / 1e12
            label = name if c == 64 else None
            axes.plot(at, reached, marker, color=styles[name], label=label)
            if name == "depthwise" and c != 64:
                continue
            note = "all c" if name == "depthwise" else f"{c}"
            where = {"textcoords": "offset points", "color": styles[name]}
            axes.annotate(note, (at, reached), xytext=(5, -13), **where)
    axes.text(1.2, 1.3, "memory decides", rotation=35, color="#757b84")
    axes.text(120, 11.5, "arithmetic decides", color="#757b84")
    axes.set(ylim=(0.4, 20), xlabel="FLOPs for each byte moved")
    axes.set_ylabel("TFLOPs a second, at best")
    axes.grid(visible=True)
    axes.legend(loc="lower right")
    return figure


def main() -> None:
    print("3 × 3, 56 × 56, c to c channels")
    print("c      1/k² + 1/c   fewer FLOPs   faster at best   FLOPs a byte")
    for c in (16, 64, 256, 1024):
        fewer, faster = saving(c)
        layers = costs(c, c, 3, 56, 56)
        intensity = [flops / moved for flops, moved in layers.values()]
        ratio = 1 / 9 + 1 / c
        print(f"{c:<6} {ratio:<12.3f} {fewer:<13.1f}", end="")
        print(f" {faster:<16.1f}", end="")
        print(" {:.0f}, {:.1f}, {:.0f}".format(*intensity))


if __name__ == "__main__":
    main()
