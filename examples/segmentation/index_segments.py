"""What the trained small models make of scenes that none has seen.

``segments(row)`` draws input, labels and prediction for the first scenes of
the test set. The masks are those that ``index_comparison`` stored. Raises
ValueError for a row that is not stored.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from examples.segmentation.index_comparison import COLOR_CUE, unpacked
from examples.segmentation.index_stored import stored_values
from examples.segmentation.shapes import CLASSES, SEEDS, scene

PALETTE = (
    *("#d5d9df", "#3b82f6", "#ea7a17", "#1f9d6b"),
    *("#a35fe0", "#e5484d", "#e0b000"),
)
COLUMNS = 5


def unseen_scene(i: int) -> tuple[np.ndarray, np.ndarray]:
    return scene(i, SEEDS["test"], color_cue=COLOR_CUE)


def show_mask(axes: Axes, mask: np.ndarray) -> None:
    colors = ListedColormap(PALETTE)
    axes.imshow(mask, cmap=colors, vmin=-0.5, vmax=len(PALETTE) - 0.5)


def class_legend(figure: Figure) -> None:
    handles = [
        Patch(color=color, label=name)
        for color, name in zip(PALETTE, CLASSES, strict=True)
    ]
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=4,
        handlelength=1,
        columnspacing=1.2,
    )


def segments(row: str) -> Figure:
    return compare_segments({"prediction": row})


def compare_segments(rows: dict[str, str]) -> Figure:
    """Input, labels and one line of pictures for each model."""
    stored = stored_values("index_comparison")
    for row in rows.values():
        if row not in stored:
            raise ValueError(f"row is {row!r}; must be one of {tuple(stored)}")
    lines = 2 + len(rows)
    figure = Figure(figsize=(6.4, 1.28 * lines + 0.6), layout="constrained")
    grid = figure.subplots(lines, COLUMNS, squeeze=False)
    for column in range(COLUMNS):
        image, mask = unseen_scene(column)
        grid[0, column].imshow(image)
        show_mask(grid[1, column], mask)
        for line, row in enumerate(rows.values(), 2):
            predicted = unpacked(stored[row]["masks"])[column]
            show_mask(grid[line, column], predicted)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    for axes, name in zip(grid[:, 0], ("input", "labels", *rows), strict=True):
        axes.set_ylabel(name)
    class_legend(figure)
    return figure
