"""How good is a segmentation? One matrix of counts answers all of it.

    n_ij          pixels of class i that were called class j
    IoU_i       = n_ii / (sum_j n_ij + sum_j n_ji - n_ii)
    mIoU        = mean of IoU_i over the classes that occur at all
    accuracy    = sum_i n_ii / sum_ij n_ij

A class that is neither in the labels nor in the predictions has no IoU and
is left out of the mean; one that is only predicted has IoU 0 and counts.
Pixels labeled IGNORE are left out of everything. The measures are those of
Long et al., arxiv.org/abs/1411.4038, section 5.

Shapes: labels and predictions of one shape, integer; confusion (k, k), true
class by row; IoU (k,), NaN for no IoU. Raises ValueError for shapes that
differ and for classes outside 0 … k - 1, IGNORE in labels excepted.
"""

import torch
from torch import Tensor

from examples.segmentation.shapes import CLASSES, shapes_dataset

IGNORE = 255  # what labels say where nobody can tell


# --8<-- [start:confusion]
def check_classes(labels: Tensor, classes: int, name: str) -> None:
    wrong = labels[(labels < 0) | (labels >= classes)]
    if wrong.numel():
        raise ValueError(
            f"{name} has {int(wrong[0])}; must be 0 … {classes - 1}"
            + (f" or {IGNORE}" if name == "labels" else "")
        )


def confusion_matrix(
    labels: Tensor, predictions: Tensor, classes: int
) -> Tensor:  # (k, k)
    if labels.shape != predictions.shape:
        raise ValueError(
            f"labels are {tuple(labels.shape)} and predictions "
            f"{tuple(predictions.shape)}; must be of one shape"
        )
    counted = labels != IGNORE
    true, called = labels[counted].long(), predictions[counted].long()
    check_classes(true, classes, "labels")
    check_classes(called, classes, "predictions")
    cells = torch.bincount(true * classes + called, minlength=classes**2)
    return cells.view(classes, classes)


# --8<-- [end:confusion]
# --8<-- [start:iou]
def iou_per_class(confusion: Tensor) -> Tensor:  # (k,)
    hits = confusion.diagonal()
    union = confusion.sum(0) + confusion.sum(1) - hits
    return hits.double() / union  # 0 / 0 is NaN: the class does not occur


def mean_iou(confusion: Tensor) -> float:
    return float(iou_per_class(confusion).nanmean())


def pixel_accuracy(confusion: Tensor) -> float:
    return float(confusion.diagonal().sum().double() / confusion.sum())


# --8<-- [end:iou]
# --8<-- [start:color]
def color_bins(x: Tensor) -> Tensor:  # (n, 3, h, w)
    """Which of 8 × 8 × 8 boxes of color each pixel is in."""
    levels = ((x * 0.25 + 0.5) * 8).long().clamp(0, 7)
    return levels[:, 0] * 64 + levels[:, 1] * 8 + levels[:, 2]


def color_classifier(x: Tensor, y: Tensor, classes: int) -> Tensor:
    """The most frequent class of each box of color: (512,)."""
    cells = torch.bincount(
        (color_bins(x) * classes + y).flatten(), minlength=512 * classes
    )
    return cells.view(512, classes).argmax(1)


def color_score(color_cue: float, scenes: int = 200) -> Tensor:
    """The confusion of a classifier that sees one pixel and no shape."""
    k = len(CLASSES)
    x, y = shapes_dataset("train", scenes, color_cue=color_cue).tensors
    table = color_classifier(x, y, k)
    x, y = shapes_dataset("test", scenes, color_cue=color_cue).tensors
    return confusion_matrix(y, table[color_bins(x)], k)


# --8<-- [end:color]
# --8<-- [start:demo]
def main() -> None:
    k = len(CLASSES)
    _, masks = shapes_dataset("test", 200).tensors
    print("class        pixels  in scenes")
    for label, name in enumerate(CLASSES):
        pixels = float((masks == label).double().mean())
        scenes = float((masks == label).flatten(1).any(1).double().mean())
        print(f"{name:<11}{pixels:>8.1%} {scenes:>9.0%}")
    nothing = confusion_matrix(masks, torch.zeros_like(masks), k)
    print("\n                       accuracy  mIoU")
    rows = {"background everywhere": nothing}
    for cue in (0, 0.5, 0.75, 0.9, 1):
        rows[f"color alone, cue {cue}"] = color_score(cue)
    for name, confusion in rows.items():
        accuracy, miou = pixel_accuracy(confusion), mean_iou(confusion)
        print(f"{name:<23}{accuracy:>8.2f} {miou:>5.2f}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
