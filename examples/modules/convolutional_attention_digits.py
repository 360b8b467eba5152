"""Digits anywhere among scraps of others: a task for any small network.

Digits of 16 × 16 stand somewhere on a field of 32 × 32, and parts of three
other digits shine through a few windows. A stem, three residual blocks at
16, 32 and 64 channels and a linear layer learn from 1024 digits, which are
placed and littered anew in every epoch.

Shapes: digits (b, 1, 8, 8); images (b, 1, 32, 32); logits (b, 10). Raises
ValueError for digits of another shape and an unknown kind of gate.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.modules.convolutional_attention_variants import make_gate
from examples.modules.residual import ResidualBlock
from examples.modules.residual_depth import digits

LEARNED, EPOCHS, BATCH, WINDOWS = 1024, 30, 64, 6


# --8<-- [start:litter]
def scatter(x: Tensor) -> Tensor:
    """Each digit at twice its size, somewhere on a field of 32 × 32."""
    if x.dim() != 4 or x.shape[1:] != (1, 8, 8):
        raise ValueError(f"x is {tuple(x.shape)}; must be (b, 1, 8, 8)")
    x = F.interpolate(x, scale_factor=2, mode="bilinear")
    x = F.pad(x, [8] * 4, value=-1)  # black
    moves = torch.randint(-8, 9, (len(x), 2)).tolist()
    pairs = zip(x, moves, strict=True)
    return torch.stack([torch.roll(i, m, dims=(1, 2)) for i, m in pairs])


def litter(x: Tensor) -> Tensor:
    """Scattered digits among what windows show of three others."""
    others = [scatter(x[torch.randperm(len(x))]) for _ in range(3)]
    off = torch.randint(32, (len(x), WINDOWS, 2, 1)) - torch.arange(32)
    rows, columns = (off.abs() <= 3).unbind(dim=2)  # (b, windows, 32)
    windows = (rows[..., None] & columns[:, :, None]).any(1, keepdim=True)
    scraps = torch.where(windows, torch.stack(others).amax(dim=0), -1)
    return torch.maximum(scatter(x), scraps)


# --8<-- [end:litter]
def digit_network(kind: str, width: int = 16) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(1, width, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    ]
    given = width
    for stage in range(3):
        out = width * 2**stage
        block = ResidualBlock(given, out, stride=2 if stage else 1)
        block.branch.append(make_gate(kind, out, reduction=4))
        layers.append(block)
        given = out
    pool = nn.AdaptiveAvgPool2d(1)
    return nn.Sequential(*layers, pool, nn.Flatten(), nn.Linear(given, 10))


def learn_digits(network: nn.Module, epochs: int = EPOCHS) -> nn.Module:
    x, y = (t[:LEARNED] for t in digits())
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
    steps = epochs * LEARNED // BATCH
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, steps)
    for _ in range(epochs):
        images = litter(x)
        for chosen in torch.randperm(LEARNED).split(BATCH):
            loss = F.cross_entropy(network(images[chosen]), y[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            cycle.step()
    return network.eval()
