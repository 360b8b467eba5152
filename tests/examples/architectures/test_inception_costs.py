"""The losses and the costs of Inception, each counted a second way."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from examples.architectures import (
    inception_cost,
    inception_factor,
    inception_loss,
)
from examples.architectures.inception import (
    TABLE_1,
    Widths,
    inception_block,
)
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap

Proof = Callable[..., None]


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.7])
@pytest.mark.usefixtures("float64")
def test_smoothed_loss_equals_torch(smoothing: float, proof: Proof) -> None:
    logits, labels = 3 * torch.randn(9, 6), torch.randint(6, (9,))
    found = differences(
        lambda z: inception_loss.smoothed_cross_entropy(z, labels, smoothing),
        lambda z: F.cross_entropy(z, labels, label_smoothing=smoothing),
        [logits],
    )
    assert max(found.values()) < TOLERANCE
    proof(
        ours="smoothed_cross_entropy",
        reference="torch.nn.functional.cross_entropy",
        case=f"smoothing {smoothing}",
        **found,
    )


@pytest.mark.usefixtures("float64")
def test_joint_loss_is_the_sum_at_a_discount() -> None:
    zs, labels = torch.randn(3, 5, 4).unbind(), torch.randint(4, (5,))
    one, two, three = (F.cross_entropy(z, labels) for z in zs)
    found = inception_loss.joint_loss(zs, labels)
    assert gap(found, one + 0.3 * (two + three)) < TOLERANCE
    found = inception_loss.joint_loss(zs[:2], labels, weight=0.4)
    assert gap(found, one + 0.4 * two) < TOLERANCE
    assert gap(inception_loss.joint_loss(zs[:1], labels), one) < TOLERANCE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("+= 1 - smoothing", "+= 1"),
        ("+= 1 - smoothing", "= 1 - smoothing"),
        ("smoothing / logits.shape[1]", "smoothing / (logits.shape[1] - 1)"),
        ("log_softmax(1)", "log_softmax(0)"),
        (".sum(1).mean()", ".mean()"),
        ("-(q * logits", "(q * logits"),
    ],
)
@pytest.mark.usefixtures("float64")
def test_torch_notices_the_mutant_of_the_loss(old: str, new: str) -> None:
    mutant = mutate(inception_loss, old, new)
    logits, labels = torch.randn(9, 6), torch.randint(6, (9,))
    found = mutant.smoothed_cross_entropy(logits, labels, 0.1)
    expected = F.cross_entropy(logits, labels, label_smoothing=0.1)
    assert not gap(found, expected) < TOLERANCE


@pytest.mark.parametrize(("classes", "smoothing"), [(10, 0.1), (1000, 0.02)])
@pytest.mark.usefixtures("float64")
def test_the_lowest_smoothed_loss_is_reached_at_a_finite_gap(
    classes: int, smoothing: float
) -> None:
    logits = torch.zeros(1, classes)
    logits[0, 3] = inception_loss.best_gap(classes, smoothing)
    logits.requires_grad_()
    loss = inception_loss.smoothed_cross_entropy(
        logits, torch.tensor([3]), smoothing
    )
    (gradient,) = torch.autograd.grad(loss, logits)
    assert gradient.abs().max() < TOLERANCE
    lowest = inception_loss.lowest_loss(classes, smoothing)
    assert abs(float(loss.detach()) - lowest) < TOLERANCE


def weights(model: nn.Module) -> int:
    return sum(
        m.weight.numel() for m in model.modules() if isinstance(m, nn.Conv2d)
    )


@pytest.mark.parametrize("name", TABLE_1)
def test_costs_of_blocks_by_building_them(name: str) -> None:
    """With reductions as in GoogLeNet; without, layer by layer."""
    w = Widths(*TABLE_1[name])
    cost = inception_cost.block_costs()[name]
    c, n = cost.channels, inception_cost.GRIDS[name[0]] ** 2 / 1e6
    with torch.device("meta"):
        block = inception_block(c, w)
        plain = [
            nn.Conv2d(c, w.one, 1),
            nn.Conv2d(c, w.three, 3),
            nn.Conv2d(c, w.five, 5),
        ]
    assert weights(block) == inception_cost.reduced_weights(c, w)
    assert cost.reduced == weights(block) * n
    assert weights(nn.ModuleList(plain)) == inception_cost.plain_weights(c, w)
    assert cost.plain == inception_cost.plain_weights(c, w) * n


@pytest.mark.parametrize("name", TABLE_1)
def test_when_a_reduction_pays(name: str) -> None:
    """n < k k c o / (c + k k o), on both sides of the bound."""
    c = inception_cost.block_costs()[name].channels
    w = Widths(*TABLE_1[name])
    for k, n, o in ((3, w.reduce3, w.three), (5, w.reduce5, w.five)):
        bound = k * k * c * o / (c + k * k * o)
        assert n < bound
        for channels in (int(bound), int(bound) + 1):
            reduced = c * channels + k * k * channels * o
            assert (reduced < k * k * c * o) == (channels < bound)
    if name == "3a":
        assert 154 < 25 * 192 * 32 / (192 + 25 * 32) < 155


def test_without_reductions_costs_blow_up() -> None:
    costs = inception_cost.block_costs().values()
    reduced, plain, piled = (
        sum(getattr(c, kind) for c in costs)
        for kind in ("reduced", "plain", "piled")
    )
    assert 3 < plain / reduced < 4 and 10 < piled / reduced < 12
    assert all(2 < c.plain / c.reduced < 5.2 for c in costs)
    last = list(costs)[-1]
    assert last.piled_channels == 4048


def test_kernels_taken_apart_reach_as_far() -> None:
    for whole, parts in inception_factor.SPLITS.values():
        assert inception_factor.reach(parts) == whole
        x = torch.zeros(1, 1, 15, 15)
        x[0, 0, 7, 7] = 1
        for kh, kw in parts:  # where one input arrives
            x = F.conv2d(x, torch.ones(1, 1, kh, kw), padding=(kh - 1, kw - 1))
        seen = (x[0, 0] != 0).nonzero()
        assert tuple((seen.amax(0) - seen.amin(0) + 1).tolist()) == whole
        layers = nn.Sequential(*(nn.Conv2d(4, 4, k) for k in parts))
        assert weights(layers) == 16 * inception_factor.per_channels(parts)


@pytest.mark.usefixtures("float64")
def test_two_linear_3_by_3_are_one_5_by_5() -> None:
    first, second = torch.randn(4, 3, 3, 3), torch.randn(5, 4, 3, 3)
    x = torch.randn(2, 3, 9, 9)
    chained = F.conv2d(F.conv2d(x, first), second)
    one = F.conv2d(x, composed(first, second))
    assert gap(chained, one) < TOLERANCE
    bent = F.conv2d(F.conv2d(x, first).relu(), second)
    assert gap(chained, bent) > 0.1


def composed(first: Tensor, second: Tensor) -> Tensor:
    """The kernel (o, i, 5, 5) of both, term by term."""
    o, _, kh, kw = second.shape
    i, (h, w) = first.shape[1], first.shape[2:]
    whole = torch.zeros(o, i, kh + h - 1, kw + w - 1)
    for u in range(kh):
        for v in range(kw):
            part = torch.einsum("om,mihw->oihw", second[:, :, u, v], first)
            whole[:, :, u : u + h, v : v + w] += part
    return whole


@pytest.mark.parametrize(("side", "k"), [(34, 320), (8, 6)])
def test_ways_to_halve_by_counting_them(side: int, k: int) -> None:
    x = torch.zeros(1, k, side, side, device="meta")
    with torch.device("meta"):
        double, wide = nn.Conv2d(k, 2 * k, 3, 1, 1), nn.Conv2d(k, k, 3, 2, 1)
    found = {}
    for name in ("conv, pool", "pool, conv", "side by side"):
        with FlopCounterMode(display=False) as counter:
            if name == "conv, pool":
                maps = [y := double(x), F.max_pool2d(y, 2)]
            elif name == "pool, conv":
                maps = [y := F.max_pool2d(x, 2), double(y)]
            else:
                maps = [torch.cat([wide(x), F.max_pool2d(x, 2)], 1)]
        sizes = [m.numel() for m in maps]
        found[name] = (counter.get_total_flops() // 2, min(sizes))
        assert maps[-1].shape == (1, 2 * k, side // 2, side // 2)
    assert found == inception_factor.ways_to_halve(side, k)
    macs = [cost for cost, _ in found.values()]
    assert (macs[0], macs[1]) == (8 * macs[2], 2 * macs[2])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("9 * w.reduce3", "w.reduce3"),
        ("25 * w.reduce5", "9 * w.reduce5"),
        ("+ w.pool)", ")"),
        ("9 * w.three", "w.three"),
        ("piled += w.one", "piled = w.one"),
        ("** 2 / 1e6", "/ 1e6"),
    ],
)
def test_costs_of_the_mutant_differ(old: str, new: str) -> None:
    found = mutate(inception_cost, old, new).block_costs()
    costs = inception_cost.block_costs()
    assert [tuple(v) for v in found.values()] != [*map(tuple, costs.values())]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: inception_loss.smoothed_cross_entropy(
                torch.zeros(1, 2), torch.tensor([0]), 1.0
            ),
            "smoothing is 1.0",
        ),
        (
            lambda: inception_loss.joint_loss([], torch.tensor([0])),
            "all_logits is empty",
        ),
        (lambda: inception_cost.plain_weights(0, Widths(*[1] * 6)), "c is 0"),
        (lambda: inception_cost.reduced_weights(-1, Widths(*[1] * 6)), "c is"),
        (lambda: inception_factor.ways_to_halve(7, 4), "side is 7"),
        (lambda: inception_factor.ways_to_halve(8, 0), "channels 0"),
    ],
)
def test_bad_input_is_named(build: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
