"""Every pooling against torch.nn: outputs, gradients, ties, sizes, errors."""

from collections.abc import Callable, Iterator
from itertools import product
from types import ModuleType

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from skimage import data
from torch import Tensor, nn

from examples.modules import (
    pooling,
    pooling_adaptive,
    pooling_shift,
    pooling_strided,
)
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, module_differences

pytestmark = [
    pytest.mark.usefixtures("float64"),
    pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad"),
]
Worst = dict[str, float]


def inputs() -> list[Tensor]:
    """Distinct values, many ties, all negative; h and w differ."""
    return [
        torch.randn(2, 3, 9, 12),
        torch.randint(0, 3, (2, 2, 8, 11)).double(),
        -1 - torch.rand(1, 2, 7, 5),
    ]


def worst_of(pairs: list[tuple[nn.Module, nn.Module]]) -> Worst:
    worst = {"forward": 0.0, "gradient": 0.0}
    for ours, reference in pairs:
        for x in inputs():
            for kind, gap in differences(ours, reference, [x]).items():
                worst[kind] = max(worst[kind], gap)
    return worst


def settings() -> Iterator[tuple[int, int | None, int, bool]]:
    """Kernel, stride, padding and ceil_mode."""
    for kernel, stride in (
        (3, None),
        (1, 1),
        (1, 3),
        (2, 2),
        (2, 3),
        (3, 1),
        (3, 2),
        (4, 3),
    ):
        for padding in range(kernel // 2 + 1):
            for ceil_mode in (False, True):
                yield kernel, stride, padding, ceil_mode


def max_pairs(m: ModuleType) -> list[tuple[nn.Module, nn.Module]]:
    return [
        (
            m.MaxPool(k, s, p, dilation=d, ceil_mode=c),
            nn.MaxPool2d(k, s, p, dilation=d, ceil_mode=c),
        )
        for (k, s, p, c), d in product(settings(), (1, 2))
        if d * (k - 1) < 5
    ]


def average_pairs(m: ModuleType) -> list[tuple[nn.Module, nn.Module]]:
    return [
        (
            m.AvgPool(k, s, p, ceil_mode=c, count_include_pad=include),
            nn.AvgPool2d(k, s, p, ceil_mode=c, count_include_pad=include),
        )
        for (k, s, p, c), include in product(settings(), (True, False))
    ]


def adaptive_average_pairs(m: ModuleType) -> list[tuple[nn.Module, nn.Module]]:
    return [
        (m.AdaptiveAvgPool(n), nn.AdaptiveAvgPool2d(n)) for n in range(1, 13)
    ]


def adaptive_max_pairs(m: ModuleType) -> list[tuple[nn.Module, nn.Module]]:
    return [
        (m.AdaptiveMaxPool(n), nn.AdaptiveMaxPool2d(n)) for n in range(1, 13)
    ]


def strided_worst(m: ModuleType) -> Worst:
    worst = {"forward": 0.0, "gradient": 0.0}
    for kernel, stride, padding in ((1, 2, 0), (2, 2, 0), (3, 2, 1), (4, 3, 2)):
        found = module_differences(
            m.StridedConv(3, 5, kernel, stride, padding),
            nn.Conv2d(3, 5, kernel, stride, padding),
            [torch.randn(2, 3, 9, 12)],
            {"weight": "weight", "bias": "bias"},
        )
        worst = {kind: max(worst[kind], gap) for kind, gap in found.items()}
    return worst


def blurred(taps: int) -> Callable[[Tensor], Tensor]:
    """Blur pooling as a depthwise convolution with the outer product."""
    row = torch.tensor({3: [1.0, 2, 1], 5: [1.0, 4, 6, 4, 1]}[taps])
    weight = torch.outer(row, row) / row.sum() ** 2

    def pool(x: Tensor) -> Tensor:
        x = F.pad(x, [taps // 2] * 4, mode="reflect")
        weights = weight.expand(x.shape[1], 1, taps, taps)
        return F.conv2d(x, weights, stride=2, groups=x.shape[1])

    return pool


def blur_worst(m: ModuleType) -> Worst:
    pairs = [(m.BlurPool(taps), blurred(taps)) for taps in (3, 5)]
    return worst_of(pairs)  # type: ignore[arg-type]


MEASURES: dict[str, Callable[[ModuleType], Worst]] = {
    "MaxPool": lambda m: worst_of(max_pairs(m)),
    "AvgPool": lambda m: worst_of(average_pairs(m)),
    "AdaptiveAvgPool": lambda m: worst_of(adaptive_average_pairs(m)),
    "AdaptiveMaxPool": lambda m: worst_of(adaptive_max_pairs(m)),
    "StridedConv": strided_worst,
    "BlurPool": blur_worst,
}
PROVED = {
    "MaxPool": (
        pooling,
        "torch.nn.MaxPool2d",
        f"{len(max_pairs(pooling))} settings, ties",
    ),
    "AvgPool": (
        pooling,
        "torch.nn.AvgPool2d",
        f"{len(average_pairs(pooling))} settings",
    ),
    "AdaptiveAvgPool": (
        pooling_adaptive,
        "torch.nn.AdaptiveAvgPool2d",
        "12 sizes",
    ),
    "AdaptiveMaxPool": (
        pooling_adaptive,
        "torch.nn.AdaptiveMaxPool2d",
        "12 sizes, ties",
    ),
    "StridedConv": (pooling_strided, "torch.nn.Conv2d", "4 settings"),
    "BlurPool": (pooling_shift, "torch.nn.functional.conv2d", "3 and 5 taps"),
}


@pytest.mark.parametrize("name", PROVED)
def test_equals_torch(name: str, proof: Callable[..., None]) -> None:
    module, reference, case = PROVED[name]
    worst = MEASURES[name](module)
    assert max(worst.values()) < TOLERANCE, worst
    proof(ours=name, reference=reference, case=case, **worst)


def test_global_average_equals_torch(proof: Callable[..., None]) -> None:
    ours = pooling_adaptive.GlobalAvgPool()
    reference = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    worst = worst_of([(ours, reference)])
    assert max(worst.values()) < TOLERANCE
    proof(
        ours="GlobalAvgPool",
        reference="torch.nn.AdaptiveAvgPool2d",
        case="3 inputs",
        **worst,
    )


def test_blur_pool_of_five_taps_is_the_pyramid_of_opencv(
    proof: Callable[..., None],
) -> None:
    worst = 0.0
    for name in ("camera", "coins", "grass"):
        image = getattr(data, name)().astype(np.float64)
        ours = pooling_shift.BlurPool(5)(torch.from_numpy(image)[None, None])
        theirs = torch.from_numpy(cv2.pyrDown(image))
        worst = max(worst, (ours[0, 0] - theirs).abs().max().item())
    assert worst < 1e-11  # gray levels up to 255
    proof(
        ours="BlurPool",
        reference="cv2.pyrDown",
        case="5 taps, 3 photographs",
        forward=worst,
    )


def sizes_differing(m: ModuleType) -> tuple[int, int]:
    differing = count = 0
    for k, s, d, ceil_mode in product(
        (1, 2, 3, 4), (1, 2, 3, 4), (1, 2), (0, 1)
    ):
        for size, p in product(range(1, 14), range(k // 2 + 1)):
            pool = nn.MaxPool2d(k, s, p, d, ceil_mode=bool(ceil_mode))
            try:
                theirs = pool(torch.zeros(1, 1, size, size)).shape[2]
            except RuntimeError:
                theirs = 0
            try:
                ours = m.output_size(size, k, s, p, d, bool(ceil_mode))
            except ValueError:
                ours = 0
            differing += ours != theirs
            count += 1
    return differing, count


def test_output_size_is_that_of_torch(proof: Callable[..., None]) -> None:
    differing, count = sizes_differing(pooling)
    assert differing == 0
    proof(
        ours="output_size",
        reference="torch.nn.MaxPool2d",
        case=f"{count} sizes and settings",
        forward=differing,
    )


MUTANTS = {
    "last window kept in the right padding": (
        "MaxPool",
        "last * stride >= size + padding",
        "False",
    ),
    "last window judged without padding": (
        "MaxPool",
        "last * stride >= size + padding",
        "last * stride >= size",
    ),
    "dilation left out of the span": (
        "MaxPool",
        "span = dilation * (kernel - 1) + 1",
        "span = kernel",
    ),
    "ceil_mode ignored": ("MaxPool", "if ceil_mode else", "if False else"),
    "zeros around max pooling": ("MaxPool", "fill=-math.inf", "fill=0"),
    "zeros behind max pooling": ("MaxPool", "behind=-math.inf", "behind=0"),
    "default stride 1": ("MaxPool", "stride or kernel", "stride or 1"),
    "stride of the memory swapped": (
        "MaxPool",
        "(b, c, s * h, s * w, d * h, d * w)",
        "(b, c, s * w, s * h, d * h, d * w)",
    ),
    "dilation of windows forgotten": (
        "MaxPool",
        "s * w, d * h, d * w)",
        "s * w, h, w)",
    ),
    "equal maxima share the gradient": (
        "MaxPool",
        "return x.gather(-1, first).squeeze(-1)",
        "return x.amax(dim=-1)",
    ),
    "the last of equal maxima": (
        "MaxPool",
        "x.argmax(dim=-1, keepdim=True)",
        "x.shape[-1] - 1 - x.flip(-1).argmax(dim=-1, keepdim=True)",
    ),
    "padding never counted": (
        "AvgPool",
        "float(count_include_pad)",
        "0.0",
    ),
    "padding always counted": (
        "AvgPool",
        "float(count_include_pad)",
        "1.0",
    ),
    "pixels behind the padding counted": (
        "AvgPool",
        "fill=self.counted_padding, behind=0",
        "fill=self.counted_padding, behind=1",
    ),
    "always the whole window": (
        "AvgPool",
        "total / counted.sum(dim=(-2, -1))",
        "total / self.kernel**2",
    ),
    "bins of the same floor": (
        "AdaptiveAvgPool",
        "-(-i * size // out)",
        "i * size // out",
    ),
    "bins one longer": (
        "AdaptiveAvgPool",
        "-(-i * size // out)",
        "min(i * size // out + 1, size)",
    ),
    "bins start rounded up": (
        "AdaptiveMaxPool",
        "[i * size // out for i in range(out)]",
        "[-(-i * size // out) for i in range(out)]",
    ),
    "rows and columns swapped": (
        "AdaptiveAvgPool",
        "for top, low in rows\n            for left, right in columns",
        "for left, right in columns\n            for top, low in rows",
    ),
    "weights transposed": (
        "StridedConv",
        "bchwij,fcij->bfhw",
        "bchwij,fcji->bfhw",
    ),
    "bias forgotten": ("StridedConv", "y + self.bias[:, None, None]", "y"),
    "taps uniform": (
        "BlurPool",
        "math.comb(taps - 1, i)",
        "1",
    ),
    "taps not normalized": ("BlurPool", "2 ** (taps - 1)", "4"),
    "zeros around the blur": ("BlurPool", 'mode="reflect"', 'mode="constant"'),
    "blur one pixel off": (
        "BlurPool",
        "F.pad(x, [reach] * 4",
        "F.pad(x, [reach - 1, reach + 1] * 2",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    name, old, new = MUTANTS[mutation]
    mutant = mutate(PROVED[name][0], old, new)
    try:
        worst = max(MEASURES[name](mutant).values())
    except (AssertionError, RuntimeError, ValueError, IndexError):
        worst = float("inf")
    assert not worst < TOLERANCE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("last * stride >= size + padding", "last * stride > size + padding"),
        ("size + 2 * padding - span", "size + padding - span"),
        ("-(-room // stride)", "room // stride + 1"),
        ("if last < 0", "if last < 1"),
    ],
)
def test_sizes_notice_the_mutant(old: str, new: str) -> None:
    differing, _ = sizes_differing(mutate(pooling, old, new))
    assert differing > 0


@pytest.mark.parametrize("pool", [pooling.MaxPool(2), pooling.AvgPool(3, 2, 1)])
def test_any_layout_in_memory(pool: nn.Module) -> None:
    x = torch.randn(2, 3, 8, 6)
    expected = pool(x)
    for other in (
        x.contiguous(memory_format=torch.channels_last),
        x.transpose(2, 3).contiguous().transpose(2, 3),
        torch.randn(2, 3, 10, 10)[:, :, 1:9, 2:8].copy_(x),
    ):
        torch.testing.assert_close(pool(other), expected, rtol=0, atol=1e-14)
    one = torch.randn(1, 1, 1, 6).expand(2, 3, 8, 6)
    torch.testing.assert_close(
        pool(one), pool(one.contiguous()), rtol=0, atol=1e-14
    )


def test_nan_is_a_maximum_here_and_in_torch() -> None:
    x = torch.randn(1, 1, 4, 4)
    x[0, 0, 0, 0] = float("nan")
    for pool in (pooling.MaxPool(2), nn.MaxPool2d(2)):
        assert pool(x).isnan().sum() == 1


def test_average_pooling_is_a_strided_convolution() -> None:
    x = torch.randn(2, 3, 8, 10)
    conv = pooling_strided.averaging(3, 2)
    torch.testing.assert_close(
        conv(x), pooling.AvgPool(2)(x), rtol=0, atol=1e-14
    )


def test_relu_and_max_pooling_may_change_places() -> None:
    x = torch.randn(2, 3, 8, 10)
    pool = pooling.MaxPool(2)
    assert torch.equal(pool(x.relu()), pool(x).relu())
    average = pooling.AvgPool(2)
    assert not torch.allclose(average(x.relu()), average(x).relu())


def test_max_blur_pool_is_max_at_every_pixel_then_blur() -> None:
    x = torch.randn(2, 3, 12, 10)
    dense = nn.MaxPool2d(2, stride=1)(x)
    expected = blurred(3)(dense)
    ours = pooling_shift.MaxBlurPool()(x)
    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-14)


def test_sizes_that_the_page_works_out() -> None:
    assert pooling.output_size(112, 3, 2) == 55
    assert pooling.output_size(112, 3, 2, padding=1) == 56
    assert pooling.output_size(112, 3, 2, ceil_mode=True) == 56
    for side in range(2, 40, 2):
        assert pooling.output_size(side, 2, 2) == side // 2
        assert pooling.output_size(side, 3, 2, padding=1) == side // 2
        assert pooling.output_size(side, 3, 1, padding=1) == side


def test_channels_last_is_taken_for_width() -> None:
    photograph = torch.rand(8, 8, 3)  # (h, w, c)
    assert nn.MaxPool2d(2)(photograph).shape == (8, 4, 1)


def test_strided_pooling_is_dense_pooling_thinned_out() -> None:
    x = torch.randn(2, 3, 9, 12)
    dense = pooling.MaxPool(2, stride=1)(x)[:, :, ::2, ::2]
    assert torch.equal(dense, pooling.MaxPool(2)(x))


IMAGE = torch.zeros(1, 3, 4, 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pooling.MaxPool(0), "kernel is 0"),
        (lambda: pooling.MaxPool(2, stride=0), "stride is 0"),
        (lambda: pooling.MaxPool(2, dilation=0), "dilation is 0"),
        (lambda: pooling.MaxPool(3, padding=2), r"padding is 2; .* 0\.\.1"),
        (lambda: pooling.AvgPool(3, padding=-1), "padding is -1"),
        (lambda: pooling.MaxPool(5)(IMAGE), "kernel spans 5; .* input of 4"),
        (lambda: pooling.MaxPool(3, dilation=2)(IMAGE), "kernel spans 5"),
        (lambda: pooling.AvgPool(2)(IMAGE[0]), r"x is \(3, 4, 4\), not \(b"),
        (lambda: pooling_adaptive.AdaptiveAvgPool(0)(IMAGE), "out is 0"),
        (
            lambda: pooling_adaptive.AdaptiveMaxPool(2)(IMAGE[0]),
            r"x is \(3, 4, 4\)",
        ),
        (
            lambda: pooling_strided.StridedConv(2, 5, 2, 2)(IMAGE),
            r"x is \(1, 3, 4, 4\), not \(b, 2, h, w\)",
        ),
        (lambda: pooling_shift.BlurPool(4), "taps is 4; it must be odd"),
        (lambda: pooling_shift.BlurPool(1), "at least 3"),
        (
            lambda: pooling_shift.BlurPool(5)(IMAGE[..., :2]),
            "it needs more than 2 pixels a side",
        ),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
