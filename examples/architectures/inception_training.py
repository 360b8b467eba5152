"""Blocks with reductions against plain ones, on digits, six seeds of each.

Four blocks, BN, six epochs. "Plain" lacks the 1 × 1 before the 3 × 3 and
the 5 × 5, once at the same number of channels and once narrowed until it
costs the same. A stored experiment: parameters, multiply-adds of an image,
and the share of test digits right, as the mean, the lowest and the highest
of the seeds.
"""

import torch

from examples.architectures.cnn_cost import layer_costs
from examples.architectures.inception_small import (
    SmallInception,
    small_accuracy,
    train_small,
)

RUNS, LONG = range(6), 6
VARIANTS = {
    "reduced": ((8, 8, 16, 4, 8, 8), False),
    "plain": ((8, 0, 16, 0, 8, 8), True),
    "narrow": ((4, 0, 8, 0, 3, 4), True),
}


def variant(name: str, seed: int) -> SmallInception:
    widths, plain = VARIANTS[name]
    torch.manual_seed(seed)
    return SmallInception((2, 2), widths, plain=plain)


def rows() -> list[str]:
    return list(VARIANTS)


def measure(row: str) -> dict:
    right, model = [], variant(row, 0)
    for seed in RUNS:
        model = variant(row, seed)
        train_small(model, seed, LONG, lr=1e-2)
        right.append(small_accuracy(model))
    layers = layer_costs(model, (1, 8, 8))
    return {
        "blocks": row,
        "parameters": sum(p.numel() for p in model.parameters()),
        "macs": sum(layer.flops() for layer in layers) // 2,
        "accuracy": sum(right) / len(right),
        "lowest": min(right),
        "highest": max(right),
    }
