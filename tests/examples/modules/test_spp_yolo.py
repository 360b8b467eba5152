"""The SPP of YOLO against torch, and why chained windows add up."""

import math
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from examples.modules import spp_yolo
from examples.modules.spp_picture import ways
from examples.modules.spp_yolo import (
    ChainedPools,
    LinePool,
    ParallelPools,
    PoolingBlock,
    same_pool,
)
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, randomize

pytestmark = pytest.mark.usefixtures("float64")
Worst = dict[str, float]
SIZES = ((20, 20), (13, 9), (3, 4), (1, 6), (1, 1))


def distinct(*shape: int) -> Tensor:
    """No two values alike, of both signs, of order one."""
    count = math.prod(shape)
    return (torch.randperm(count) - count // 2).view(shape) / count


def tied(*shape: int) -> Tensor:
    return torch.randint(-2, 2, shape).double()


def pool(x: Tensor, kernel: int) -> Tensor:
    return F.max_pool2d(x, kernel, stride=1, padding=kernel // 2)


def parallel(x: Tensor, kernels: tuple[int, ...] = (5, 9, 13)) -> Tensor:
    return torch.cat([x, *(pool(x, k) for k in kernels)], dim=1)


def chained(x: Tensor) -> Tensor:
    parts = [x]
    for _ in range(3):
        parts.append(pool(parts[-1], 5))
    return torch.cat(parts, dim=1)


def worst_of(
    ours: nn.Module,
    theirs: Callable[[Tensor], Tensor],
    kinds: tuple[Callable[..., Tensor], ...] = (distinct, tied),
) -> Worst:
    worst = {"forward": 0.0, "gradient": 0.0}
    for h, w in SIZES:
        for kind in kinds:
            found = differences(ours, theirs, [kind(2, 3, h, w)])
            worst = {k: max(worst[k], found[k]) for k in worst}
    return worst


def line_worst(m: ModuleType) -> Worst:
    worst = {"forward": 0.0, "gradient": 0.0}
    for kernel in (1, 3, 5, 13):
        found = worst_of(m.LinePool(kernel), lambda x, k=kernel: pool(x, k))
        worst = {k: max(worst[k], found[k]) for k in worst}
    return worst


def block_worst(m: ModuleType) -> Worst:
    worst = {"forward": 0.0, "gradient": 0.0}
    for training in (True, False):
        block = m.PoolingBlock(6, 5, m.ChainedPools()).train(training)
        randomize(block)
        state = {k: v.clone() for k, v in block.state_dict().items()}
        names = [name for name, _ in block.named_parameters()]
        theirs = {name: state[name].requires_grad_() for name in names}

        def unit(
            x: Tensor,
            at: str,
            p: dict[str, Tensor] = state | theirs,
            training: bool = training,
        ) -> Tensor:
            z = F.conv2d(x, p[f"{at}.0.weight"])
            mean, var = p[f"{at}.1.running_mean"], p[f"{at}.1.running_var"]
            affine = p[f"{at}.1.weight"], p[f"{at}.1.bias"]
            z = F.batch_norm(z, mean, var, *affine, training, 0.1, 1e-5)
            return z * torch.sigmoid(z)

        found = differences(
            block,
            lambda x, unit=unit: unit(parallel(unit(x, "narrow")), "mix"),
            [torch.randn(3, 6, 11, 8)],
            [(p, theirs[name]) for name, p in block.named_parameters()],
        )
        worst = {k: max(worst[k], found[k]) for k in worst}
    return worst


MEASURES: dict[str, Callable[[ModuleType], Worst]] = {
    "ParallelPools": lambda m: worst_of(m.ParallelPools(), parallel),
    "ChainedPools": lambda m: worst_of(m.ChainedPools(), chained),
    "LinePool": line_worst,
    "PoolingBlock": block_worst,
}
CASES = {
    "ParallelPools": ("torch.nn.functional.max_pool2d", "5 maps, ties"),
    "ChainedPools": ("torch.nn.functional.max_pool2d", "three of 5, ties"),
    "LinePool": ("torch.nn.functional.max_pool2d", "4 kernels, ties"),
    "PoolingBlock": ("torch.nn.functional.conv2d", "train and eval"),
}


@pytest.mark.parametrize("name", CASES)
def test_equals_torch(name: str, proof: Callable[..., None]) -> None:
    worst = MEASURES[name](spp_yolo)
    assert max(worst.values()) < TOLERANCE
    reference, case = CASES[name]
    proof(ours=name, reference=reference, case=case, **worst)


def test_chained_equals_parallel_where_no_values_are_equal(
    proof: Callable[..., None],
) -> None:
    worst = worst_of(ChainedPools(), parallel, (distinct,))
    assert worst["forward"] == 0
    assert worst["gradient"] < TOLERANCE
    proof(
        ours="ChainedPools",
        reference="torch.nn.functional.max_pool2d",
        case="5, 9 and 13 at once, no ties",
        **worst,
    )


def test_ties_send_the_gradient_elsewhere_but_not_through_relu() -> None:
    x = tied(2, 3, 20, 20)
    found = differences(ChainedPools(), parallel, [x])
    assert found["forward"] == 0
    assert found["gradient"] > 0.1
    behind_relu = differences(
        lambda x: ChainedPools()(x.relu()),
        lambda x: parallel(x.relu()),
        [distinct(2, 3, 20, 20)],  # half of it becomes 0, all equal
    )
    assert max(behind_relu.values()) < TOLERANCE


def row_pool(x: Tensor, kernel: int) -> Tensor:
    """Maxima along one axis, from the definition."""
    reach, size = kernel // 2, x.shape[-1]
    return torch.stack(
        [
            x[..., max(i - reach, 0) : i + reach + 1].amax(-1)
            for i in range(size)
        ],
        dim=-1,
    )


@pytest.mark.parametrize("size", [1, 2, 3, 6, 11, 17])
def test_reaches_add_up_for_every_input(size: int) -> None:
    """Exact for all inputs: max pooling is linear over (max, +), so it is
    known from inputs that are 0 at one place and -inf elsewhere."""
    impulses = torch.full((size, size), -math.inf).fill_diagonal_(0.0)
    for j in (1, 3, 5, 7):
        for k in (1, 3, 5, 9):
            both = row_pool(row_pool(impulses, j), k)
            assert torch.equal(both, row_pool(impulses, j + k - 1))


def test_chains_of_other_kernels() -> None:
    x = distinct(1, 2, 15, 12)
    for kernel, times in ((3, 3), (5, 2), (7, 3), (3, 6)):
        reaches = [i * (kernel - 1) + 1 for i in range(1, times + 1)]
        expected = parallel(x, tuple(reaches))
        assert torch.equal(ChainedPools(kernel, times)(x), expected)
        assert torch.equal(ParallelPools(tuple(reaches))(x), expected)
    assert [4 * i + 1 for i in (1, 2, 3)] == [5, 9, 13]


def test_means_and_zeros_do_not_add_up() -> None:
    x = -1 - torch.rand(1, 1, 30, 30)
    mean = nn.AvgPool2d(5, 1, 2)
    inside = (..., slice(9, 21), slice(9, 21))
    wide = nn.AvgPool2d(9, 1, 4)(x)
    assert not torch.allclose(mean(mean(x))[inside], wide[inside])

    def around(x: Tensor, kernel: int) -> Tensor:
        return F.max_pool2d(F.pad(x, [kernel // 2] * 4), kernel, 1)

    assert (around(x, 5) == 0).sum() == 30**2 - 26**2  # a frame of zeros
    stride2 = F.max_pool2d(F.max_pool2d(x, 5, 2, 2), 5, 2, 2)
    assert not torch.equal(stride2, F.max_pool2d(x, 9, 4, 4))


@pytest.mark.parametrize("times", [1, 2, 3, 4])
def test_ways_are_the_coefficients_of_a_power(times: int) -> None:
    expected = np.polynomial.polynomial.polypow(np.ones(5), times)
    assert ways(times) == expected.round().astype(int).tolist()
    assert sum(ways(times)) == 5**times
    x = torch.zeros(1, 1, 1, 41)
    x[..., 20] = 1
    for _ in range(times):  # chained means weigh by the number of ways
        x = F.avg_pool2d(x, (1, 5), 1, (0, 2))
    found = (x[0, 0, 0] * 5**times).round().int()
    half = 2 * times
    assert found[20 - half : 21 + half].tolist() == ways(times)


def test_shape_and_shift_are_kept() -> None:
    x = distinct(1, 2, 40, 40)
    pools = ParallelPools()
    assert pools(x).shape == (1, 8, 40, 40)
    moved = pools(x.roll((3, 5), dims=(2, 3)))
    expected = pools(x).roll((3, 5), dims=(2, 3))
    inner = (..., slice(12, 28), slice(12, 28))
    assert torch.equal(moved[inner], expected[inner])


def test_thirteen_is_global_only_in_the_middle_of_thirteen() -> None:
    x = distinct(64, 1, 13, 13)
    found = same_pool(13)(x)
    top = x.amax(dim=(2, 3))
    assert torch.equal(found[:, :, 6, 6], top)
    corner = (found[:, 0, 0, 0] == top[:, 0]).double().mean()
    assert 0.1 < corner < 0.5  # 7 × 7 of 13 × 13 pixels: 0.29
    assert torch.equal(same_pool(25)(x)[:, :, 0, 0], top)


@pytest.mark.parametrize("c", [4, 16])
def test_parameters_by_formula(c: int) -> None:
    block = PoolingBlock(c, c, ChainedPools())
    count = sum(p.numel() for p in block.parameters())
    assert count == c**2 // 2 + 2 * c**2 + 3 * c
    pools = ParallelPools()
    assert not list(pools.parameters())


def test_yolov5s_has_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        block = PoolingBlock(512, 512, ChainedPools())
    assert sum(p.numel() for p in block.parameters()) == 656_896


def test_counters_of_flops_see_no_pooling() -> None:
    with FlopCounterMode(display=False) as counter:
        parallel(torch.randn(1, 4, 20, 20))
    assert counter.get_total_flops() == 0


MUTANTS = {
    "no padding": ("ParallelPools", "padding=kernel // 2", "padding=0"),
    "stride 2": ("ParallelPools", "stride=1,", "stride=2,"),
    "default stride": ("ChainedPools", "stride=1, ", ""),
    "the map itself last": (
        "ParallelPools",
        "[x, *(pool(x) for pool in self.pools)]",
        "[*(pool(x) for pool in self.pools), x]",
    ),
    "large windows first": (
        "ParallelPools",
        "for pool in self.pools)]",
        "for pool in reversed(self.pools))]",
    ),
    "7 for 9": ("ParallelPools", "(5, 9, 13)", "(5, 7, 13)"),
    "stacked along the height": (
        "ParallelPools",
        "for pool in self.pools)], dim=1)",
        "for pool in self.pools)], dim=2)",
    ),
    "never chained": (
        "ChainedPools",
        "self.pool(parts[-1])",
        "self.pool(parts[0])",
    ),
    "two links": ("ChainedPools", "range(self.times)", "range(2)"),
    "zeros around": ("LinePool", "value=-math.inf", "value=0.0"),
    "one pixel off": (
        "LinePool",
        "[self.kernel // 2] * 4",
        "[self.kernel - 1, 0] * 2",
    ),
    "rows twice": (
        "LinePool",
        "largest(x.unfold(2, self.kernel, 1))",
        "largest(x.unfold(3, self.kernel, 1))",
    ),
    "columns before rows": (
        "LinePool",
        "x = largest(x.unfold(3, self.kernel, 1))  # rows first: see ties\n"
        "        return largest(x.unfold(2, self.kernel, 1))",
        "x = largest(x.unfold(2, self.kernel, 1))\n"
        "        return largest(x.unfold(3, self.kernel, 1))",
    ),
    "ReLU for SiLU": ("PoolingBlock", "nn.SiLU()", "nn.ReLU()"),
    "no norm": ("PoolingBlock", "nn.BatchNorm2d(out)", "nn.Identity()"),
    "another eps": (
        "PoolingBlock",
        "nn.BatchNorm2d(out)",
        "nn.BatchNorm2d(out, eps=1e-3)",
    ),
    "a bias": ("PoolingBlock", "bias=False", "bias=True"),
    "pools before narrowing": (
        "PoolingBlock",
        "self.mix(self.pools(self.narrow(x)))",
        "self.mix(self.pools(self.narrow(x)).flip(1))",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    name, old, new = MUTANTS[mutation]
    mutant = mutate(spp_yolo, old, new)
    try:
        worst = max(MEASURES[name](mutant).values())
    except (AssertionError, RuntimeError, ValueError, KeyError):
        worst = float("inf")
    assert not worst < TOLERANCE


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: same_pool(4), "kernel is 4; it must be odd"),
        (lambda: ParallelPools((5, 8)), "kernel is 8"),
        (lambda: ParallelPools(()), r"kernels is \(\)"),
        (lambda: ChainedPools(-3), "kernel is -3"),
        (lambda: ChainedPools(5, 0), "times is 0"),
        (lambda: LinePool(2), "kernel is 2"),
        (lambda: PoolingBlock(5, 4, ChainedPools()), "are 5, 4; channels"),
        (lambda: PoolingBlock(4, 0, ChainedPools()), "are 4, 0; channels"),
        (lambda: ParallelPools()(torch.zeros(3, 8, 8)), r"\(3, 8, 8\), not"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
