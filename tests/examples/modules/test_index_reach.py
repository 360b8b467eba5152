"""Reach by derivatives against reach by raising one value after another."""

from collections.abc import Callable
from itertools import product
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn

from examples.modules import index_reach
from examples.modules.convolution import Convolution
from examples.modules.index_reach import (
    OverPixels,
    extent,
    images,
    moves_by,
    moves_shuffled,
    probed,
    reads,
)
from examples.modules.separable_convolution import SeparableConvolution
from examples.modules.transformer import EncoderLayer
from tests.mutants import mutate

# pixels, span, channels; shifted by 1, by 2, shuffled: what the page claims
CLAIMS = {
    "1 × 1": (1, 1, 8, "moves", "moves", "moves"),
    "3 × 3": (9, 3, 8, "moves", "moves", "no"),
    "3 × 3, rate 3": (9, 7, 8, "moves", "moves", "no"),
    "3 × 3, stride 2": (9, 3, 8, "no", "moves", "no"),
    "3 × 3, depthwise": (9, 3, 1, "moves", "moves", "no"),
    "separable": (9, 3, 8, "moves", "moves", "no"),
    "basic block": (25, 5, 8, "moves", "moves", "no"),
    "ASPP": (144, 12, 8, "moves", "moves", "no"),
    "max pooling": (4, 2, 1, "no", "moves", "no"),
    "global mean": (144, 12, 1, "same", "same", "same"),
    "SPP": (144, 12, 1, "no", "no", "no"),
    "SE": (144, 12, 8, "moves", "moves", "moves"),
    "CBAM": (144, 12, 8, "moves", "moves", "no"),
    "layer norm": (1, 1, 8, "moves", "moves", "moves"),
    "LSTM": (79, 7, 8, "no", "no", "no"),
    "self-attention": (144, 12, 8, "moves", "moves", "moves"),
    "encoder layer": (144, 12, 8, "moves", "moves", "moves"),
}


@torch.no_grad()
def raised(block: nn.Module, x: Tensor, enough: Tensor) -> Tensor:
    """(c, h, w): whether one output changes when one value does.

    A ReLU may be off in one image: go on until ``enough`` is found.
    """
    found = torch.zeros(x.shape[1:], dtype=torch.bool)
    one = torch.eye(x[0].numel(), dtype=x.dtype).view(-1, *x.shape[1:])
    for image, change in product(x, (40.0, -40.0)):
        y, z = block(image[None]), block(image + change * one)
        while y.dim() > 2:
            middle = y.shape[2] // 2
            y, z = y[:, :, middle], z[:, :, middle]
        differs = (z[:, 0] - y[:, 0]).abs() > 1e-12
        found |= differs.view(found.shape)
        if found[enough].all():
            break
    return found


def facts(m: ModuleType, name: str) -> tuple:
    x, block = m.images(), m.probed()[name]
    order = torch.randperm(144, generator=torch.Generator().manual_seed(3))
    some = x[:3]
    return (
        *m.extent(m.reads(block, x)),
        m.moves_by(block, some, 1),
        m.moves_by(block, some, 2),
        m.moves_shuffled(block, some, order),
    )


def test_reach_equals_that_of_raised_values(
    proof: Callable[..., None],
) -> None:
    x, blocks = images(), probed()
    assert blocks.keys() == CLAIMS.keys()
    different = 0
    for block in blocks.values():
        read = reads(block, x)
        different += int((read != raised(block, x, read)).sum())
    assert different == 0
    proof(
        ours="reads",
        reference="one value raised at a time",
        case=f"{len(blocks)} blocks, {x[0].numel():,} values",
        difference=0,
    )


@pytest.mark.parametrize("name", CLAIMS)
def test_the_table_of_the_page(name: str) -> None:
    assert facts(index_reach, name) == CLAIMS[name]


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("y.shape[2] // 2", "0", "LSTM"),
        ("found |= (gradient", "found &= (gradient", "3 × 3"),
        ("(gradient != 0)", "(gradient > 0.5)", "global mean"),
        ("(noise + peak)", "(noise + 0 * peak)", "SPP"),
        (".transpose(1, 2)  # (b", ".sin().transpose(1, 2)  # (b", "layer norm"),
        ("y.transpose(1, 2).unflatten", "y.flip(1).transpose(1, 2).unflatten", "layer norm"),
        ('"circular"', '"zeros"', "3 × 3"),
        ("!= (1, 1)", "== (1, 1)", "3 × 3"),
        ("x.roll(pixels, -1)", "x.roll(pixels, 0)", "max pooling"),
        ("before.roll(s, -1)", "before.roll(s, -2)", "3 × 3"),
        (".roll(pixels, -1)", ".flip(-1)", "3 × 3"),
        ("[..., order].view_as(x)", "[..., order.sort()[0]].view_as(x)", "3 × 3"),
        ("[..., order].view_as(before)", ".view_as(before)", "1 × 1"),
        ("< 1e-9", "< 1e9", "3 × 3"),
        ("groups=c), conv(c, c, 1)", "groups=c), nn.Identity()", "separable"),
        ("padding=3, dilation=3", "padding=1", "3 × 3, rate 3"),
    ],
)  # fmt: skip
def test_the_claims_notice_the_mutant(old: str, new: str, name: str) -> None:
    mutant = mutate(index_reach, old, new)
    if ".sin()" in new or "flip(1)" in new:  # the adapter itself
        x = images()[:2]
        direct = nn.functional.layer_norm(x.movedim(1, -1), (8,))
        got = mutant.OverPixels(nn.LayerNorm(8).double())(x)
        assert not torch.allclose(got, direct.movedim(-1, 1))
        return
    try:
        found = facts(mutant, name)
    except RuntimeError:  # nothing was read at all
        found = ()
    assert found != CLAIMS[name]


def test_pixels_are_tokens_and_come_back() -> None:
    x = images()[:2]
    assert torch.equal(OverPixels(nn.Identity())(x), x)
    direct = nn.functional.layer_norm(x.movedim(1, -1), (8,)).movedim(-1, 1)
    ours = OverPixels(nn.LayerNorm(8).double())(x)
    torch.testing.assert_close(ours, direct, rtol=0, atol=1e-12)


@pytest.mark.parametrize("pixels", [1, 2, 5])
def test_zero_padding_breaks_the_shift_at_the_border_alone(
    pixels: int,
) -> None:
    x = images()[:2]
    for block in (
        Convolution(8, 8, 3, padding=1).double(),
        SeparableConvolution(8, 8, 3, padding=1).double(),
    ):
        assert moves_by(block, x, pixels) == "no"
        y, z = block(x), block(x.roll(pixels, -1))
        inside = slice(pixels + 1, -1)
        gap = (y.roll(pixels, -1) - z)[..., inside].abs().max()
        assert gap < 1e-12


def test_reach_grows_with_depth_by_two_pixels_a_layer() -> None:
    for depth in (1, 2, 3):
        layers = [nn.Conv2d(8, 8, 3, padding=1) for _ in range(depth)]
        span = extent(reads(nn.Sequential(*layers).double(), images()))[1]
        assert span == 1 + 2 * depth


def test_positions_end_the_freedom_of_attention() -> None:
    """Add a code of each place, and shuffling is no longer harmless."""

    class Placed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = EncoderLayer(8, 2, 32)
            self.places = nn.Parameter(torch.randn(144, 8))

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(x + self.places)

    block, order = OverPixels(Placed()).double().eval(), torch.randperm(144)
    x = images()[:2]
    assert moves_shuffled(block, x, order) == "no"
    assert moves_by(block, x, 1) == "no"


def test_bad_input_is_named() -> None:
    block = nn.Conv2d(8, 8, 1).double()
    with pytest.raises(ValueError, match=r"x is \(8, 12, 12\)"):
        reads(block, images()[0])
    with pytest.raises(ValueError, match="pixels is 0"):
        moves_by(block, images(), 0)
