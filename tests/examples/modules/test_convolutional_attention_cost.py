"""Costs of gates against torch's counter and against whole networks."""

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from examples.architectures.cnn_cost import layer_costs
from examples.architectures.resnet import ResNet
from examples.modules import convolutional_attention_cost
from examples.modules.convolutional_attention import CBAM, SEBlock
from examples.modules.convolutional_attention_cost import (
    Traffic,
    gates_of_resnet50,
    traffic,
)
from examples.modules.convolutional_attention_resnet import (
    CBAMResNet,
    SEResNet,
)
from tests.mutants import mutate

KINDS = {"se": SEResNet, "cbam": CBAMResNet}


def counted(network: nn.Module, side: int) -> tuple[int, int]:
    parameters = sum(p.numel() for p in network.parameters())
    with FlopCounterMode(display=False) as counter:
        network.eval()(torch.empty(1, 3, side, side, device="meta"))
    return parameters, counter.get_total_flops()


def difference(kind: str, reduction: int, side: int) -> tuple[int, int]:
    with torch.device("meta"):
        gated = counted(KINDS[kind](50, reduction=reduction), side)
        plain = counted(ResNet(50), side)
    return gated[0] - plain[0], gated[1] - plain[1]


def by_formula(
    m: ModuleType, kind: str, reduction: int, side: int
) -> tuple[int, int]:
    stages = m.gates_of_resnet50(kind, reduction, side)
    return sum(p for p, _ in stages), sum(f for _, f in stages)


SETTINGS = [
    ("se", 16, 224),
    ("cbam", 16, 224),
    ("se", 5, 97),
    ("cbam", 32, 130),
]


def test_formula_equals_the_counter_of_torch(
    proof: Callable[..., None],
) -> None:
    for setting in SETTINGS:
        found = by_formula(convolutional_attention_cost, *setting)
        assert found == difference(*setting)
    proof(
        ours="gate_cost",
        reference="torch.utils.flop_counter",
        case=f"{len(SETTINGS)} networks, exactly",
        forward=0.0,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mlp = 2 * channels * hidden", "mlp = channels * hidden"),
        ("mlp + hidden + channels", "mlp + hidden"),
        ("mlp + hidden + channels", "mlp + 2 * channels"),
        ("channels // reduction", "-(-channels // reduction)"),
        ("return parameters, 2 * mlp", "return parameters, mlp"),
        ("2 * (2 * mlp + 98 * places)", "2 * (mlp + 98 * places)"),
        ("98 * places)", "49 * places)"),
        ("parameters + 98 + 2", "parameters + 98"),
        ("(-(-side // (4 * 2**i)))", "(side // (4 * 2**i))"),
        ("(3, 4, 6, 3)", "(3, 4, 23, 3)"),
    ],
)
def test_the_counter_notices_the_mutant(old: str, new: str) -> None:
    mutant = mutate(convolutional_attention_cost, old, new)
    assert any(
        by_formula(mutant, *setting)
        != by_formula(convolutional_attention_cost, *setting)
        for setting in SETTINGS
    )


@pytest.mark.parametrize("kind", [SEResNet, CBAMResNet])
def test_layer_costs_count_the_shared_mlp_as_often_as_it_runs(
    kind: type,
) -> None:
    with torch.device("meta"):
        network = kind(18)
    costs = layer_costs(network, (3, 224, 224))
    assert sum(c.flops() for c in costs) == counted(network, 224)[1]


def test_traffic_of_one_operation_after_another() -> None:
    """Sizes written out by hand; views move nothing."""
    n, c = 2 * 6 * 5 * 5, 2 * 6
    x = torch.empty(2, 6, 5, 5, device="meta")
    with torch.device("meta"), torch.no_grad():
        se, cbam = SEBlock(6, 2).eval(), CBAM(6, 2).eval()
        conv = nn.Conv2d(6, 4, 3, padding=1)

    def moved(run: Callable) -> int:
        with torch.no_grad(), Traffic() as counter:
            run()
        return counter.elements

    assert moved(lambda: F.relu(x)) == 2 * n
    assert moved(lambda: x + x) == 3 * n
    assert moved(lambda: x.flatten(1)[:, None]) == 0
    assert moved(lambda: conv(x)) == n + 6 * 4 * 9 + 4 + n * 4 // 6
    hidden = 2 * 3
    first = c + 6 * 3 + 3 + hidden  # reads, weights, biases, writes
    second = hidden + 3 * 6 + 6 + c
    mlp = first + 2 * hidden + second
    assert moved(lambda: se(x)) == (n + c) + mlp + 2 * c + (n + c + n)
    assert moved(lambda: cbam.channel(x)) == (
        2 * (n + c) + 2 * mlp + 3 * c + 2 * c + (n + c + n)
    )


def test_flops_hide_what_the_memory_moves() -> None:
    """Percent of a ResNet-50: next to nothing, and not nothing at all."""
    with torch.device("meta"):
        networks = {k: kind(50) for k, kind in KINDS.items()}
        plain = ResNet(50)
    flops, moved = counted(plain, 224)[1], traffic(plain)
    more = {
        k: (counted(n, 224)[1] / flops - 1, traffic(n) / moved - 1)
        for k, n in networks.items()
    }
    assert more["se"][0] < 0.001 and 0.15 < more["se"][1] < 0.2
    assert more["cbam"][0] < 0.002 and 0.4 < more["cbam"][1] < 0.5


def test_most_parameters_of_the_gates_are_in_the_last_stage() -> None:
    stages = [count for count, _ in gates_of_resnet50("se")]
    assert sum(stages) == 2_530_992
    assert 0.6 < stages[-1] / sum(stages) < 0.65
    with pytest.raises(ValueError, match="side is 16; must be at least 32"):
        gates_of_resnet50("se", side=16)
