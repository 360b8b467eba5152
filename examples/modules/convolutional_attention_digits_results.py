"""Four networks on littered digits, three seeds each: a stored experiment.

Kept of each: its accuracy on the 773 other digits, littered four times
each, and what remains when its gates are frozen at their mean.
"""

import torch
from torch import Tensor, nn

from examples.modules.convolutional_attention import SpatialAttention
from examples.modules.convolutional_attention_digits import (
    LEARNED,
    digit_network,
    learn_digits,
    litter,
)
from examples.modules.convolutional_attention_gates import (
    CHANNEL_GATES,
    freeze_gates,
)
from examples.modules.residual_depth import digits

DIGIT_SEEDS = 3
DIGIT_RUNS = {  # name, kind of gate
    "plain": ("plain", "plain"),
    "se": ("SE", "se"),
    "cbam": ("CBAM", "cbam"),
    "added": ("AddedContext", "added"),
}


def rows() -> list[str]:
    return list(DIGIT_RUNS)


def digit_test() -> tuple[Tensor, Tensor]:
    x, y = (t[LEARNED:] for t in digits())
    torch.manual_seed(999)
    return torch.cat([litter(x) for _ in range(4)]), y.repeat(4)


@torch.no_grad()
def digit_accuracy(network: nn.Module) -> float:
    x, y = digit_test()
    return float((network(x).argmax(dim=1) == y).double().mean())


def frozen_accuracy(network: nn.Module, kinds: tuple[type, ...]) -> float:
    """As trained, where there is no such gate."""
    if any(type(module) in kinds for module in network.modules()):
        torch.manual_seed(998)
        x = litter(digits()[0][:LEARNED])
        network = freeze_gates(network, x, kinds)
    return digit_accuracy(network)


def measure(row: str) -> dict:
    name, kind = DIGIT_RUNS[row]
    networks = []
    for seed in range(DIGIT_SEEDS):
        torch.manual_seed(seed)
        networks.append(learn_digits(digit_network(kind)))
    found = [digit_accuracy(n) for n in networks]
    channels = [frozen_accuracy(n, CHANNEL_GATES) for n in networks]
    places = [frozen_accuracy(n, (SpatialAttention,)) for n in networks]
    return {
        "name": name,
        "parameters": sum(p.numel() for p in networks[0].parameters()),
        "right": sum(found) / DIGIT_SEEDS,
        "worst": min(found),
        "best": max(found),
        "channels_frozen": sum(channels) / DIGIT_SEEDS,
        "places_frozen": sum(places) / DIGIT_SEEDS,
    }
