"""Two additions to the loss: auxiliary heads and smoothed labels.

    L      = - sum over k of q(k) log p(k),   q(k) = (1 - ε) [k = y] + ε / K
    dL/dz  = p - q
    joint  = L(z) + λ sum of L(z_head)

λ is 0.3 in arxiv.org/abs/1409.4842, ε is 0.1 in arxiv.org/abs/1512.00567.

Shapes: logits (b, k), labels (b,) from 0 to k - 1; losses are means over
the batch. Raises ValueError for a smoothing outside of [0, 1) and for an
empty list of logits.
"""

from collections.abc import Sequence
from math import log

import torch
from torch import Tensor


# --8<-- [start:loss]
def smoothed_cross_entropy(
    logits: Tensor, labels: Tensor, smoothing: float = 0.0
) -> Tensor:
    if not 0 <= smoothing < 1:
        raise ValueError(f"smoothing is {smoothing}; must be in [0, 1)")
    q = torch.full_like(logits, smoothing / logits.shape[1])
    q[torch.arange(len(labels)), labels] += 1 - smoothing
    return -(q * logits.log_softmax(1)).sum(1).mean()


def joint_loss(
    all_logits: Sequence[Tensor],
    labels: Tensor,
    weight: float = 0.3,
    smoothing: float = 0.0,
) -> Tensor:
    """The classifier's loss, and those of the heads at a discount."""
    if not all_logits:
        raise ValueError("all_logits is empty; must hold the classifier's")
    main, *heads = (
        smoothed_cross_entropy(z, labels, smoothing) for z in all_logits
    )
    return main + weight * sum(heads)


# --8<-- [end:loss]
def best_gap(classes: int, smoothing: float) -> float:
    """By how much the right logit leads where the loss is lowest."""
    return log(1 + classes * (1 - smoothing) / smoothing)


def lowest_loss(classes: int, smoothing: float) -> float:
    """The entropy of q: no prediction does better."""
    low = smoothing / classes
    high = 1 - smoothing + low
    return -high * log(high) - (classes - 1) * low * log(low)


def main() -> None:
    print("classes   ε      the right logit leads by   lowest loss")
    for classes, smoothing in ((10, 0.1), (1000, 0.1), (1000, 0.01)):
        gap = best_gap(classes, smoothing)
        loss = lowest_loss(classes, smoothing)
        print(f"{classes:>7}   {smoothing:<7}", end="")
        print(f"{gap:<27.2f}{loss:.2f}")


if __name__ == "__main__":
    main()
