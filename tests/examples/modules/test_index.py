"""Costs by formula against torch's counter, on the blocks of every page."""

from collections.abc import Callable
from functools import partial
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from examples.architectures.lstm import LSTM
from examples.modules import index
from examples.modules.aspp import ASPP
from examples.modules.convolution import Convolution
from examples.modules.convolutional_attention import CBAM, SEBlock
from examples.modules.cross_attention import CrossAttention
from examples.modules.deformable_convolution_modules import (
    ModulatedDeformableConvolution,
)
from examples.modules.hdc import DilatedStack
from examples.modules.index import WORDS, local_blocks, wide_blocks
from examples.modules.index_reach import OverPixels
from examples.modules.linear import Pointwise
from examples.modules.normalization import BatchNorm
from examples.modules.pooling import MaxPool
from examples.modules.residual import Bottleneck, ResidualBlock
from examples.modules.self_attention import SelfAttention
from examples.modules.transformer import EncoderLayer
from examples.modules.transposed_convolution import TransposedConvolution
from tests.mutants import mutate

SETTINGS = ((64, 56), (16, 12), (8, 6), (48, 10))


class WithWords(nn.Module):
    """Cross-attention from the pixels to a text of 77 words."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.attention = CrossAttention(c, 4, c)
        self.c = c

    def forward(self, x: Tensor) -> Tensor:
        words = torch.zeros(1, WORDS, self.c, device=x.device)
        return self.attention(x, words)


def separable(c: int) -> nn.Module:
    depthwise = nn.Conv2d(c, c, 3, padding=1, groups=c, bias=False)
    return nn.Sequential(depthwise, nn.Conv2d(c, c, 1))


def blocks(c: int, side: int) -> dict[str, nn.Module]:
    """The blocks themselves, from the pages of this chapter."""
    conv = partial(Convolution, c, c, 3)
    n = side * side
    return {
        "1 × 1": Pointwise(c, c),
        "3 × 3": conv(padding=1),
        "3 × 3, rate 2": conv(padding=2, dilation=2),
        "3 × 3, stride 2": conv(2, padding=1),
        "3 × 3, depthwise": nn.Conv2d(c, c, 3, padding=1, groups=c),
        "separable 3 × 3": separable(c),
        "deformable 3 × 3": ModulatedDeformableConvolution(
            *(c, c, 3), padding=1
        ),
        "transposed 4 × 4": TransposedConvolution(c, c, 4, 2, 1),
        "HDC 1, 2, 5": DilatedStack(c, (1, 2, 5)),
        "basic block": ResidualBlock(c, c),
        "bottleneck": Bottleneck(c, c // 4),
        "ASPP": ASPP(c, c),
        "SE": SEBlock(c, min(16, c)),
        "CBAM": CBAM(c, min(16, c)),
        "LSTM, n steps": OverPixels(LSTM(c, c)),
        "cross-attention": OverPixels(WithWords(c)),
        "self-attention": OverPixels(SelfAttention(c, 4)),
        "encoder layer": OverPixels(EncoderLayer(c, 4, 4 * c)),
        "linear, all to all": nn.Sequential(
            nn.Flatten(), nn.Linear(c * n, c * n)
        ),
        "batch norm": BatchNorm(c),
        "pooling, ReLU": nn.Sequential(MaxPool(2), nn.ReLU()),
    }


def counted(block: nn.Module, c: int, side: int) -> tuple[int, int]:
    x = torch.zeros(1, c, side, side, device="meta")
    with FlopCounterMode(display=False) as counter:
        block.eval()(x)
    parameters = sum(p.numel() for p in block.parameters())
    return parameters, counter.get_total_flops()


def expected(name: str, c: int, side: int) -> bool:
    """Thousands of steps take long; the formula is the same for few."""
    return name != "LSTM, n steps" or side < 50


def truth(c: int, side: int) -> dict[str, tuple[int, int]]:
    with torch.device("meta"):
        return {
            name: counted(block, c, side)
            for name, block in blocks(c, side).items()
            if expected(name, c, side)
        }


@pytest.fixture(scope="module")
def truths() -> dict[tuple[int, int], dict[str, tuple[int, int]]]:
    return {setting: truth(*setting) for setting in SETTINGS}


def wrong(m: ModuleType, truths: dict) -> set[str]:
    """Names of the blocks whose formula differs at any setting."""
    found = set()
    for (c, side), right in truths.items():
        costs = m.local_blocks(c, side) | m.wide_blocks(c, side)
        found |= {n for n in right if tuple(costs[n]) != right[n]}
    return found


def test_every_formula_equals_the_count(
    truths: dict, proof: Callable[..., None]
) -> None:
    assert wrong(index, truths) == set()
    for ours in (local_blocks, wide_blocks):
        names = ours(64, 56)
        assert names.keys() <= truths[16, 12].keys()
        proof(
            ours=ours.__name__,
            reference="torch.utils.flop_counter",
            case=f"{len(names)} blocks, {len(SETTINGS)} settings",
            difference=0,
        )


MUTANTS = {
    "one FLOP a multiply-add": (
        "2 * weights * positions",
        "weights * positions",
    ),
    "biases forgotten": ("weights + biases, 2", "weights, 2"),
    "stride 2 halves the positions": ("n // 4, c)", "n // 2, c)"),
    "two offsets a tap": ("27 * 9 * c, n, 27", "18 * 9 * c, n, 18"),
    "transposed counted at the output": (
        "layer(16 * c * c, n, c)",
        "layer(16 * c * c, 4 * n, c)",
    ),
    "a norm without shift": (
        "norm = side * side, Cost(2 * c, 0)\n    plain",
        "norm = side * side, Cost(c, 0)\n    plain",
    ),
    "a bottleneck of half the width": ("c // 4\n", "c // 2\n"),
    "depthwise as dense": ("layer(9 * c, n, c)", "layer(9 * c * c, n, c)"),
    "image pooling at every pixel": (
        "layer(c * c, 1), norm)",
        "layer(c * c, n), norm)",
    ),
    "ASPP projects four branches": ("5 * c * c", "4 * c * c"),
    "gates without biases": (
        "layer(c * squeezed, 1, squeezed)",
        "layer(c * squeezed, 1)",
    ),
    "gates at every pixel": (
        "layer(squeezed * c, 1, c)",
        "layer(squeezed * c, n, c)",
    ),
    "one pooling in CBAM": ("(g.flops for g in gate)", "(0 for g in gate)"),
    "7 × 7 on one map": ("layer(98, n, 2)", "layer(49, n, 2)"),
    "scores without values": (
        "Cost(0, 4 * n * n * c)",
        "Cost(0, 2 * n * n * c)",
    ),
    "no output projection": ("[square] * 4", "[square] * 3"),
    "words projected once": (
        "(square, words, words, square,",
        "(square, words, square,",
    ),
    "three gates": (
        "gates = layer(4 * c * c, n, 4 * c)",
        "gates = layer(3 * c * c, n, 3 * c)",
    ),
    "one norm in an encoder layer": ("*feed, norm, norm)", "*feed, norm)"),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_the_counter_notices_the_mutant(mutation: str, truths: dict) -> None:
    old, new = MUTANTS[mutation]
    assert wrong(mutate(index, old, new), truths)


def test_all_but_attention_lie_on_two_lines() -> None:
    """A weight works n times, or once; biases never."""
    c, side = 64, 56
    n = side**2
    costs = local_blocks(c, side) | wide_blocks(c, side)
    uses = {
        name: cost.flops / 2 / cost.parameters
        for name, cost in costs.items()
        if cost.parameters
    }
    on_the_line = {
        name for name, times in uses.items() if 0.89 * n < times <= n
    }
    assert on_the_line == {
        *("1 × 1", "3 × 3", "3 × 3, rate 2", "3 × 3, depthwise"),
        *("separable 3 × 3", "deformable 3 × 3", "transposed 4 × 4"),
        *("HDC 1, 2, 5", "basic block", "bottleneck", "ASPP"),
        "LSTM, n steps",
    }
    assert uses["SE"] < 1 and uses["linear, all to all"] < 1
    assert uses["self-attention"] > 25 * n
    assert n < uses["cross-attention"] < 1.2 * n


def test_what_the_page_says_about_sizes() -> None:
    costs = local_blocks(64, 56) | wide_blocks(64, 56)
    self_attention = costs["self-attention"]
    assert 0.95 < 4 * 56**4 * 64 / self_attention.flops < 0.97
    three = costs["3 × 3"]
    assert 10 < self_attention.flops / three.flops < 12
    assert self_attention.parameters < three.parameters / 2
    assert 7 < three.flops / costs["separable 3 × 3"].flops < 8
    assert 16 < costs["basic block"].flops / costs["bottleneck"].flops < 18
    small = wide_blocks(64, 14)["self-attention"].flops
    assert 1.1 < small / local_blocks(64, 14)["3 × 3"].flops < 1.2
    at_160 = [8 * n * 64**2 + 4 * n * n * 64 for n in (160, 156)]
    assert at_160[0] == 18 * 160 * 64**2 and at_160[1] < 18 * 156 * 64**2
    dense = costs["linear, all to all"].parameters
    assert 1e6 < dense / three.parameters < 1.2e6


@pytest.mark.parametrize(
    ("c", "side", "message"),
    [
        (0, 8, "c is 0"),
        (6, 8, "c is 6; must be a multiple of 4"),
        (8, 7, "side is 7; must be even"),
        (8, 0, "side is 0"),
    ],
)
def test_bad_input_is_named(c: int, side: int, message: str) -> None:
    for costs in (local_blocks, wide_blocks):
        with pytest.raises(ValueError, match=message):
            costs(c, side)
