"""SegFormer and three changes, tested on images larger than in training.

    mix_ffn         the paper's
    codes           no 3 × 3 in the FFN, learned codes of places, as in ViT
    neither         no 3 × 3, no codes
    full_attention  the paper's with R = 1: every token is a key

All are trained for 400 steps on scenes of 64 × 64, with the other settings
of ``index_comparison``. The test scenes are shown one by one, and four or
sixteen of them put together to one image of 128 × 128 or 256 × 256: the same
pixels and labels, objects of the same size. Codes are interpolated to the
larger map.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.segmentation.index import confusion_matrix, mean_iou
from examples.segmentation.index_comparison import (
    COLOR_CUE,
    RUN_SEEDS,
    TEST_SCENES,
    TRAIN_SCENES,
)
from examples.segmentation.segformer import SegFormer
from examples.segmentation.segformer_mit import MiT, MixFFN
from examples.segmentation.shapes import CLASSES, shapes_dataset
from examples.segmentation.training import predict, train

ROWS = {
    "mix_ffn": "Mix-FFN",
    "codes": "position codes",
    "neither": "neither",
    "full_attention": "Mix-FFN, R = 1",
}
NARROW = (16, 32, 80, 128)
SIDES = (64, 128, 256)
VARIANT_STEPS = 400


def rows() -> list[str]:
    return list(ROWS)


# --8<-- [start:variants]
class CodedPatches(nn.Module):
    """Patches, and a code for each place of a side × side map."""

    def __init__(
        self,
        patches: nn.Module,
        features: int,
        side: int,
    ) -> None:
        super().__init__()
        self.patches = patches
        codes = 0.02 * torch.randn(1, features, side, side)
        self.codes = nn.Parameter(codes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x)  # (b, h, w, d)
        codes = F.interpolate(self.codes, x.shape[1:3], mode="bilinear")
        return x + codes.movedim(1, 3)


def variant(row: str, classes: int) -> SegFormer:
    if row not in ROWS:
        raise ValueError(f"row is {row!r}; must be one of {tuple(ROWS)}")
    ratios = (1,) * 4 if row == "full_attention" else (8, 4, 2, 1)
    mit = MiT(NARROW, ratios=ratios)
    if row in ("codes", "neither"):
        for part in mit.modules():
            if isinstance(part, MixFFN):
                part.depth = nn.Identity()
    if row == "codes":
        coded = [
            CodedPatches(patches, d, 16 >> i)
            for i, (patches, d) in enumerate(
                zip(mit.patches, NARROW, strict=True)
            )
        ]
        mit.patches = nn.ModuleList(coded)
    return SegFormer(mit, 128, classes)


# --8<-- [end:variants]
# --8<-- [start:mosaic]
def mosaic(x: Tensor, side: int) -> Tensor:  # (n, ..., 64, 64)
    """(n / m², ..., side, side): m × m of them make one image."""
    m = side // x.shape[-1]
    tiles = x.unflatten(0, (-1, m, m))  # (n / m², m, m, ..., 64, 64)
    rows = torch.cat(tiles.unbind(1), -2)  # (n / m², m, ..., side, 64)
    return torch.cat(rows.unbind(1), -1)


def measure(row: str) -> dict:
    k, threads = len(CLASSES), torch.get_num_threads()
    torch.set_num_threads(1)
    scenes = shapes_dataset("train", TRAIN_SCENES, color_cue=COLOR_CUE)
    x, y = shapes_dataset("test", TEST_SCENES, color_cue=COLOR_CUE).tensors
    found = {f"miou_{side}": 0.0 for side in SIDES}
    for seed in RUN_SEEDS:
        torch.manual_seed(seed)
        model = variant(row, k).to(memory_format=torch.channels_last)
        train(model, scenes, VARIANT_STEPS, seed=seed)
        for side in SIDES:
            said = predict(model, mosaic(x, side), 32 * 64**2 // side**2)
            matrix = confusion_matrix(mosaic(y, side), said, k)
            found[f"miou_{side}"] += mean_iou(matrix) / len(RUN_SEEDS)
    torch.set_num_threads(threads)
    count = sum(p.numel() for p in variant(row, k).parameters())
    lost = found["miou_64"] - found["miou_256"]
    return {"model": ROWS[row], "parameters": count, "lost": lost} | found


# --8<-- [end:mosaic]
