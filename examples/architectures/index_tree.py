"""The family tree of the base architectures, 1986 to 2017.

Each entry says what was new and from whom something was taken over; the
page of this chapter, or the paper, says more. Papers since 2012 are named
by their number on arXiv, whose first four digits are the year and month.

Raises ValueError for a name that is not in the tree.
"""

from textwrap import fill
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

INK, BLUE, ORANGE, GREEN = "#757b84", "#3b82f6", "#ea7a17", "#1f9d6b"


class Entry(NamedTuple):
    year: int
    new: str
    taken: dict[str, str]  # from whom: what
    paper: str = ""


ENTRIES = {
    "MLP": (1986, "back-propagation", {}),
    "RNN": (1990, "a state, step by step", {"MLP": "back-propagation"}),
    "LSTM": (1997, "a cell that adds", {"RNN": "the recurrence"}),
    "LeNet-5": (1998, "shared kernels", {"MLP": "back-propagation"}),
    "AlexNet": (2012, "ReLU, dropout, GPUs", {"LeNet-5": "the layout"}),
    "Net in Net": (
        *(2013, "1 × 1, global mean", {"AlexNet": "ReLU, dropout"}),
        "1312.4400",
    ),
    "Attention": (
        *(2014, "reads all states", {"LSTM": "gated recurrence"}),
        "1409.0473",
    ),
    "VGG": (
        *(2014, "3 × 3 only, deeper", {"AlexNet": "three linear layers"}),
        "1409.1556",
    ),
    "GoogLeNet": (
        *(2014, "parallel kernels", {"Net in Net": "1 × 1, global mean"}),
        "1409.4842",
    ),
    "BN-Inception": (
        *(2015, "batch norm", {"GoogLeNet": "the blocks"}),
        "1502.03167",
    ),
    "Highway": (
        *(2015, "gated shortcuts", {"LSTM": "gates on a sum"}),
        "1505.00387",
    ),
    "Inception v3": (
        *(2015, "factored kernels", {"BN-Inception": "blocks, BN"}),
        "1512.00567",
    ),
    "ResNet": (
        *(2015, "shortcuts, no gates"),
        {
            "VGG": "3 × 3 stages",
            "BN-Inception": "BN",
            "Highway": "shortcuts",
        },
        "1512.03385",
    ),
    "Transformer": (
        *(2017, "attention alone"),
        {"Attention": "attention", "ResNet": "residual sums"},
        "1706.03762",
    ),
}


# --8<-- [start:ancestors]
def tree() -> dict[str, Entry]:
    """In the order of the papers."""
    return {name: Entry(*facts) for name, facts in ENTRIES.items()}


def ancestors(name: str) -> list[str]:
    """All from whom something was taken over, oldest first."""
    family, found, waiting = tree(), set(), [name]
    if name not in family:
        raise ValueError(f"name is {name!r}; must be in {list(family)}")
    while waiting:
        older = set(family[waiting.pop()].taken) - found
        found |= older
        waiting += older
    return [entry for entry in family if entry in found]


# --8<-- [end:ancestors]
PLACES = {  # column, row
    "MLP": (1, 0),
    "RNN": (2, 1),
    "LSTM": (2, 2),
    "LeNet-5": (1, 2),
    "AlexNet": (1, 3),
    "Net in Net": (0, 4),
    "VGG": (1, 5),
    "GoogLeNet": (0, 5),
    "Attention": (3, 5),
    "BN-Inception": (0, 6),
    "Highway": (2, 6),
    "Inception v3": (0, 7.2),
    "ResNet": (1, 7.2),
    "Transformer": (3, 8.3),
}
COLORS = (ORANGE, BLUE, GREEN, GREEN)
WIDE, HIGH, STEP = 2.4, 0.64, 2.75


def center(name: str) -> tuple[float, float]:
    column, row = PLACES[name]
    return STEP * column, -row


def draw_entry(axes: Axes, name: str) -> None:
    x, y = center(name)
    color = COLORS[PLACES[name][0]]
    axes.add_patch(
        FancyBboxPatch(
            (x - WIDE / 2, y - HIGH / 2),
            WIDE,
            HIGH,
            boxstyle="round,pad=0.02,rounding_size=0.1",
            facecolor=color + "18",
            edgecolor=color,
        )
    )
    title = f"{name}, {tree()[name].year}"
    place = {"ha": "center", "va": "center"}
    axes.text(x, y + 0.15, title, size=8.5, weight="bold", **place)
    axes.text(x, y - 0.16, tree()[name].new, size=8, **place)


def draw_taken(axes: Axes, older: str, name: str, what: str) -> None:
    """Straight down, or sideways first and then down."""
    (x0, y0), (x, y) = center(older), center(name)
    style = {"arrowstyle": "-|>", "color": INK, "lw": 1.2}
    style |= {"shrinkA": 0, "shrinkB": 1}
    label = {"size": 7.5, "style": "italic"}
    top = y + HIGH / 2
    if x0 == x:
        axes.annotate("", (x, top), (x, y0 - HIGH / 2), arrowprops=style)
        under = y0 - HIGH / 2 - 0.2
        axes.text(x + 0.1, under, what, va="center", **label)
        return
    side = 1 if x > x0 else -1
    if len(tree()[name].taken) > 1:  # leave the middle to who is above
        x -= 0.55 * side
    start = x0 + side * WIDE / 2, y0
    style["connectionstyle"] = "angle,angleA=0,angleB=90,rad=6"
    axes.annotate("", (x, top), start, arrowprops=style)
    place = start[0] + side * 0.08
    anchor = "left" if side > 0 else "right"
    axes.text(place, y0 + 0.06, what, ha=anchor, va="bottom", **label)


def tree_figure() -> Figure:
    figure = Figure(figsize=(6.4, 6.4), layout="constrained")
    axes = figure.subplots()
    for name, entry in tree().items():
        draw_entry(axes, name)
        for older, what in entry.taken.items():
            draw_taken(axes, older, name, what)
    axes.set(xlim=(-1.3, 9.6), ylim=(-8.7, 0.4))
    axes.axis("off")
    return figure


def main() -> None:
    for name, entry in tree().items():
        print(f"{entry.year}  {name:<13} {entry.new}")
        for older, what in entry.taken.items():
            print(f"{'':<22}from {older}: {what}")
    for name in ("ResNet", "Inception v3"):
        line = f"before {name}: " + ", ".join(ancestors(name))
        print(fill(line, 70, break_on_hyphens=False))


if __name__ == "__main__":
    main()
