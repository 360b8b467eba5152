"""Lattices and their smoothing, against torch's own dilation and shuffles."""

from collections.abc import Callable
from itertools import product
from math import gcd
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from examples.modules import hdc_lattices, hdc_smoothed
from examples.modules.hdc import DilatedStack
from examples.modules.hdc_lattices import (
    convolve_by_lattices,
    merge_lattices,
    split_lattices,
)
from examples.modules.hdc_smoothed import (
    GroupInteraction,
    SharedSmoothing,
    smoothed_stack,
)
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, randomize

pytestmark = pytest.mark.usefixtures("float64")
SHAPES = [(6, 6), (7, 10), (11, 5), (1, 9), (2, 2)]
BROKEN = (RuntimeError, AssertionError, ValueError, IndexError)


def lattices_differences(m: ModuleType) -> dict[str, float]:
    worst = {"forward": 0.0, "gradient": 0.0}
    for (h, w), rate, k in product(SHAPES, (1, 2, 3, 4), (1, 3, 5)):
        padding = rate * (k // 2)
        found = differences(
            lambda x, weight, r=rate: m.convolve_by_lattices(x, weight, r),
            lambda x, weight, r=rate, p=padding: F.conv2d(
                x, weight, padding=p, dilation=r
            ),
            [torch.randn(2, 3, h, w), torch.randn(4, 3, k, k) / k],
        )
        worst = {key: max(worst[key], found[key]) for key in worst}
    return worst


def test_lattices_one_by_one_equal_a_dilated_convolution(
    proof: Callable[..., None],
) -> None:
    found = lattices_differences(hdc_lattices)
    assert max(found.values()) < TOLERANCE
    proof(
        ours="convolve_by_lattices",
        reference="torch.nn.functional.conv2d",
        case=f"{len(SHAPES)} sizes, rates 1 to 4, kernels 1, 3, 5",
        **found,
    )


def shuffled(x: Tensor, mixture: Tensor, rate: int) -> Tensor:
    """Group interaction as a 1 × 1 convolution of unshuffled pixels."""
    h, w = x.shape[2:]
    x = F.pad(x, (0, -w % rate, 0, -h % rate))
    maps = F.pixel_unshuffle(x.flatten(0, 1)[:, None], rate)  # (b c, r², ..)
    mixed = F.conv2d(maps, mixture[:, :, None, None])
    y = F.pixel_shuffle(mixed, rate)[:, 0]
    return y.unflatten(0, (len(x), -1))[..., :h, :w]


def interaction_differences(m: ModuleType) -> dict[str, float]:
    worst = {"forward": 0.0, "gradient": 0.0}
    for (h, w), rate in product(SHAPES, (1, 2, 3)):
        layer = m.GroupInteraction(rate)
        randomize(layer)
        theirs = layer.mixture.detach().clone().requires_grad_()
        found = differences(
            layer,
            lambda x, a=theirs, r=rate: shuffled(x, a, r),
            [torch.randn(2, 3, h, w)],
            [(layer.mixture, theirs)],
        )
        worst = {key: max(worst[key], found[key]) for key in worst}
    return worst


def smoothing_differences(m: ModuleType) -> dict[str, float]:
    worst = {"forward": 0.0, "gradient": 0.0}
    for (h, w), rate in product(SHAPES, (1, 2, 3)):
        layer = m.SharedSmoothing(rate)
        randomize(layer)
        theirs = layer.kernel.detach().clone().requires_grad_()
        found = differences(
            layer,
            lambda x, s=theirs, r=rate: F.conv2d(
                x,
                s.expand(x.shape[1], 1, -1, -1),
                None,
                1,
                r - 1,
                1,
                x.shape[1],
            ),
            [torch.randn(2, 3, h, w)],
            [(layer.kernel, theirs)],
        )
        worst = {key: max(worst[key], found[key]) for key in worst}
    return worst


def test_smoothing_is_one_kernel_for_all_channels(
    proof: Callable[..., None],
) -> None:
    found = smoothing_differences(hdc_smoothed)
    assert max(found.values()) < TOLERANCE
    proof(
        ours="SharedSmoothing",
        reference="torch.nn.functional.conv2d",
        case=f"{len(SHAPES)} sizes, rates 1 to 3, c groups",
        **found,
    )


def test_interaction_is_a_1_by_1_of_unshuffled_pixels(
    proof: Callable[..., None],
) -> None:
    found = interaction_differences(hdc_smoothed)
    assert max(found.values()) < TOLERANCE
    proof(
        ours="GroupInteraction",
        reference="torch.nn.functional.pixel_unshuffle",
        case=f"{len(SHAPES)} sizes, rates 1 to 3",
        **found,
    )


LATTICE_MUTANTS = {
    "no padding to whole lattices": ("F.pad(x, (0, -w % rate, 0, -h % rate))", "x"),
    "padding on the left": ("(0, -w % rate, 0, -h % rate)", "(-w % rate, 0, -h % rate, 0)"),
    "blocks for lattices": ("(-1, rate)).unflatten(2, (-1, rate))", "(rate, -1)).unflatten(2, (rate, -1))"),
    "rows and columns swapped": ("permute(2, 3, 4, 0, 5, 1)", "permute(2, 3, 4, 1, 5, 0)"),
    "lattices not padded": ("padding=k // 2", "padding=0"),
    "one lattice only": ("parts = convolve(parts, weight, padding=k // 2)", "parts = convolve(parts[: len(x)], weight, padding=k // 2).repeat(rate**2, 1, 1, 1)"),
    "crop at the other end": ("x[..., :h, :w]", "x[..., -h:, -w:]"),
}  # fmt: skip
SMOOTHED_MUTANTS = {
    "transposed mixture": ("ij,jbcpq->ibcpq", "ji,jbcpq->ibcpq"),
    "mixture untouched": ("self.mixture, parts)", "self.mixture.detach(), parts)"),
    "images for lattices": ("(self.rate**2, -1))", "(-1, self.rate**2)).transpose(0, 1)"),
    "kernel shifted": ("padding=self.rate - 1", "padding=self.rate"),
    "kernel turned": ("self.kernel[None, None],", "self.kernel.flip(0, 1)[None, None],"),
    "one channel for all": ("x.flatten(0, 1)[:, None]", "x[:, :1].expand(-1, c, -1, -1).flatten(0, 1)[:, None]"),
}  # fmt: skip


@pytest.mark.parametrize("mutation", LATTICE_MUTANTS)
def test_lattices_notice_the_mutant(mutation: str) -> None:
    mutant = mutate(hdc_lattices, *LATTICE_MUTANTS[mutation])
    try:
        worst = max(lattices_differences(mutant).values())
    except BROKEN:
        worst = float("inf")
    assert not worst < TOLERANCE


@pytest.mark.parametrize("mutation", SMOOTHED_MUTANTS)
def test_smoothing_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(hdc_smoothed, *SMOOTHED_MUTANTS[mutation])
    caught = []
    for compare in (interaction_differences, smoothing_differences):
        try:
            worst = max(compare(mutant).values())
        except BROKEN:
            worst = float("inf")
        caught.append(not worst < TOLERANCE)
    assert sum(caught) == 1


@pytest.mark.parametrize("rates", [(2, 2, 2), (2, 4, 6), (3, 3, 3), (1, 2, 3)])
def test_nothing_crosses_between_lattices(rates: tuple[int, ...]) -> None:
    """Change one pixel: with BN fixed, other lattices change by exactly 0."""
    factor, size = gcd(*rates), 24
    stack = DilatedStack(4, rates).eval()
    randomize(stack)
    x = torch.randn(1, 4, size, size)
    changed = x.clone()
    changed[..., 12, 12] += 1
    moved = (stack(changed) - stack(x)).abs().amax((0, 1)) > 0
    rows, columns = moved.nonzero(as_tuple=True)
    assert len(rows) > 0
    assert bool(((rows - 12) % factor == 0).all())
    assert bool(((columns - 12) % factor == 0).all())
    assert (factor == 1) == bool(moved[12, 13] and moved[13, 12])


def test_a_stack_is_g_squared_networks_with_shared_weights() -> None:
    """2-4-2 on an image = 1-2-1 on each of its four lattices."""
    wide, narrow = DilatedStack(3, (2, 4, 2)), DilatedStack(3, (1, 2, 1))
    randomize(wide)
    narrow.load_state_dict(wide.state_dict())
    x = torch.randn(2, 3, 12, 10)
    parts = narrow.eval()(split_lattices(x, 2))
    joined = merge_lattices(parts, 2, 12, 10)
    torch.testing.assert_close(wide.eval()(x), joined, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("rate", [1, 2, 3, 5])
def test_splitting_loses_nothing(rate: int) -> None:
    x = torch.randn(2, 3, 7, 10)
    parts = split_lattices(x, rate)
    assert torch.equal(merge_lattices(parts, rate, 7, 10), x)
    assert torch.equal(parts[:2, :, 0, 0], x[:, :, 0, 0])


@pytest.mark.parametrize("rate", [2, 3])
def test_smoothing_follows_every_shift_and_interaction_only_some(
    rate: int,
) -> None:
    x = torch.zeros(1, 2, 18, 18)
    x[..., 6:10, 6:10] = torch.randn(1, 2, 4, 4)
    for layer in (SharedSmoothing(rate), GroupInteraction(rate)):
        randomize(layer)
        follows = [
            torch.allclose(
                layer(x.roll(shift, 3)), layer(x).roll(shift, 3), atol=1e-12
            )
            for shift in range(1, 4)
        ]
        if isinstance(layer, SharedSmoothing):
            assert follows == [True] * 3
        else:
            assert follows == [shift % rate == 0 for shift in range(1, 4)]


@pytest.mark.parametrize("kind", ["shared smoothing", "group interaction"])
def test_both_start_as_the_plain_stack_and_cost_little(kind: str) -> None:
    torch.manual_seed(0)
    plain = smoothed_stack("as it is", (2, 3), 4).eval()
    torch.manual_seed(0)
    smooth = smoothed_stack(kind, (2, 3), 4).eval()
    x = torch.randn(1, 4, 9, 9)
    torch.testing.assert_close(plain(x), smooth(x), rtol=0, atol=TOLERANCE)
    counts = [sum(p.numel() for p in s.parameters()) for s in (plain, smooth)]
    extra = {
        "shared smoothing": 3**2 + 5**2,  # (2 r - 1)²
        "group interaction": 2**4 + 3**4,  # r⁴
    }
    assert counts[1] - counts[0] == extra[kind]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: split_lattices(x, 0), r"rates is \(0,\)"),
        (
            lambda x: convolve_by_lattices(x, torch.ones(1, 1, 2, 2), 2),
            "kernel is 2; must be odd",
        ),
        (lambda x: merge_lattices(x, 2, 4, 4), "2 parts; must be groups of 4"),
        (lambda x: SharedSmoothing(0), r"rates is \(0,\)"),
        (lambda x: GroupInteraction(-1), r"rates is \(-1,\)"),
    ],
)
def test_bad_input_is_named(
    call: Callable[[Tensor], object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        call(torch.randn(2, 1, 4, 4))
