"""Three ways to cut a side of a pixels into n bins, and where they fail.

    rounded   floor(i a / n) .. ceil((i+1) a / n)   any a, any n
    sliding   windows of ceil(a / n), one every floor(a / n)
    padded    windows of k = ceil(a / n) side by side, k n - a of padding

"Sliding" is how the paper trained, "rounded" how it tested. For r > 0 in
a = q n + r with r < n, sliding makes n + floor((r - 1) / q) windows. So the
number is right if and only if r <= q, and every pixel is seen as well if
and only if r <= 1; then both rules agree. "Padded" is Caffe's way.

Sizes in pixels; a bin is its first pixel and the one after its last. Raises
ValueError unless 1 <= out <= size.
"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from examples.modules.pooling import output_size
from examples.modules.pooling_adaptive import bins

INK = "#757b84"
BLUE, ORANGE, GREEN = "#3b82f6", "#ea7a17", "#1f9d6b"


# --8<-- [start:rules]
def check_bins(size: int, out: int) -> None:
    if not 1 <= out <= size:
        raise ValueError(f"out is {out}; it must be within 1..{size}")


def sliding(size: int, out: int) -> list[tuple[int, int]]:
    """What a pooling layer makes of window ceil and stride floor."""
    check_bins(size, out)
    window, stride = -(-size // out), size // out
    starts = range(output_size(size, window, stride))
    return [(i * stride, i * stride + window) for i in starts]


def padded(size: int, out: int) -> list[tuple[int, int]]:
    """Equal windows side by side; the outer ones lose what is padding."""
    check_bins(size, out)
    window = -(-size // out)
    padding = (window * out - size + 1) // 2
    starts = [i * window - padding for i in range(out)]
    return [(max(s, 0), min(s + window, size)) for s in starts]


# --8<-- [end:rules]
# --8<-- [start:verdict]
def verdict(size: int, out: int) -> str:
    """What the sliding rule does to this side."""
    found = sliding(size, out)
    if len(found) != out:
        return "length"
    return "same" if found[-1][1] == size else "pixels"


# --8<-- [end:verdict]
def draw_rule(
    axes: Axes, size: int, chosen: list[tuple[int, int]], out: int
) -> None:
    for x in range(size):
        seen = any(a <= x < b for a, b in chosen[:out])
        gray = {"facecolor": INK, "alpha": 0.45}
        look = {"edgecolor": INK} | (gray if seen else {"fill": False})
        axes.add_patch(Rectangle((x, 0), 1, 0.8, **look))
    for i, (start, end) in enumerate(chosen):
        y = -0.4 - 0.36 * (i % 3)
        color = BLUE if i < out else ORANGE
        axes.plot([start + 0.1, end - 0.1], [y, y], color=color, lw=4)
    axes.set(xlim=(-0.1, 13.1), ylim=(-1.45, 0.9))
    axes.axis("off")


def rules_figure() -> Figure:
    figure = Figure(figsize=(6.4, 6.6), layout="constrained")
    rows = figure.subplot_mosaic("A;B;C;D", height_ratios=(1, 1, 1, 4.2))
    draw_rule(rows["A"], 13, sliding(13, 6), 6)
    rows["A"].set_title("13 into 6, sliding = rounded", loc="left", size=11)
    draw_rule(rows["B"], 10, bins(10, 6), 6)
    rows["B"].set_title("10 into 6, rounded: 6 bins", loc="left", size=11)
    draw_rule(rows["C"], 10, sliding(10, 6), 6)
    rows["C"].set_title("10 into 6, sliding: 9 bins", loc="left", size=11)
    colors = {"same": GREEN, "pixels": BLUE, "length": ORANGE}
    axes = rows["D"]
    for out in range(1, 9):
        for size in range(out, 33):
            color = colors[verdict(size, out)]
            place = (size - 0.5, out - 0.5)
            cell = {"facecolor": color, "alpha": 0.75, "edgecolor": "none"}
            axes.add_patch(Rectangle(place, 0.92, 0.9, **cell))
    for name, said in (
        ("same", "same as rounded"),
        ("pixels", "last pixels unseen"),
        ("length", "too many bins"),
    ):
        axes.bar(0, 0, color=colors[name], alpha=0.75, label=said)
    axes.set(xlim=(0.4, 32.6), ylim=(0.4, 8.6), yticks=range(1, 9))
    axes.set(xlabel="side of the map, a", ylabel="bins a side, n")
    axes.set_xticks([1, 4, 7, 10, 13, 16, 20, 24, 28, 32])
    axes.set_title("the sliding rule, case by case", loc="left", size=11)
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def main() -> None:
    print("side bins  rounded      sliding            unseen  padded")
    for size, out in ((13, 6), (13, 4), (10, 6), (10, 4), (7, 4)):
        lengths = [
            " ".join(str(b - a) for a, b in rule(size, out))
            for rule in (bins, sliding, padded)
        ]
        unseen = size - sliding(size, out)[-1][1]
        line = "{:<12} {:<19}{unseen:>5}   {}"
        print(f"{size:>4} {out:>4}  {line.format(*lengths, unseen=unseen)}")
    cases = [verdict(a, n) for n in (1, 2, 3, 6) for a in range(7, 65)]
    print("\nsliding, levels 1 2 3 6, sides of 7 to 64 pixels")
    for name, meaning in (
        ("same", "as rounded"),
        ("pixels", "last pixels unseen"),
        ("length", "too many bins"),
    ):
        print(f"{meaning:<20}{cases.count(name):>4} of {len(cases)}")


if __name__ == "__main__":
    main()
