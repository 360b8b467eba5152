"""What do the indices give? One small network, five ways up.

    indices     values go back to where the maxima were, zeros elsewhere
    corner      the same, but always to the upper left of the window
    bilinear    four values of each, interpolated
    learned     a transposed convolution a channel, bilinear at first
    skip        bilinear, plus the whole map that the encoder pooled

After the paper's SegNet-Basic: four levels of one convolution each, as wide
everywhere, and a decoder like it. All else is the same: weights at the
start, scenes, steps. Learned kernels of 4 × 4 a channel are 6 % of weights
and 2 % of work more. What is kept is what a decoder needs of the encoder.

Raises ValueError for a row that is none of these.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.architectures.vgg import he_initialize
from examples.modules.transposed_convolution_bilinear import bilinear_kernel
from examples.segmentation.index import (
    confusion_matrix,
    mean_iou,
    pixel_accuracy,
)
from examples.segmentation.index_comparison import COLOR_CUE, RUN_SEEDS
from examples.segmentation.index_cost import SMALL, flops
from examples.segmentation.segnet import conv_norm_relu, pool, unpool
from examples.segmentation.shapes import CLASSES, shapes_dataset
from examples.segmentation.training import predict, train

LEVELS, WIDTH, BASIC_STEPS, SCENES = 4, 16, 600, 512


# --8<-- [start:ways]
class Indices(nn.Module):
    bits = 2  # that are kept of each window

    def __init__(self, classes: int) -> None:
        super().__init__()
        widths = [3, *[WIDTH] * LEVELS]
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        for given in widths[:-1]:
            down, up = (conv_norm_relu(c, WIDTH) for c in (given, WIDTH))
            self.encoder.append(nn.Sequential(*down))
            self.decoder.append(nn.Sequential(*up))
        self.scores = nn.Conv2d(WIDTH, classes, 1)
        he_initialize(self)

    def enlarge(
        self, y: Tensor, full: Tensor, indices: Tensor, level: int
    ) -> Tensor:
        return unpool(y, indices, (full.shape[2], full.shape[3]))

    def forward(self, x: Tensor) -> Tensor:
        maps = []
        for stage in self.encoder:
            full = stage(x)
            x, indices = pool(full)
            maps.append((full, indices))
        for level, stage in enumerate(self.decoder):
            x = stage(self.enlarge(x, *maps.pop(), level))
        return self.scores(x)


# --8<-- [end:ways]
# --8<-- [start:others]
class Corner(Indices):
    bits = 0

    def enlarge(
        self, y: Tensor, full: Tensor, indices: Tensor, level: int
    ) -> Tensor:
        u = torch.zeros_like(full)
        u[..., ::2, ::2] = y
        return u


class Bilinear(Indices):
    bits = 0

    def enlarge(
        self, y: Tensor, full: Tensor, indices: Tensor, level: int
    ) -> Tensor:
        return F.interpolate(y, full.shape[2:], mode="bilinear")


class Learned(Indices):
    bits = 0

    def __init__(self, classes: int) -> None:
        super().__init__(classes)
        self.ups = nn.ModuleList()
        for _ in range(LEVELS):
            up = nn.ConvTranspose2d(
                *(WIDTH, WIDTH, 4, 2, 1), groups=WIDTH, bias=False
            )
            up.weight.data = bilinear_kernel(2, WIDTH).to(up.weight)
            self.ups.append(up)

    def enlarge(
        self, y: Tensor, full: Tensor, indices: Tensor, level: int
    ) -> Tensor:
        return self.ups[level](y)


# --8<-- [end:others]
class Skip(Bilinear):
    bits = 4 * 32

    def enlarge(
        self, y: Tensor, full: Tensor, indices: Tensor, level: int
    ) -> Tensor:
        return super().enlarge(y, full, indices, level) + full


WAYS = {
    "indices": Indices,
    "corner": Corner,
    "bilinear": Bilinear,
    "learned": Learned,
    "skip": Skip,
}


def way_up(row: str, seed: int = 0) -> Indices:
    if row not in WAYS:
        raise ValueError(f"row is {row!r}; must be one of {tuple(WAYS)}")
    torch.manual_seed(seed)
    return WAYS[row](len(CLASSES))


# --8<-- [start:edges]
def near_edges(labels: Tensor, pixels: int = 2) -> Tensor:
    """Where another class is at most so many pixels away, or diagonal."""
    y, side = labels[:, None].float(), 2 * pixels + 1
    high = F.max_pool2d(y, side, 1, pixels)
    low = -F.max_pool2d(-y, side, 1, pixels)
    return (high != low)[:, 0]


# --8<-- [end:edges]
def rows() -> list[str]:
    return list(WAYS)


def measure(row: str) -> dict:
    k, threads = len(CLASSES), torch.get_num_threads()
    torch.set_num_threads(1)
    scenes = shapes_dataset("train", SCENES, color_cue=COLOR_CUE)
    x, y = shapes_dataset("test", SCENES // 4, color_cue=COLOR_CUE).tensors
    edge, found, model = near_edges(y), [], way_up(row)
    for seed in RUN_SEEDS:
        model = way_up(row, seed).to(memory_format=torch.channels_last)
        train(model, scenes, BASIC_STEPS, seed=seed)
        z = predict(model, x)
        whole, at, away = (
            confusion_matrix(y[part], z[part], k)
            for part in (y >= 0, edge, ~edge)
        )
        scores = mean_iou(whole), pixel_accuracy(at), pixel_accuracy(away)
        found.append(scores)
    torch.set_num_threads(threads)
    mious, at_edges, inside = zip(*found, strict=True)
    windows = WIDTH * sum(
        SMALL[2] * SMALL[3] // 4**i for i in range(1, LEVELS + 1)
    )
    return {
        "way": row,
        "parameters": sum(p.numel() for p in model.parameters()),
        "mflops": flops(model, torch.randn(SMALL)) / 1e6,
        "kept_kib": windows * model.bits / 8 / 1024,
        "miou_low": min(mious),
        "miou_high": max(mious),
        "edges_low": min(at_edges),
        "edges_high": max(at_edges),
        "inside": sum(inside) / len(inside),
    }
