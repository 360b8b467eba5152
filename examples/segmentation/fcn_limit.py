"""How good can scores at a stride be? The labels themselves, scaled there.

    y_s = mean of one-hot labels over s × s pixels,   up_s(y_s) bilinear

No network is in it: what is lost here is lost to every model that decides
at this stride and interpolates. Long et al. make the same estimate.

Shapes: labels (n, h, w), sides multiples of the stride; labels back. Raises
ValueError for another stride.
"""

import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor

from examples.segmentation.index import confusion_matrix, iou_per_class
from examples.segmentation.index_segments import class_legend, show_mask
from examples.segmentation.shapes import CLASSES, shapes_dataset


# --8<-- [start:limit]
def there_and_back(labels: Tensor, stride: int) -> Tensor:
    """What is left of labels after scores of 1 / stride."""
    if stride < 1 or any(side % stride for side in labels.shape[1:]):
        raise ValueError(
            f"stride is {stride}; must divide {tuple(labels.shape[1:])}"
        )
    perfect = F.one_hot(labels, len(CLASSES)).movedim(3, 1).double()
    low = F.avg_pool2d(perfect, stride)
    up = F.interpolate(low, labels.shape[1:], mode="bilinear")
    return up.argmax(1)


# --8<-- [end:limit]
def limit_figure() -> Figure:
    labels = shapes_dataset("test", 3).tensors[1]
    figure = Figure(figsize=(6.4, 5.0), layout="constrained")
    grid = figure.subplots(3, 4)
    for column, stride in enumerate((1, 8, 16, 32)):
        masks = there_and_back(labels, stride).numpy()
        for axes, mask in zip(grid[:, column], masks, strict=True):
            show_mask(axes, mask)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        title = f"1/{stride}" if stride > 1 else "labels"
        grid[0, column].set_title(title)
    class_legend(figure)
    return figure


def main() -> None:
    labels = shapes_dataset("test", 200).tensors[1]
    print("scores at   mIoU  background  star")
    for stride in (2, 4, 8, 16, 32):
        back = there_and_back(labels, stride)
        iou = iou_per_class(confusion_matrix(labels, back, len(CLASSES)))
        mean, first, *_, star = (iou.mean(), *iou)
        print(f"1/{stride:<8} {mean:>6.2f} {first:>11.2f} {star:>5.2f}")


if __name__ == "__main__":
    main()
