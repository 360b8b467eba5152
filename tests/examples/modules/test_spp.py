"""The pyramid, its bins and RoI pooling against torch and onnxruntime."""

import math
from collections.abc import Callable
from fractions import Fraction
from types import ModuleType

import numpy as np
import onnx.helper as make
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from onnx import TensorProto
from torch import Tensor, nn

from examples.modules import spp, spp_bins, spp_roi
from examples.modules.pooling_adaptive import bins
from examples.modules.spp import SpatialPyramid
from examples.modules.spp_bins import padded, sliding, verdict
from examples.modules.spp_roi import project, roi_pool
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap

pytestmark = [
    pytest.mark.usefixtures("float64"),
    pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad"),
]
Worst = dict[str, float]
PYRAMIDS = ((1, 2, 4), (6, 3, 2, 1), (4, 3, 2, 1), (5,), (3, 1, 2))


def inputs() -> list[Tensor]:
    """Distinct values, many ties, all negative, hardly any pixels."""
    return [
        torch.randn(2, 3, 13, 10),
        torch.randint(0, 3, (2, 2, 7, 9)).double(),
        -1 - torch.rand(1, 2, 14, 17),
        torch.randn(3, 1, 1, 3),
        torch.randn(1, 4, 2, 5),
    ]


def by_torch(levels: tuple[int, ...]) -> Callable[[Tensor], Tensor]:
    pools = [nn.AdaptiveMaxPool2d(n) for n in levels]
    return lambda x: torch.cat([p(x).flatten(1) for p in pools], dim=1)


def worse(a: Worst, b: Worst) -> Worst:
    return {kind: max(a.get(kind, 0.0), b[kind]) for kind in b}


def pyramid_worst(m: ModuleType) -> Worst:
    worst: Worst = {}
    for levels in PYRAMIDS:
        pyramid = m.SpatialPyramid(levels)
        for x in inputs():
            worst = worse(worst, differences(pyramid, by_torch(levels), [x]))
    return worst


def test_pyramid_equals_torch(proof: Callable[..., None]) -> None:
    worst = pyramid_worst(spp)
    assert max(worst.values()) < TOLERANCE
    proof(
        ours="SpatialPyramid",
        reference="torch.nn.AdaptiveMaxPool2d",
        case=f"{len(PYRAMIDS)} pyramids, {len(inputs())} maps, ties",
        **worst,
    )


def test_length_is_channels_times_the_sum_of_squares() -> None:
    for levels in PYRAMIDS:
        pyramid = SpatialPyramid(levels)
        for x in inputs():
            length = x.shape[1] * sum(n * n for n in levels)
            assert pyramid(x).shape == (len(x), length)
            assert pyramid.length(x.shape[1]) == length
    assert SpatialPyramid((6, 3, 2, 1)).length(256) == 12_800  # the paper
    assert SpatialPyramid((4, 3, 2, 1)).length(256) == 30 * 256


@pytest.mark.parametrize("factor", [2, 3, 5])
def test_copying_pixels_leaves_the_pyramid_as_it_is(factor: int) -> None:
    for x in inputs():
        tall = x.repeat_interleave(factor, dim=2)
        large = tall.repeat_interleave(factor, dim=3)
        for levels in PYRAMIDS:
            pyramid = SpatialPyramid(levels)
            assert torch.equal(pyramid(large), pyramid(x))
            assert torch.equal(pyramid(tall), pyramid(x))  # another shape


def test_level_1_is_the_global_maximum() -> None:
    for x in inputs():
        assert torch.equal(SpatialPyramid((1,))(x), x.amax(dim=(2, 3)))


def window_worst(m: ModuleType) -> Worst:
    """The maxima over our windows against one pooling layer of torch."""
    worst: Worst = {}
    for size in range(1, 31):
        x = torch.randn(1, 2, 1, size)
        for out in range(1, min(size, 9) + 1):
            found = m.sliding(size, out)
            kernel = (1, math.ceil(Fraction(size, out)))
            stride = (1, math.floor(Fraction(size, out)))

            def ours(x: Tensor, w: list[tuple[int, int]] = found) -> Tensor:
                return torch.stack([x[..., a:b].amax(-1) for a, b in w], -1)

            def theirs(
                x: Tensor,
                k: tuple[int, int] = kernel,
                s: tuple[int, int] = stride,
            ) -> Tensor:
                return F.max_pool2d(x, k, s)

            worst = worse(worst, differences(ours, theirs, [x]))
    return worst


def test_sliding_is_one_pooling_layer(proof: Callable[..., None]) -> None:
    worst = window_worst(spp_bins)
    assert max(worst.values()) < TOLERANCE
    proof(
        ours="sliding",
        reference="torch.nn.functional.max_pool2d",
        case="sides 1 to 30, 1 to 9 bins",
        **worst,
    )


def test_rule_by_quotient_and_remainder() -> None:
    """The numbers of the docstring, for every side up to 150."""
    for size in range(1, 151):
        for out in range(1, size + 1):
            q, r = divmod(size, out)
            found = sliding(size, out)
            assert len(found) == (out + (r - 1) // q if r else out)
            assert (len(found) == out) == (r <= q)
            same = found == bins(size, out)
            assert same == (r <= 1)
            if len(found) == out:
                assert found[-1][1] == size - max(r - 1, 0)
            expected = "same" if r <= 1 else "pixels" if r <= q else "length"
            assert verdict(size, out) == expected


def test_the_paper_at_13_and_at_10() -> None:
    assert all(sliding(13, n) == bins(13, n) for n in (1, 2, 3, 4, 6))
    assert [len(sliding(10, n)) for n in (1, 2, 3, 4, 6)] == [1, 2, 3, 4, 9]
    assert sliding(10, 4)[-1] == (6, 9)  # pixel 9 is not seen
    assert sliding(10, 6)[5] == (5, 7)  # nor 7, 8, 9 by the first six
    assert math.lcm(1, 2, 3, 4, 6) + 1 == 13


def test_padded_windows_are_those_of_torch_where_it_takes_them() -> None:
    refused, empty = set(), set()
    for size in range(1, 41):
        for out in range(1, min(size, 9) + 1):
            window = -(-size // out)
            padding = (window * out - size + 1) // 2
            found = padded(size, out)
            if any(b <= a for a, b in found):
                empty.add((size, out))
            pool = nn.MaxPool1d(window, window, padding)
            x = torch.randn(1, 1, size)
            if padding > window // 2:
                refused.add((size, out))
                with pytest.raises(RuntimeError, match="half"):
                    pool(x)
            else:
                expected = torch.stack([x[0, 0, a:b].amax() for a, b in found])
                assert torch.equal(pool(x)[0, 0], expected)
    assert (13, 6) in empty
    assert empty <= refused
    assert (7, 4) not in refused


def test_floats_get_edges_wrong_that_integers_get_right() -> None:
    wrong = [
        (size, out, i)
        for size in range(1, 65)
        for out in range(1, 17)
        for i in range(out)
        if math.ceil((i + 1) * (size / out)) != -(-(i + 1) * size // out)
    ]
    assert (58, 14, 6) in wrong
    for size in range(1, 65):
        for out in range(1, 17):
            side = Fraction(size, out)
            exact = [
                (math.floor(i * side), math.ceil((i + 1) * side))
                for i in range(out)
            ]
            assert bins(size, out) == exact


BOXES = [(0, 0, 9, 12), (2, 3, 9, 10), (1, 0, 4, 12), (5, 5, 6, 7)]


def roi_worst(m: ModuleType) -> Worst:
    worst: Worst = {}
    for x in (torch.randn(1, 3, 9, 12), inputs()[1][:1].repeat(1, 1, 2, 2)):
        for out in (1, 2, 3, 7):

            def theirs(x: Tensor, out: int = out) -> Tensor:
                pool = nn.AdaptiveMaxPool2d(out)
                cuts = [x[:, :, t:b, le:r] for t, le, b, r in BOXES]
                return torch.cat([pool(cut) for cut in cuts])

            def ours(x: Tensor, out: int = out) -> Tensor:
                return m.roi_pool(x, BOXES, out)

            worst = worse(worst, differences(ours, theirs, [x]))
    return worst


def test_roi_pooling_equals_torch(proof: Callable[..., None]) -> None:
    worst = roi_worst(spp_roi)
    assert max(worst.values()) < TOLERANCE
    proof(
        ours="roi_pool",
        reference="torch.nn.AdaptiveMaxPool2d",
        case=f"{len(BOXES)} overlapping windows, 4 sizes, ties",
        **worst,
    )


def max_roi_pool(out: int) -> onnxruntime.InferenceSession:
    node = make.make_node(
        "MaxRoiPool", ["x", "rois"], ["y"], pooled_shape=[out, out]
    )
    ends = [
        make.make_tensor_value_info(name, TensorProto.FLOAT, None)
        for name in ("x", "rois", "y")
    ]
    graph = make.make_graph([node], "roi", ends[:2], ends[2:])
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 11)])
    model.ir_version = 8
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def test_roi_pooling_equals_onnxruntime(proof: Callable[..., None]) -> None:
    """In float32, where a maximum is as exact as in float64."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 3, 17, 23)).astype(np.float32)
    worst, count = 0.0, 0
    for out in (1, 2, 6, 7):
        session = max_roi_pool(out)
        for _ in range(50):
            top, bottom = sorted(rng.choice(18, 2, replace=False).tolist())
            left, right = sorted(rng.choice(24, 2, replace=False).tolist())
            roi = [[0, left, top, right - 1, bottom - 1]]  # ends included
            feed = {"x": x, "rois": np.array(roi, np.float32)}
            theirs = torch.from_numpy(np.asarray(session.run(None, feed)[0]))
            box = (top, left, bottom, right)
            worst = max(
                worst, gap(roi_pool(torch.from_numpy(x), [box], out), theirs)
            )
            count += 1
    assert worst == 0
    proof(
        ours="roi_pool",
        reference="onnxruntime.InferenceSession",
        case=f"MaxRoiPool, {count} windows, float32",
        forward=worst,
    )


def test_roi_pooling_of_the_whole_map_is_one_level() -> None:
    for x in inputs():
        h, w = x.shape[2:]
        ours = roi_pool(x[:1], [(0, 0, h, w)], 3)
        assert torch.equal(ours.flatten(1), SpatialPyramid((3,))(x[:1]))


def test_projection_keeps_the_centers_that_lie_inside() -> None:
    """Pixel p of the map is centered on S p; those strictly inside stay."""
    for stride in (1, 8, 16):
        for first in range(0, 60, 3):
            for last in range(first + 2 * stride + 1, first + 150, 7):
                inside = [p for p in range(200) if first < p * stride < last]
                box = project((first, 0, last, 999), stride)
                assert (box[0], box[2]) == (inside[0], inside[-1] + 1)
    assert project((40, 3, 41, 4), 16) == (3, 1, 4, 2)  # one pixel at least


def test_cost_of_detection_is_that_of_the_paper() -> None:
    windows = 2000 * 227**2
    one = 4 / 3 * 688**2
    five = 4 / 3 * sum(s**2 for s in (480, 576, 688, 864, 1200))
    assert round(windows / one, -1) == 160
    assert round(windows / five) == 24


MEASURES: dict[str, tuple[ModuleType, Callable[[ModuleType], Worst]]] = {
    "pyramid": (spp, pyramid_worst),
    "sliding": (spp_bins, window_worst),
    "roi": (spp_roi, roi_worst),
}
MUTANTS = {
    "columns before rows": (
        "pyramid",
        "level(x).flatten(1)",
        "level(x).transpose(2, 3).flatten(1)",
    ),
    "levels in the other order": (
        "pyramid",
        "for level in self.levels]",
        "for level in reversed(self.levels)]",
    ),
    "bins before channels": (
        "pyramid",
        "level(x).flatten(1)",
        "level(x).flatten(2).mT.flatten(1)",
    ),
    "means for maxima": (
        "pyramid",
        "import AdaptiveMaxPool",
        "import AdaptiveAvgPool as AdaptiveMaxPool",
    ),
    "one level left out": (
        "pyramid",
        "for n in levels)\n        self.bins",
        "for n in levels[1:] or levels)\n        self.bins",
    ),
    "no gradient": (
        "pyramid",
        "level(x).flatten(1)",
        "level(x.detach() + 0*x).flatten(1)",
    ),
    "windows rounded down": (
        "sliding",
        "window, stride = -(-size // out), size // out",
        "window, stride = size // out, size // out",
    ),
    "strides rounded up": (
        "sliding",
        "window, stride = -(-size // out), size // out",
        "window, stride = -(-size // out), -(-size // out)",
    ),
    "rows and columns swapped": (
        "roi",
        "x[:, :, top:bottom, left:right]",
        "x[:, :, left:right, top:bottom]",
    ),
    "window one pixel short": ("roi", "top:bottom,", "top : bottom - 1,"),
    "window one pixel late": (
        "roi",
        "left:right]",
        "left + 1 : right + 1]",
    ),
    "means in the windows": (
        "roi",
        "import AdaptiveMaxPool",
        "import AdaptiveAvgPool as AdaptiveMaxPool",
    ),
    "windows in the other order": (
        "roi",
        "torch.cat(pooled)",
        "torch.cat(pooled[::-1])",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    name, old, new = MUTANTS[mutation]
    module, measure = MEASURES[name]
    mutant = mutate(module, old, new)
    try:
        worst = max(measure(mutant).values())
    except (AssertionError, RuntimeError, ValueError, IndexError):
        worst = float("inf")
    assert not worst < TOLERANCE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("edge // stride + 1 for", "edge // stride for"),
        ("-(-edge // stride) - 1", "edge // stride"),
        (
            "return top, left, bottom + 1, right + 1",
            "return top, left, bottom, right",
        ),
        ("max(bottom, top)", "bottom"),
    ],
)
def test_projection_notices_the_mutant(old: str, new: str) -> None:
    mutant = mutate(spp_roi, old, new)
    wanted = {
        ((40, 0, 80, 99), 8): (6, 1, 10, 13),
        ((40, 3, 41, 4), 16): (3, 1, 4, 2),
    }
    assert all(project(*given) == box for given, box in wanted.items())
    assert any(mutant.project(*given) != box for given, box in wanted.items())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SpatialPyramid(()), r"levels is \(\)"),
        (lambda: SpatialPyramid((1, 0)), r"levels is \(1, 0\)"),
        (lambda: SpatialPyramid()(torch.zeros(3, 8, 8)), r"\(3, 8, 8\), not"),
        (lambda: SpatialPyramid()(torch.zeros(1, 3, 0, 8)), "one pixel"),
        (lambda: sliding(4, 5), r"out is 5; it must be within 1\.\.4"),
        (lambda: padded(4, 0), r"out is 0; it must be within 1\.\.4"),
        (lambda: roi_pool(torch.zeros(2, 3, 8, 8), BOXES, 2), "not"),
        (lambda: roi_pool(torch.zeros(1, 3, 8, 8), [], 2), "boxes is"),
        (
            lambda: roi_pool(torch.zeros(1, 3, 8, 8), [(0, 0, 9, 4)], 2),
            r"\(0, 0, 9, 4\); it must lie within 8 × 8",
        ),
        (
            lambda: roi_pool(torch.zeros(1, 3, 8, 8), [(4, 0, 4, 4)], 2),
            r"\(4, 0, 4, 4\); it must",
        ),
        (lambda: project((0, 0, 8, 8), 0), "stride is 0"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
