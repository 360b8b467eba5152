"""Trained at one size, tested at others: what the page says, other seeds."""

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.modules import spp_sizes
from examples.modules.spp import SpatialPyramid
from examples.modules.spp_sizes import (
    MIXED,
    ONE,
    TESTED,
    AlignedPyramid,
    Resized,
    aligned,
    learn,
    reader,
    right,
)
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences

ODD = [size for size in TESTED if size % 4]


@pytest.mark.parametrize("seed", [3, 4])
def test_sizes_other_than_the_trained(seed: int) -> None:
    one = {
        kind: learn(kind, ONE, seed)
        for kind in ("flatten", "global mean", "level 1", "level 4", "pyramid")
    }
    assert all(right(model, 16) > 0.92 for model in one.values())
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        right(one["flatten"], 28)
    assert right(one["global mean"], 28) < 0.6
    assert right(one["level 1"], 28) < 0.6
    assert right(one["level 4"], 28) > 0.65
    assert right(one["pyramid"], 28) > 0.65
    back = [right(Resized(one["flatten"]), size) for size in (8, 12, 28)]
    assert min(back) > 0.92  # the cheap remedy, where it applies

    mixed = learn("pyramid", MIXED, seed)
    assert min(right(mixed, size) for size in (12, 16, 20, 24)) > 0.88
    assert right(mixed, 32) > right(one["pyramid"], 32) + 0.02
    assert abs(right(mixed, 16) - right(one["pyramid"], 16)) < 0.04
    assert right(mixed, 8) < 0.85  # far below the trained sizes
    mean = learn("global mean", MIXED, seed)
    assert right(mean, 16) < right(one["global mean"], 16)
    assert right(mean, 28) < 0.6
    for model in (one["pyramid"], mixed):
        gains = [right(aligned(model), s) - right(model, s) for s in ODD]
        assert sum(gains) / len(gains) > 0.005


def test_bins_that_divide_need_no_alignment() -> None:
    model = reader("pyramid", 0).eval()
    x = torch.randn(3, 1, 16, 24)
    assert torch.equal(aligned(model)(x), model(x))
    other = torch.randn(3, 1, 18, 26)
    assert not torch.allclose(aligned(model)(other), model(other))


def aligned_worst(m: ModuleType) -> dict[str, float]:
    def theirs(x: Tensor) -> Tensor:
        h, w = ((side + 3) // 4 * 4 for side in x.shape[2:])
        x = F.interpolate(x, size=(h, w), mode="bilinear")
        pools = (nn.AdaptiveMaxPool2d(n) for n in (1, 2, 4))
        return torch.cat([pool(x).flatten(1) for pool in pools], dim=1)

    ours = m.AlignedPyramid(SpatialPyramid((1, 2, 4)), 4)
    shapes = ((2, 3, 5, 9), (1, 2, 8, 11), (1, 1, 4, 4), (2, 1, 1, 3))
    found = [differences(ours, theirs, [torch.randn(s)]) for s in shapes]
    return {k: max(one[k] for one in found) for k in found[0]}


@pytest.mark.usefixtures("float64")
def test_aligned_pyramid_equals_torch(proof: Callable[..., None]) -> None:
    worst = aligned_worst(spp_sizes)
    assert max(worst.values()) < TOLERANCE
    proof(
        ours="AlignedPyramid",
        reference="torch.nn.AdaptiveMaxPool2d",
        case="map enlarged to multiples of 4",
        **worst,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("-(-side // m) * m", "max(side // m, 1) * m"),
        ('size=sides, mode="bilinear"', "size=sides"),
        (
            'size=sides, mode="bilinear"',
            'size=sides, mode="bilinear", align_corners=True',
        ),
        ("for side in x.shape[2:]]", "for side in x.shape[:1:-1]]"),
    ],
)
@pytest.mark.usefixtures("float64")
def test_alignment_notices_the_mutant(old: str, new: str) -> None:
    try:
        worst = max(aligned_worst(mutate(spp_sizes, old, new)).values())
    except (AssertionError, RuntimeError):
        worst = float("inf")
    assert not worst < TOLERANCE


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="kind is 'spp'; must be one of"):
        reader("spp", 0)
    assert isinstance(AlignedPyramid(SpatialPyramid(), 4), nn.Module)
