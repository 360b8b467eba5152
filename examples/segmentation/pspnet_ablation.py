"""PSPNet without one of its parts, trained as in the comparison.

    no_pyramid     the dilated network alone: the paper's baseline
    no_auxiliary   the second head has no weight in the loss

Same scenes, steps and seeds as every row of the comparison.
"""

import torch

from examples.segmentation.index import iou_per_class, mean_iou
from examples.segmentation.index_comparison import (
    COLOR_CUE,
    RUN_SEEDS,
    STEPS,
    TEST_SCENES,
    TRAIN_SCENES,
)
from examples.segmentation.pspnet import PYRAMID_BINS, PSPNet
from examples.segmentation.shapes import CLASSES, shapes_dataset
from examples.segmentation.training import evaluate, train

WITHOUT = {
    "no_pyramid": "no pyramid",
    "no_auxiliary": "no auxiliary loss",
}


def rows() -> list[str]:
    return list(WITHOUT)


# --8<-- [start:variants]
def without(row: str) -> PSPNet:
    bins = () if row == "no_pyramid" else PYRAMID_BINS
    model = PSPNet(18, len(CLASSES), 16, bins)
    if row == "no_auxiliary":
        model.aux_weights = (0.0,)
    return model


# --8<-- [end:variants]
def measure(row: str) -> dict:
    threads, k = torch.get_num_threads(), len(CLASSES)
    torch.set_num_threads(1)
    scenes = shapes_dataset("train", TRAIN_SCENES, color_cue=COLOR_CUE)
    x, y = shapes_dataset("test", TEST_SCENES, color_cue=COLOR_CUE).tensors
    confusions, parameters = [], 0
    for seed in RUN_SEEDS:
        torch.manual_seed(seed)
        model = without(row).to(memory_format=torch.channels_last)
        parameters = sum(p.numel() for p in model.parameters())
        train(model, scenes, STEPS, seed=seed)
        confusions.append(evaluate(model, x, y, k))
    torch.set_num_threads(threads)
    mious = [mean_iou(confusion) for confusion in confusions]
    ious = torch.stack([iou_per_class(c) for c in confusions]).mean(0)
    return {
        "model": WITHOUT[row],
        "parameters": parameters,
        "miou_low": min(mious),
        "miou_high": max(mious),
        "background": float(ious[0]),
        "shapes": float(ious[1:].nanmean()),
    }
