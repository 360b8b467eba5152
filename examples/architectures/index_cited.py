"""Top-1 accuracies as torchvision publishes them, beside our own counts.

The accuracies are cited, not ours: ImageNet validation, one center crop,
from the records of torchvision 0.28 (docs.pytorch.org/vision). Weights V1
were trained by the recipes of the papers' time, V2 by one of 2021. The
GoogLeNet there is a variant, with BN and fewer weights than the paper's.
"""

from typing import NamedTuple

from matplotlib.figure import Figure
from torch import device

from examples.architectures.index import Count, count, models

INK, BLUE, ORANGE, GREEN = "#757b84", "#3b82f6", "#ea7a17", "#1f9d6b"


# --8<-- [start:cited]
class Cited(NamedTuple):
    weights: str  # as torchvision calls them
    parameters: int
    gmacs: float
    top1: float  # percent


CITED = {
    "VGG-16": ("VGG16 V1", 138_357_544, 15.470, 71.592),
    "GoogLeNet": ("GoogLeNet V1", 6_624_904, 1.498, 69.778),
    "Inception v3": ("Inception_V3 V1", 27_161_264, 5.713, 77.294),
    "ResNet-18": ("ResNet18 V1", 11_689_512, 1.814, 69.758),
    "ResNet-50": ("ResNet50 V1", 25_557_032, 4.089, 76.130),
    "ResNet-50, V2": ("ResNet50 V2", 25_557_032, 4.089, 80.858),
    "ResNet-101": ("ResNet101 V1", 44_549_160, 7.801, 77.374),
    "ResNet-101, V2": ("ResNet101 V2", 44_549_160, 7.801, 81.886),
}


def cited() -> dict[str, Cited]:
    return {name: Cited(*figures) for name, figures in CITED.items()}


# --8<-- [end:cited]
# --8<-- [start:demo]
def counts() -> dict[str, Count]:
    """Ours, of every architecture that has a cited accuracy."""
    known, found = models(), {}
    for name in CITED:
        build, inputs = known[name.partition(",")[0]]
        with device("meta"):
            found[name] = count(build(), *inputs)
    return found


def main() -> None:
    print("                   counted here                 cited")
    print("               parameters   GMACs   parameters   GMACs  top-1")
    for name, ours in counts().items():
        theirs = cited()[name]
        print(f"{name:<14}{ours.parameters:>11,}", end="")
        print(f"{ours.macs / 1e9:>8.3f}", end="")
        print(f"{theirs.parameters:>13,}{theirs.gmacs:>8.3f}", end="")
        print(f"{theirs.top1:>9.1f}")


# --8<-- [end:demo]
PLACES = {  # points to the right and up, anchor
    "VGG-16": (-14, -4, "right"),
    "GoogLeNet": (0, -17, "center"),
    "Inception v3": (0, -17, "center"),
    "ResNet-18": (14, 2, "left"),
    "ResNet-50": (-10, 8, "right"),
    "ResNet-50, V2": (-12, 4, "right"),
    "ResNet-101": (14, -9, "left"),
    "ResNet-101, V2": (14, 0, "left"),
}


def accuracy_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.9), layout="constrained")
    axes = figure.subplots()
    found = counts()
    top1 = {name: theirs.top1 for name, theirs in cited().items()}
    for name, ours in found.items():
        x, y = ours.macs / 1e9, top1[name]
        later = name.endswith("V2")
        color = GREEN if later else BLUE
        color = ORANGE if name == "VGG-16" else color
        area = 2.2 * ours.parameters / 1e6
        axes.scatter(x, y, area, color=color, alpha=0.55, lw=0)
        right, up, anchor = PLACES[name]
        axes.annotate(
            name,
            (x, y),
            (right, up),
            textcoords="offset points",
            ha=anchor,
            size=9,
        )
    for layers in ("50", "101"):  # one network, two trainings
        name = f"ResNet-{layers}"
        x = found[name].macs / 1e9
        ends = top1[name] + 0.4, top1[f"{name}, V2"] - 0.5
        style = {"arrowstyle": "->", "color": GREEN}
        axes.annotate("", (x, ends[1]), (x, ends[0]), arrowprops=style)
    note = "area: parameters; arrows: trained anew"
    axes.text(23, 67.5, note, ha="right", size=9)
    axes.set(xscale="log", xlim=(1.1, 26), ylim=(67, 84))
    axes.set_xticks([1.5, 2, 4, 8, 16], ["1.5", "2", "4", "8", "16"])
    axes.minorticks_off()
    axes.set_xlabel("GMACs, counted here")
    axes.set_ylabel("ImageNet top-1, cited, %")
    axes.grid(visible=True)
    return figure


if __name__ == "__main__":
    main()
