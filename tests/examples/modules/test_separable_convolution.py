"""Separable layers against grouped and full convolutions of torch."""

from collections.abc import Callable, Iterator
from itertools import product
from types import ModuleType

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import signal
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from examples.modules import (
    separable_convolution,
    separable_convolution_cost,
    separable_convolution_rank,
)
from examples.modules.separable_convolution import (
    SeparableConvolution,
    factorize,
    product_kernel,
)
from examples.modules.separable_convolution_training import (
    network,
    shares,
    train,
)
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, module_differences

pytestmark = pytest.mark.usefixtures("float64")
B, C, OUT, H, W = 2, 3, 5, 9, 8


def cases() -> Iterator[tuple[Tensor, Tensor, dict[str, int]]]:
    """Every mixture of kernel, multiplier, stride, padding, dilation."""
    random = torch.Generator().manual_seed(0)
    for (kh, kw), m, stride, padding, dilation in product(
        [(1, 1), (3, 3), (2, 4)], [1, 2], [1, 2, 3], [0, 2], [1, 2]
    ):
        x = torch.randn(B, C, H, W, generator=random)
        depth = torch.randn(C * m, 1, kh, kw, generator=random)
        yield (
            x,
            depth,
            {"stride": stride, "padding": padding, "dilation": dilation},
        )


def compare_depthwise(m: ModuleType) -> dict:
    worst, count = {"forward": 0.0, "gradient": 0.0}, 0
    for x, depth, settings in cases():
        found = differences(
            lambda *t, s=settings: m.depthwise(*t, **s),
            lambda *t, s=settings: F.conv2d(*t, groups=C, **s),
            [x, depth],
        )
        worst = {k: max(worst[k], found[k]) for k in worst}
        count += 1
    return worst | {"case": f"groups = c, {count} settings"}


def test_depthwise_equals_grouped_convolution(
    proof: Callable[..., None],
) -> None:
    found = compare_depthwise(separable_convolution)
    assert max(found["forward"], found["gradient"]) < TOLERANCE
    proof(ours="depthwise", reference="torch.nn.functional.conv2d", **found)


def compare_pointwise(m: ModuleType) -> dict[str, float]:
    random = torch.Generator().manual_seed(0)
    x = torch.randn(B, C, H, W, generator=random)
    point = torch.randn(OUT, C, generator=random)
    bias = torch.randn(OUT, generator=random)
    return differences(
        m.pointwise,
        lambda x, p, b: F.conv2d(x, p[..., None, None], b),
        [x, point, bias],
    )


def test_pointwise_equals_1x1_convolution(proof: Callable[..., None]) -> None:
    found = compare_pointwise(separable_convolution)
    assert max(found.values()) < TOLERANCE
    proof(
        ours="pointwise",
        reference="torch.nn.functional.conv2d",
        case="1 × 1",
        **found,
    )


def compare_module(m: ModuleType, multiplier: int, stride: int) -> dict:
    ours = m.SeparableConvolution(
        C, OUT, 3, stride, padding=2, dilation=2, multiplier=multiplier
    )
    theirs = nn.Sequential(
        nn.Conv2d(
            C,
            C * multiplier,
            3,
            stride,
            padding=2,
            dilation=2,
            groups=C,
            bias=False,
        ),
        nn.Conv2d(C * multiplier, OUT, 1),
    )
    names = {"depth": "0.weight", "point": "1.weight", "bias": "1.bias"}
    x = torch.randn(B, C, H, W)
    return module_differences(ours, theirs, [x], names)


def test_module_equals_two_layers(proof: Callable[..., None]) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for multiplier, stride in product((1, 2, 4), (1, 2)):
        found = compare_module(separable_convolution, multiplier, stride)
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE
    proof(
        ours="SeparableConvolution",
        reference="torch.nn.functional.conv2d",
        case="groups = c, then 1 × 1, 6 settings",
        **worst,
    )


def compare_product(m: ModuleType) -> dict[str, float]:
    """Both layers in a row against one full convolution."""
    worst = {"forward": 0.0, "gradient": 0.0}
    random = torch.Generator().manual_seed(0)
    for x, depth, settings in cases():
        point = torch.randn(OUT, len(depth), generator=random)
        found = differences(
            lambda x, d, p, s=settings: F.conv2d(
                F.conv2d(x, d, groups=C, **s), p[..., None, None]
            ),
            lambda x, d, p, s=settings: F.conv2d(
                x, m.product_kernel(d, p, C), **s
            ),
            [x, depth, point],
        )
        worst = {k: max(worst[k], found[k]) for k in worst}
    return worst


def test_product_is_one_full_kernel(proof: Callable[..., None]) -> None:
    worst = compare_product(separable_convolution)
    assert max(worst.values()) < TOLERANCE
    proof(
        ours="product_kernel",
        reference="torch.nn.functional.conv2d",
        case="one full convolution",
        **worst,
    )


def factorize_gap(m: ModuleType) -> float:
    """Against the small eigenvalues of each slice's Gram matrix."""
    worst = 0.0
    weight = torch.randn(OUT, C, 2, 3, generator=torch.Generator())
    for multiplier in range(1, 6):
        depth, point = m.factorize(weight, multiplier)
        assert depth.shape == (C * multiplier, 1, 2, 3)
        rest = weight - product_kernel(depth, point, C)
        left = 0.0
        for c in range(C):
            matrix = weight[:, c].reshape(OUT, 6).numpy()
            energy = np.linalg.eigvalsh(matrix @ matrix.T)  # ascending
            left += float(energy[: OUT - multiplier].sum())
        worst = max(worst, abs(float(rest.square().sum()) - left))
    return worst


def test_factorization_is_the_best_and_ends_exact(
    proof: Callable[..., None],
) -> None:
    error = factorize_gap(separable_convolution)
    assert error < TOLERANCE
    weight = torch.randn(12, C, 3, 3)
    depth, point = factorize(weight, 9)
    assert gap(product_kernel(depth, point, C), weight) < TOLERANCE
    proof(
        ours="factorize",
        reference="numpy.linalg.eigvalsh",
        case="energy left over, m = 1 to 5",
        forward=error,
    )


COMPARISONS: dict[str, Callable[[ModuleType], float]] = {
    "depthwise": lambda m: worst_of(compare_depthwise(m)),
    "pointwise": lambda m: worst_of(compare_pointwise(m)),
    "module": lambda m: worst_of(compare_module(m, 2, 2)),
    "product": lambda m: worst_of(compare_product(m)),
    "factorize": factorize_gap,
}


def worst_of(found: dict) -> float:
    return max(found["forward"], found["gradient"])


MUTANTS = {
    "channels tiled instead of repeated": (
        ".repeat_interleave(multiplier, dim=1)",
        ".repeat(1, multiplier, 1, 1)",
        {"depthwise", "module"},
    ),
    "channels of the wrong kernels": (
        "F.pad(x, [padding] * 4).repeat_interleave",
        "F.pad(x, [padding] * 4).flip(1).repeat_interleave",
        {"depthwise", "module"},
    ),
    "dilation forgotten in the rows": (
        "slice(dilation * u, dilation * u + h, stride)",
        "slice(u, u + h, stride)",
        {"depthwise", "module"},
    ),
    "taps transposed": (
        "depth[:, 0, u, v, None, None]",
        "depth[:, 0, -1 - u, v, None, None]",
        {"depthwise", "module"},
    ),
    "stride on the rows only": (
        "slice(dilation * v, dilation * v + w, stride)",
        "slice(dilation * v, dilation * v + w)",
        {"depthwise", "module"},
    ),
    "bias left out": (
        "y if bias is None else y + bias",
        "y if bias is None else y + 0 * bias",
        {"pointwise", "module"},
    ),
    "bias before the mixing": (
        "return pointwise(\n            depthwise(x, self.depth, *self.settings), self.point, self.bias\n        )",
        "return pointwise(pointwise(x, torch.eye(x.shape[1])), self.point)",
        {"module"},
    ),
    "multiplier and channel exchanged": (
        "point.unflatten(1, (channels, -1))",
        "point.unflatten(1, (-1, channels)).transpose(1, 2)",
        {"product", "factorize"},
    ),
    "factors without the singular values": (
        "(u * s[:, None])",
        "u",
        {"factorize"},
    ),
    "the smallest singular values": (
        "depth = v[:, :multiplier]",
        "depth = v[:, -multiplier:]",
        {"factorize"},
    ),
    "slices by output": (
        "weight.transpose(0, 1).flatten(2)",
        "weight.flatten(2).reshape(weight.shape[1], weight.shape[0], -1)",
        {"factorize"},
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparisons_notice_the_mutant(
    mutation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, expected = MUTANTS[mutation]
    mutant = mutate(separable_convolution, old, new)
    monkeypatch.setitem(globals(), "product_kernel", mutant.product_kernel)
    caught = set()
    for name, compare in COMPARISONS.items():
        try:
            error = compare(mutant)
        except (RuntimeError, AssertionError, ValueError):
            error = float("inf")
        if not error < TOLERANCE:
            caught.add(name)
    assert caught == expected


def counted(layer: Callable[[Tensor], Tensor], x: Tensor) -> int:
    with FlopCounterMode(display=False) as counter:
        layer(x)
    return counter.get_total_flops()


def cost_gap(m: ModuleType) -> int:
    """FLOPs by formula less those that torch counts, over several sizes."""
    off = 0
    for c, o, kernel, h, w in product((4, 6), (4, 10), (1, 3, 5), (7,), (9,)):
        x = torch.randn(1, c, h, w)
        layers = {
            "full": nn.Conv2d(c, o, kernel, padding="same"),
            "depthwise": nn.Conv2d(c, c, kernel, padding="same", groups=c),
            "pointwise": nn.Conv2d(c, o, 1),
        }
        for name, (flops, moved) in m.costs(c, o, kernel, h, w).items():
            y = layers[name](x)
            off += abs(flops - counted(layers[name], x))
            weights = layers[name].weight.numel()
            off += abs(moved - 4 * (x.numel() + y.numel() + weights))
    return off


def test_costs_equal_the_counter(proof: Callable[..., None]) -> None:
    off = cost_gap(separable_convolution_cost)
    assert off == 0
    proof(
        ours="costs",
        reference="torch.utils.flop_counter.FlopCounterMode",
        case="FLOPs and bytes, 12 sizes",
        forward=off,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2 * n * c * o * taps,", "n * c * o * taps,"),
        ("2 * n * c * taps,", "2 * n * c * o * taps,"),
        ("2 * n * c * o, 4", "2 * n * c * o * taps, 4"),
        ("4 * (2 * n * c + c * taps)", "4 * (n * c + c * taps)"),
        ("n, taps = h * w, kernel**2", "n, taps = h * h, kernel**2"),
        ("n, taps = h * w, kernel**2", "n, taps = h * w, 2 * kernel"),
    ],
)
def test_counter_notices_the_mutant(old: str, new: str) -> None:
    assert cost_gap(mutate(separable_convolution_cost, old, new)) > 0


@pytest.mark.parametrize(("c", "o", "k"), [(8, 16, 3), (64, 10, 5)])
def test_ratio_is_the_formula(c: int, o: int, k: int) -> None:
    layers = separable_convolution_cost.costs(c, o, k, 12, 10)
    both = layers["depthwise"][0] + layers["pointwise"][0]
    ratio = both / layers["full"][0]
    assert ratio == pytest.approx(1 / k**2 + 1 / o, rel=1e-12)


def test_fewer_flops_need_not_be_faster_on_the_roofline() -> None:
    fewer, faster = separable_convolution_cost.saving(16)
    assert fewer > 5 and faster < 1
    for c in (32, 64, 256, 1024):
        fewer, faster = separable_convolution_cost.saving(c)
        assert 1 < faster < fewer < 9


def test_depthwise_intensity_does_not_grow_with_channels() -> None:
    found = [
        separable_convolution_cost.costs(c, c, 3, 56, 56)["depthwise"]
        for c in (8, 64, 512)
    ]
    intensities = [flops / moved for flops, moved in found]
    assert intensities == pytest.approx([intensities[0]] * 3)
    assert 2.2 < intensities[0] < 2.25  # 2 k² / 8 at most


def rank_gap(m: ModuleType) -> float:
    """Two passes with the pair against one pass with its product."""
    rng = np.random.default_rng(0)
    image = rng.normal(size=(20, 17))
    worst = 0.0
    for kernel in m.kernels().values():
        column, row, share = m.separate(kernel)
        s = np.linalg.svd(kernel, compute_uv=False)
        worst = max(worst, abs(share - s[0] ** 2 / (s**2).sum()))
        rest = ((kernel - np.outer(column, row)) ** 2).sum()
        worst = max(worst, abs(rest - (s[1:] ** 2).sum()))
        if np.linalg.matrix_rank(kernel) == 1:
            one = signal.correlate2d(image, kernel, "valid")
            two = signal.correlate2d(image, column[:, None], "valid")
            two = signal.correlate2d(two, row[None], "valid")
            worst = max(worst, np.abs(one - two).max())
    return worst


def test_two_passes_equal_one(proof: Callable[..., None]) -> None:
    error = rank_gap(separable_convolution_rank)
    assert error < TOLERANCE
    proof(
        ours="separate",
        reference="scipy.signal.correlate2d",
        case="3 separable kernels, 3 closest pairs",
        forward=error,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("root * v[0]", "root * v[:, 0]"),
        ("root * u[:, 0]", "root * u[0]"),
        ("np.sqrt(s[0])", "s[0]"),
        ("s[0] ** 2 / (s @ s)", "s[0] / s.sum()"),
        ("root * v[0]", "root * v[1]"),
    ],
)
def test_two_passes_notice_the_mutant(old: str, new: str) -> None:
    mutant = mutate(separable_convolution_rank, old, new)
    assert not rank_gap(mutant) < TOLERANCE


def test_ranks_of_the_kernels() -> None:
    ranks = {
        name: int(np.linalg.matrix_rank(kernel))
        for name, kernel in separable_convolution_rank.kernels().items()
    }
    assert ranks == {
        "Gaussian": 1,
        "Sobel": 1,
        "Gabor, 0°": 1,
        "Gabor, 45°": 2,
        "Laplacian": 2,
        "disc": 4,
    }


def test_shares_agree_with_the_pair_and_the_factors() -> None:
    weight = torch.randn(6, 4, 3, 3)
    spatial, channel = shares(weight)
    pairs = [
        separable_convolution_rank.separate(k.numpy())[2]
        for k in weight.flatten(0, 1)
    ]
    assert spatial == pytest.approx(np.mean(pairs), rel=1e-12)
    depth, point = factorize(weight, 1)
    rest = weight - product_kernel(depth, point, 4)
    left = rest.square().sum((0, 2, 3)) / weight.square().sum((0, 2, 3))
    assert channel == pytest.approx(1 - float(left.mean()), rel=1e-12)


def test_without_activation_norms_fold_into_one_convolution() -> None:
    """In evaluation, depthwise, BN, pointwise is one affine map; a ReLU
    between them ends that."""
    for kind, linear in (("separable", True), ("activated", False)):
        model = network(kind, 0).eval()
        for norm in model.modules():
            if isinstance(norm, nn.BatchNorm2d):
                nn.init.uniform_(norm.get_buffer("running_mean"), -1, 1)
        block = model[3 : 6 if linear else 7]
        x, y = torch.randn(2, 1, 32, 6, 6)
        zero = torch.zeros_like(x)
        sum_of = block(x) + block(y) - block(zero)
        assert (gap(block(x + y), sum_of) < TOLERANCE) == linear


@pytest.mark.parametrize("seeds", [(4, 5, 6)])
def test_many_separable_channels_beat_few_full_ones(
    seeds: tuple[int, ...],
) -> None:
    torch.set_default_dtype(torch.float32)
    mean = {}
    for kind in ("full", "separable", "narrow"):
        scores = [train(kind, seed)[1] for seed in seeds]
        mean[kind] = sum(scores) / len(scores)
    assert mean["full"] > mean["separable"] > mean["narrow"] + 0.02


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SeparableConvolution(0, 4, 3), "in_channels is 0"),
        (lambda: SeparableConvolution(4, 4, 3, 0), "stride is 0"),
        (
            lambda: SeparableConvolution(4, 4, 3, multiplier=0),
            "multiplier is 0",
        ),
        (
            lambda: SeparableConvolution(4, 4, 3)(torch.zeros(1, 3, 8, 8)),
            r"x is \(1, 3, 8, 8\); its channels must divide 4",
        ),
        (
            lambda: SeparableConvolution(4, 4, 5)(torch.zeros(1, 4, 4, 8)),
            "kernel spans 5 × 5 pixels; the padded input has 4 × 8",
        ),
        (
            lambda: separable_convolution.depthwise(
                torch.zeros(1, 4, 8, 8), torch.zeros(4, 4, 3, 3)
            ),
            r"depth is \(4, 4, 3, 3\)",
        ),
        (
            lambda: separable_convolution.pointwise(
                torch.zeros(1, 4, 8, 8), torch.zeros(5, 3)
            ),
            r"point is \(5, 3\), not \(o, 4\)",
        ),
        (lambda: factorize(torch.zeros(4, 2, 3, 3), 5), "must be 1 to 4"),
        (
            lambda: separable_convolution_rank.separate(np.zeros((3, 3))),
            "not zero",
        ),
        (
            lambda: separable_convolution_cost.costs(4, 4, 0, 8, 8),
            "k is 0; must be at least 1",
        ),
        (lambda: network("dense", 0), "kind is 'dense'"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_padding_keeps_a_default_start_at_scale() -> None:
    """Weights start so that variance 1 goes in and about 1 comes out."""
    x = torch.randn(4, 32, 24, 24)
    y = SeparableConvolution(32, 64, 3)(x).detach()
    assert 0.7 < float(y.std()) < 1.4
