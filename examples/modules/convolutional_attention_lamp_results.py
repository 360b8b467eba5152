"""Nine networks on the lamp, five seeds each: a stored experiment.

Kept of each: its share of right pixels, by distance from the lamp and
over all, what remains when its gates are frozen at their mean, and of the
best seed its answer to three scenes and its gates under a lit lamp and one
that is out.
"""

import torch
from torch import Tensor, nn

from examples.modules.convolutional_attention import SpatialAttention
from examples.modules.convolutional_attention_gates import (
    CHANNEL_GATES,
    freeze_gates,
    record_gates,
)
from examples.modules.convolutional_attention_lamp import (
    lamp_network,
    lamp_scenes,
    learn_lamp,
    right_by_distance,
)

LAMP_SEEDS, SHOWN = 5, 3
LAMP_STEPS = 400
LAMP_RUNS = {  # name, kind of gate, blocks
    "plain": ("plain", "plain", 2),
    "deeper": ("plain, 7 blocks", "plain", 7),  # sees everything
    "spatial": ("spatial", "spatial", 2),
    "se": ("SE", "se", 2),
    "channel": ("channel", "channel", 2),
    "cbam": ("CBAM", "cbam", 2),
    "spatial_first": ("spatial first", "spatial_first", 2),
    "parallel": ("parallel", "parallel", 2),
    "added": ("AddedContext", "added", 2),
}


def rows() -> list[str]:
    return list(LAMP_RUNS)


def lamp_test(count: int) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(999)
    return lamp_scenes(count)


def share(hits: Tensor, total: Tensor) -> float:
    return float(hits.sum() / total.sum())


def frozen_share(network: nn.Module, kinds: tuple[type, ...]) -> float:
    """As trained, where there is no such gate."""
    if any(type(module) in kinds for module in network.modules()):
        torch.manual_seed(998)
        network = freeze_gates(network, lamp_scenes(1024)[0], kinds)
    return share(*right_by_distance(network, lamp_test(1024)))


@torch.no_grad()
def gates_by_lamp(network: nn.Module) -> list[list[float]]:
    """Of each channel, block after block: the lamp lit, the lamp out."""
    images, _, _ = lamp_test(256)
    lit = images[:, 2].amax(dim=(1, 2)) > 0
    gates = record_gates(network, images, CHANNEL_GATES).values()
    return [
        [
            round(float(mean), 3)
            for gate in gates
            for mean in gate[state].mean(dim=(0, 2, 3))
        ]
        for state in (lit, ~lit)
    ]


@torch.no_grad()
def answers(network: nn.Module) -> list[str]:
    """Three scenes, a line of digits each: 9 says mark, 0 says do not."""
    images, _, _ = lamp_test(SHOWN)
    sure = (9 * network(images).sigmoid()).round().int().flatten(1)
    return ["".join(map(str, line)) for line in sure.tolist()]


def measure(row: str) -> dict:
    name, kind, blocks = LAMP_RUNS[row]
    scenes, networks, found = lamp_test(1024), [], []
    for seed in range(LAMP_SEEDS):
        torch.manual_seed(seed)
        network = learn_lamp(lamp_network(kind, blocks=blocks), LAMP_STEPS)
        networks.append(network)
        found.append(right_by_distance(network, scenes))
    shares = [share(*one) for one in found]
    hits = torch.stack([hits for hits, _ in found]).double().mean(dim=0)
    by_distance = hits / found[0][1]
    best = networks[shares.index(max(shares))]
    places = [frozen_share(n, (SpatialAttention,)) for n in networks]
    channels = [frozen_share(n, CHANNEL_GATES) for n in networks]
    return {
        "name": name,
        "parameters": sum(p.numel() for p in best.parameters()),
        "right": sum(shares) / LAMP_SEEDS,
        "worst": min(shares),
        "best": max(shares),
        "channels_frozen": sum(channels) / LAMP_SEEDS,
        "places_frozen": sum(places) / LAMP_SEEDS,
        "by_distance": [round(float(v), 4) for v in by_distance],
        "gates": gates_by_lamp(best),
        "answers": answers(best),
    }
