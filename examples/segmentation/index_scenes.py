"""Drawing: the same scenes with colors that tell much, little and nothing."""

from matplotlib.figure import Figure

from examples.segmentation.index_segments import class_legend, show_mask
from examples.segmentation.shapes import SEEDS, scene


def scenes_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.7), layout="constrained")
    grid = figure.subplots(4, 5)
    for column in range(5):
        for row, cue in enumerate((1.0, 0.75, 0.0)):
            image, mask = scene(column, SEEDS["test"], color_cue=cue)
            grid[row, column].imshow(image)
            grid[row, 0].set_ylabel(f"cue {cue:g}")
            show_mask(grid[3, column], mask)
    grid[3, 0].set_ylabel("labels")
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    class_legend(figure)
    return figure
