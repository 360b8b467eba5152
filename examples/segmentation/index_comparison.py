"""Every small model, trained on the same scenes for the same steps.

One setting serves all, and was fitted to none: 1000 steps of 16 scenes, AdamW
at 3e-3 with the schedule of ``train``, two seeds, which change the starting
weights and the order of the scenes.
"""

import base64
import time
import zlib

import numpy as np
import torch
from torch import Tensor

from examples.segmentation.index import (
    iou_per_class,
    mean_iou,
    pixel_accuracy,
)
from examples.segmentation.index_models import (
    module_name,
    name_of,
    small_model,
    small_rows,
)
from examples.segmentation.shapes import CLASSES, shapes_dataset
from examples.segmentation.training import evaluate, predict, train

STEPS = 1000
TRAIN_SCENES, TEST_SCENES, SHOWN = 2048, 256, 6
COLOR_CUE = 0.75
RUN_SEEDS = (0, 1)


def rows() -> list[str]:
    return small_rows()


def depends(row: str) -> list[str]:
    return [module_name(row)]


# --8<-- [start:measure]
def measure(row: str) -> dict:
    k, threads = len(CLASSES), torch.get_num_threads()
    torch.set_num_threads(1)
    scenes = shapes_dataset("train", TRAIN_SCENES, color_cue=COLOR_CUE)
    x, y = shapes_dataset("test", TEST_SCENES, color_cue=COLOR_CUE).tensors
    confusions, seconds, shown, parameters = [], [], [], 0
    for seed in RUN_SEEDS:
        model = small_model(row, k, seed)
        model = model.to(memory_format=torch.channels_last)
        parameters = sum(p.numel() for p in model.parameters())
        start = time.process_time()
        train(model, scenes, STEPS, seed=seed)
        seconds.append(time.process_time() - start)
        confusions.append(evaluate(model, x, y, k))
        shown.append(predict(model, x[:SHOWN]))
    torch.set_num_threads(threads)
    mious = [mean_iou(confusion) for confusion in confusions]
    ious = torch.stack([iou_per_class(c) for c in confusions]).mean(0)
    return {
        "model": name_of(row),
        "parameters": parameters,
        "miou": sum(mious) / len(mious),
        "miou_low": min(mious),
        "miou_high": max(mious),
        "accuracy": sum(map(pixel_accuracy, confusions)) / len(RUN_SEEDS),
        "background": float(ious[0]),
        "shapes": float(ious[1:].nanmean()),
        "iou": dict(zip(CLASSES, ious.tolist(), strict=True)),
        "seconds": max(seconds),
        "masks": packed(shown[0]),
    }


# --8<-- [end:measure]
def packed(masks: Tensor) -> str:
    data = zlib.compress(masks.to(torch.uint8).numpy().tobytes(), 9)
    return base64.b85encode(data).decode()


def unpacked(text: str, size: int = 64) -> np.ndarray:  # (n, h, w)
    data = zlib.decompress(base64.b85decode(text))
    return np.frombuffer(data, np.uint8).reshape(-1, size, size)
