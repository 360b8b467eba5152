"""The array behind a photograph, drawn from the photograph itself."""

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, Rectangle
from skimage import data

from examples.opencv.index import offset, region, saturate, wrap

BLUE, GREEN, RED, INK = "#3b82f6", "#1f9d6b", "#e5484d", "#757b84"
PLANES = (("B", BLUE), ("G", GREEN), ("R", RED))
X, Y, SIDE = 198, 110, 4  # the patch that is enlarged, beside an eye


def photograph(axes: Axes, image: np.ndarray) -> None:
    """The image with its two axes and the patch."""
    axes.imshow(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    axes.add_patch(
        Rectangle((X - 12, Y - 12), 28, 28, fill=False, ec="#ffd43b", lw=2)
    )
    axes.set_xlabel("x, column, axis 1 →", color=INK)
    axes.set_ylabel("← y, row, axis 0", color=INK)
    axes.xaxis.set_label_position("top")
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False)
    axes.set(xticks=(0, 200, 400), yticks=(0, 200, 400))
    axes.spines[:].set_visible(False)
    axes.plot(0, 0, "o", color="#ffd43b", ms=9, clip_on=False)
    axes.text(
        22,
        34,
        "image[0, 0]",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 2},
        color="black",
        fontsize=9,
        va="center",
    )


def planes(axes: Axes, image: np.ndarray) -> None:
    """The patch as three numbered sheets, blue in front."""
    patch = region(image, X, Y, SIDE, SIDE)
    for c, (name, color) in reversed(list(enumerate(PLANES))):
        shift = 1.25 * c
        for i in range(SIDE):
            for j in range(SIDE):
                left, top = j + shift, i - shift
                axes.add_patch(
                    Rectangle((left, top), 1, 1, fc="white", ec=color, lw=1.2)
                )
                if c == 0 or i == 0 or j == SIDE - 1:  # not behind another
                    axes.text(
                        left + 0.5,
                        top + 0.5,
                        str(patch[i, j, c]),
                        ha="center",
                        va="center",
                        color=color,
                        fontsize=10,
                    )
        axes.text(
            SIDE + shift + 0.15,
            SIDE - shift - 0.4,
            f"{name}  [..., {c}]",
            color=color,
            fontsize=11,
            weight="bold",
        )
    axes.text(0, SIDE + 0.6, f"image[{Y}:{Y + SIDE}, {X}:{X + SIDE}]")
    axes.set(xlim=(-0.2, 9), ylim=(SIDE + 1.2, -3))
    axes.set_aspect("equal")
    axes.axis("off")


def memory(axes: Axes, image: np.ndarray) -> None:
    """The first row of the patch as it lies in memory."""
    for k in range(3 * SIDE):
        x, c = X + k // 3, k % 3
        color = PLANES[c][1]
        axes.add_patch(Rectangle((k, 0), 1, 1, fc="white", ec=color, lw=1.5))
        level = image[Y, x, c]
        axes.text(k + 0.5, 0.5, level, ha="center", va="center", color=color)
        if c == 0:
            place = offset(image, Y, x, c)
            axes.text(k, 1.75, f"{place}", fontsize=9, ha="left")
            axes.plot([k, k], [1, 1.35], color=INK, lw=1)
    axes.text(
        0, -0.65, f"memory of row {Y}: one byte a value, three bytes a pixel"
    )
    axes.set(xlim=(-0.1, 3 * SIDE + 0.1), ylim=(2, -1.2))
    axes.set_aspect("equal")
    axes.axis("off")


def array() -> Figure:
    image = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
    figure = Figure(figsize=(6.4, 4.5), layout="constrained")
    panels = figure.subplot_mosaic(
        [["photograph", "planes"], ["memory", "memory"]],
        height_ratios=[2.7, 1],
        width_ratios=[1, 1.15],
    )
    photograph(panels["photograph"], image)
    planes(panels["planes"], image)
    memory(panels["memory"], image)
    for corner in (0, SIDE):
        line = ConnectionPatch(
            (X + 16, Y - 12 + 7 * corner),
            (0, corner),
            panels["photograph"].transData,
            panels["planes"].transData,
            color="#ffd43b",
            lw=1.2,
        )
        figure.add_artist(line)
    return figure


def overflow() -> Figure:
    """A hundred more: NumPy's sum and OpenCV's, and their two curves."""
    image = data.astronaut()
    levels = np.arange(256)
    ways = (("NumPy: wrap", wrap), ("OpenCV: saturate", saturate))
    figure = Figure(figsize=(6.4, 5.2), layout="constrained")
    panels = figure.subplots(2, 2, height_ratios=[1.9, 1])
    for k, (name, way) in enumerate(ways):
        picture, curve = panels[0, k], panels[1, k]
        picture.imshow(way(image.astype(int) + 100))
        picture.set_title(name)
        picture.axis("off")
        curve.plot(levels, way(levels + 100), ".", ms=2, color=(RED, GREEN)[k])
        curve.set(xticks=(0, 155, 255), yticks=(0, 100, 255))
        curve.set(xlabel="level", ylim=(-12, 268))
        curve.grid()
    panels[1, 0].set_ylabel("level + 100")
    return figure
