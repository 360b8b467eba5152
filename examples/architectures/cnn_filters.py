"""What the first layer learns to see, and why it often looks like noise.

A small network tells from which of ten photographs a 32 × 32 patch comes.
Its first layer has 24 filters of 3 × 11 × 11. Started as usual, they end
as they started plus something smooth; started near 0, that is all.

Shapes: patches (b, 3, 32, 32); filters (24, 3, 11, 11).
"""

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from skimage import data
from sklearn.datasets import load_sample_images
from torch import Tensor, nn

SIDE, STEPS, BATCH = 32, 120, 64


def photographs() -> list[Tensor]:
    china, flower = load_sample_images().images
    color = [data.astronaut(), data.coffee(), data.chelsea(), data.rocket()]
    gray = [data.brick(), data.grass(), data.gravel(), data.camera()]
    found = []
    for image in (*color, china, flower, *gray):
        pixels = torch.tensor(np.atleast_3d(image), dtype=torch.float32)
        found.append(pixels.permute(2, 0, 1).expand(3, -1, -1) / 127.5 - 1)
    return found


def patches(photos: list[Tensor], count: int) -> tuple[Tensor, Tensor]:
    labels = torch.randint(len(photos), (count,))
    cut = []
    for label in labels.tolist():
        _, h, w = photos[label].shape
        i = int(torch.randint(h - SIDE, ()))
        j = int(torch.randint(w - SIDE, ()))
        cut.append(photos[label][:, i : i + SIDE, j : j + SIDE])
    return torch.stack(cut), labels


# --8<-- [start:filters]
def first_filters(start: float | None, seed: int) -> tuple[Tensor, Tensor]:
    """Before and after; ``start`` is a deviation, None PyTorch's own."""
    torch.manual_seed(seed)
    photos = photographs()
    model = nn.Sequential(
        nn.Conv2d(3, 24, 11, stride=2, padding=5, bias=False),
        *(nn.BatchNorm2d(24), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Conv2d(24, 32, 3, padding=1, bias=False),
        *(nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(32 * 4 * 4, len(photos))),
    )
    filters = model[0].weight
    if start is not None:
        nn.init.normal_(filters, std=start)
    before = filters.detach().clone()
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.1)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.003, STEPS)
    for _ in range(STEPS):
        x, y = patches(photos, BATCH)
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        cycle.step()
    return before, filters.detach()


# --8<-- [end:filters]


def smoothness(filters: Tensor) -> float:
    """Correlation of neighboring weights: 0 for noise, 1 if constant."""
    w = filters - filters.mean(dim=(2, 3), keepdim=True)
    beside = (w[..., 1:] * w[..., :-1]).sum()
    below = (w[..., 1:, :] * w[..., :-1, :]).sum()
    return float((beside + below) / 2 / w.square().sum())


def sheet(filters: Tensor, columns: int = 12) -> Tensor:
    """All filters side by side, each scaled to its own largest weight."""
    n, _, k, _ = filters.shape
    scaled = filters / filters.abs().amax(dim=(1, 2, 3), keepdim=True)
    rows = n // columns
    image = torch.full((rows * (k + 1), columns * (k + 1), 4), 0.0)
    for i, one in enumerate(scaled / 2 + 0.5):
        top, left = (k + 1) * (i // columns), (k + 1) * (i % columns)
        image[top : top + k, left : left + k, :3] = one.permute(1, 2, 0)
        image[top : top + k, left : left + k, 3] = 1
    return image


def filters_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    before, after = first_filters(None, 0)
    _, small = first_filters(0.001, 0)
    panels = {
        "the usual start, trained": after,
        "the same, minus its start": after - before,
        "a start near 0, trained": small,
    }
    for axes, (title, filters) in zip(
        figure.subplots(3, 1), panels.items(), strict=True
    ):
        axes.imshow(sheet(filters), interpolation="nearest")
        axes.set_title(title, loc="left")
        axes.axis("off")
    return figure
