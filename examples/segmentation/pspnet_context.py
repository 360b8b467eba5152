"""A task of context alone: what is the sign of the mark nearest to a pixel?

    y_p = sign of mark argmin_i |p - m_i|,   four marks at random places

A picture is noise with four small marks, light or dark; every pixel has to
name the nearest. Convolutions see only what is close, the mean of the
picture knows how many marks are light but not where, and a pyramid of means
knows roughly where.

Shapes: x (b, 1, h, w), y (b, h, w) int64 of 0 and 1, distances (b, h, w).
Raises ValueError for a size below 12.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.modules.aspp import unit
from examples.segmentation.pspnet import PyramidPooling, enlarge

MARKS, SIDE, RADIUS = 4, 36, 1
PYRAMIDS = {
    "none": (),
    "one": (1,),
    "two": (2,),
    "three": (3,),
    "six": (6,),
    "all": (1, 2, 3, 6),
    "all_max": (1, 2, 3, 6),
}
CONTEXT_SEEDS, CONTEXT_STEPS, FAR = (0, 1), 200, 16


def nearest_mark(
    count: int, size: int = SIDE, seed: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """Pictures, signs, and how far the nearest mark is."""
    if size < 12:
        raise ValueError(f"size is {size}; must be at least 12")
    random = torch.Generator().manual_seed(seed)
    places = torch.rand(count, MARKS, 2, generator=random) * (size - 3)
    places = places.round() + 1
    signs = torch.randint(2, (count, MARKS), generator=random)
    line = torch.arange(size)
    y = (line - places[..., :1]).unsqueeze(3)  # (b, marks, h, 1)
    x = (line - places[..., 1:]).unsqueeze(2)  # (b, marks, 1, w)
    squared, nearest = (x.square() + y.square()).min(1)  # (b, h, w)
    labels = signs.gather(1, nearest.flatten(1)).view_as(nearest)
    inside = torch.maximum(abs(x), abs(y)) <= RADIUS
    marks = (inside * (2 * signs - 1)[..., None, None]).sum(1).sign()
    noise = torch.randn(marks.shape, generator=random)
    x = (0.3 * noise + 3 * marks).unsqueeze(1)
    return x, labels, squared.sqrt()


# --8<-- [start:network]
class ContextNet(nn.Module):
    def __init__(self, bins: Sequence[int], width: int = 32) -> None:
        super().__init__()
        first = nn.Conv2d(1, width, 3, stride=2, padding=1)
        self.local = nn.Sequential(first, nn.ReLU(), *unit(width, width, 3))
        self.pyramid = PyramidPooling(width, bins)
        self.head = nn.Sequential(
            *unit(self.pyramid.channels, 2 * width, 3),
            nn.Conv2d(2 * width, 2, 1),
        )

    def forward(self, x: Tensor) -> Tensor:  # (b, 1, h, w)
        y = self.head(self.pyramid(self.local(x)))
        return enlarge(y, x.shape[2:])  # (b, 2, h, w)


# --8<-- [end:network]
def trained_context(row: str, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    model = ContextNet(PYRAMIDS[row])
    if row == "all_max":
        pool_maxima(model.pyramid)
    optimizer = torch.optim.AdamW(model.parameters(), 5e-3)
    for step in range(CONTEXT_STEPS):
        left = 1 - step / CONTEXT_STEPS
        optimizer.param_groups[0]["lr"] = 5e-3 * left**0.9
        x, y, _ = nearest_mark(16, seed=1000 * seed + step + 1)
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def measure(row: str) -> dict:
    """Right answers, and how they depend on the distance of the mark."""
    x, y, distance = nearest_mark(256, seed=0)  # none was trained on
    right = []
    for seed in CONTEXT_SEEDS:
        model = trained_context(row, seed)
        with torch.no_grad():
            right.append((model(x).argmax(1) == y).double())
    each = [float(r.mean()) for r in right]
    both = torch.stack(right).mean(0)
    rings = [(distance.round() == d) for d in range(FAR + 1)]
    return {
        "bins": " ".join(map(str, PYRAMIDS[row])) or "none",
        "pooling": "max" if row == "all_max" else "mean",
        "low": min(each),
        "high": max(each),
        "by_distance": [float(both[ring].mean()) for ring in rings],
    }


def rows() -> list[str]:
    return list(PYRAMIDS)


def pool_maxima(pyramid: PyramidPooling) -> None:
    for level in pyramid.levels:
        mean = level.get_submodule("0")
        level.register_module("0", nn.AdaptiveMaxPool2d(mean.output_size))
