"""Transposed convolution against torch in float64, three ways."""

from collections.abc import Callable, Iterator
from itertools import product
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from examples.modules import (
    transposed_convolution,
    transposed_convolution_views,
)
from examples.modules.convolution import convolve, output_size
from examples.modules.convolution_matrix import convolution_matrix
from examples.modules.transposed_convolution import (
    TransposedConvolution,
    transposed_convolve,
    transposed_size,
)
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, module_differences

pytestmark = [
    pytest.mark.usefixtures("float64"),
    pytest.mark.filterwarnings("ignore:Converting a tensor"),  # gap()
]
Case = tuple[Tensor, Tensor, Tensor, dict[str, int]]
WAYS = {
    "transposed_convolve": transposed_convolution,
    "transpose_by_matrix": transposed_convolution_views,
    "transpose_by_zeros": transposed_convolution_views,
}


def cases(*, few: bool = False) -> Iterator[Case]:
    """Every mixture of the settings that leaves something of the output."""
    random = torch.Generator().manual_seed(0)
    kernels = [(2, 3)] if few else [(1, 1), (3, 3), (2, 4)]
    strides = [1, 2] if few else [1, 2, 3]
    for (kh, kw), stride, padding, dilation, groups, extra in product(
        kernels, strides, [0, 1, 2], [1, 2], [1, 2], [0, 1, 2]
    ):
        least = min(
            stride * (n - 1) + dilation * (k - 1) + 1 - 2 * padding + extra
            for n, k in ((4, kh), (3, kw))
        )
        if extra >= stride or least < 1:
            continue
        y = torch.randn(2, 4, 4, 3, generator=random)
        weight = torch.randn(4, 6 // groups, kh, kw, generator=random)
        bias = torch.randn(6, generator=random)
        yield (
            y,
            weight,
            bias,
            {
                "stride": stride,
                "padding": padding,
                "output_padding": extra,
                "dilation": dilation,
                "groups": groups,
            },
        )


def compare(ours: Callable[..., Tensor], *, few: bool = False) -> dict:
    worst = {"forward": 0.0, "gradient": 0.0}
    count = 0
    for y, weight, bias, settings in cases(few=few):
        found = differences(
            lambda *t, s=settings: ours(*t, **s),
            lambda *t, s=settings: functional.conv_transpose2d(*t, **s),
            [y, weight, bias],
        )
        worst = {k: max(worst[k], found[k]) for k in worst}
        count += 1
    return worst | {"case": f"{count} settings"}


@pytest.mark.parametrize("name", WAYS)
def test_equals_torch(name: str, proof: Callable[..., None]) -> None:
    slow = name == "transpose_by_matrix"  # weight by weight
    found = compare(getattr(WAYS[name], name), few=slow)
    assert max(found["forward"], found["gradient"]) < TOLERANCE
    proof(ours=name, reference="torch.nn.functional.conv_transpose2d", **found)


MODULES = {
    "plain": {"kernel_size": 3},
    "doubles": {"kernel_size": 4, "stride": 2, "padding": 1},
    "output_padding": {
        "kernel_size": 3,
        "stride": 2,
        "padding": 1,
        "output_padding": 1,
    },
    "dilation 2, no bias": {"kernel_size": 3, "dilation": 2, "bias": False},
    "2 groups": {"kernel_size": 2, "stride": 3, "groups": 2},
    "depthwise": {"kernel_size": 4, "stride": 2, "groups": 4},
}


def test_module_equals_torch(proof: Callable[..., None]) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for settings in MODULES.values():
        ours, theirs = (
            kind(4, 8, **settings)
            for kind in (TransposedConvolution, nn.ConvTranspose2d)
        )
        names = {name: name for name in ours.state_dict()}
        found = module_differences(
            ours, theirs, [torch.randn(2, 4, 5, 3)], names
        )
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE
    proof(
        ours="TransposedConvolution",
        reference="torch.nn.ConvTranspose2d",
        case=f"{len(MODULES)} modules",
        **worst,
    )


@pytest.mark.parametrize("name", MODULES)
def test_starts_from_the_same_weights_as_torch(name: str) -> None:
    torch.manual_seed(3)
    ours = TransposedConvolution(4, 8, **MODULES[name])
    torch.manual_seed(3)
    theirs = nn.ConvTranspose2d(4, 8, **MODULES[name])
    assert gap(ours.weight, theirs.weight) < TOLERANCE
    if ours.bias is not None:
        assert gap(ours.bias, theirs.bias) < TOLERANCE


MUTANTS: dict[str, tuple[str, str, str]] = {
    "the kernel is turned": (
        "transposed_convolve",
        "kernels[..., u, v]",
        "kernels[..., -1 - u, -1 - v]",
    ),
    "stamps overwrite instead of adding": (
        "transposed_convolve",
        "sent += torch",
        "sent[:] = torch",
    ),
    "stamps ignore the dilation": (
        "transposed_convolve",
        "stride, dilation):",
        "stride, 1):",
    ),
    "groups of inputs interleaved": (
        "transposed_convolve",
        "y = y.unflatten(1, (groups, -1))",
        "y = y.unflatten(1, (-1, groups)).transpose(1, 2)",
    ),
    "the bias is added before the cut, twice": (
        "transposed_convolve",
        "else x + bias",
        "else x + 2 * bias",
    ),
    "padding is cut on one side": (
        "transposed_convolve",
        "padding : h - padding, padding : w - padding",
        "2 * padding : h, 2 * padding : w",
    ),
    "output_padding goes to the top left": (
        "transposed_convolve",
        "x = x.flatten(1, 2)[",
        "x = x.flatten(1, 2).roll((output_padding,) * 2, (2, 3))[",
    ),
    "the size forgets the dilation": (
        "transposed_convolve",
        "span = dilation * (kernel - 1) + 1",
        "span = kernel",
    ),
    "the matrix is not that of the padding": (
        "transpose_by_matrix",
        "h, w, stride, padding, dilation, groups)",
        "h, w, stride, 0, dilation, groups)",
    ),
    "pixels in another order": (
        "transpose_by_matrix",
        "unflatten(1, (-1, h, w))",
        "unflatten(1, (-1, w, h)).mT",
    ),
    "the kernel is not turned": (
        "transpose_by_zeros",
        "weight.flip(2, 3)",
        "weight",
    ),
    "the kernel is turned along one axis": (
        "transpose_by_zeros",
        "weight.flip(2, 3)",
        "weight.flip(2)",
    ),
    "input and output channels stay as they are": (
        "transpose_by_zeros",
        "turned.transpose(1, 2).flatten(0, 1)",
        "turned.flatten(0, 1)",
    ),
    "the zeros stand before the pixels": (
        "transpose_by_zeros",
        "top, left = spans",
        "top, left = 0, 0",
    ),
    "the turned kernel forgets its dilation": (
        "transpose_by_zeros",
        "None, dilation=dilation",
        "None, dilation=1",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_parity_notices_the_mutant(mutation: str) -> None:
    name, old, new = MUTANTS[mutation]
    mutant: ModuleType = mutate(WAYS[name], old, new)
    try:
        found = compare(getattr(mutant, name), few=True)
        caught = not max(found["forward"], found["gradient"]) < TOLERANCE
    except (AssertionError, IndexError, RuntimeError, ValueError):
        caught = True
    assert caught


def test_is_the_adjoint_of_the_convolution() -> None:
    """<M x, y> = <x, M^T y> for every pair: the definition."""
    for stride, padding, dilation in product((1, 2), (0, 1), (1, 2)):
        settings = {"stride": stride, "padding": padding, "dilation": dilation}
        x, weight = torch.randn(1, 3, 9, 8), torch.randn(4, 3, 3, 2)
        y = torch.randn_like(convolve(x, weight, **settings))
        left_over = [
            (n + 2 * padding - dilation * (k - 1) - 1) % stride
            for n, k in zip(x.shape[2:], weight.shape[2:], strict=True)
        ]
        if left_over[0] != left_over[1]:
            continue
        back = transposed_convolve(
            y, weight, output_padding=left_over[0], **settings
        )
        assert back.shape == x.shape
        forward = (convolve(x, weight, **settings) * y).sum()
        assert abs(forward - (x * back).sum()) < 1e-11


def test_gradient_of_each_is_the_other() -> None:
    x = torch.randn(1, 3, 9, 9, requires_grad=True)
    weight = torch.randn(4, 3, 3, 3)
    y = functional.conv2d(x, weight, stride=2, padding=1)
    dy = torch.randn_like(y)
    (dx,) = torch.autograd.grad(y, x, dy)
    ours = transposed_convolve(dy, weight, stride=2, padding=1)
    assert gap(ours, dx) < TOLERANCE

    z = torch.randn(1, 4, 5, 5, requires_grad=True)
    up = functional.conv_transpose2d(z, weight, stride=2, padding=1)
    dup = torch.randn_like(up)
    (dz,) = torch.autograd.grad(up, z, dup)
    assert gap(convolve(dup, weight, stride=2, padding=1), dz) < TOLERANCE


def test_output_padding_names_every_size_that_convolution_merges() -> None:
    for kernel, stride, padding, dilation in product(
        (1, 2, 3, 4), (1, 2, 3), (0, 1), (1, 2)
    ):
        for size in range(9, 20):
            small = output_size(size, kernel, stride, padding, dilation)
            backs = [
                transposed_size(small, kernel, stride, padding, extra, dilation)
                for extra in range(stride)
            ]
            merged = [
                n
                for n in range(5, 30)
                if n + 2 * padding > dilation * (kernel - 1)
                and output_size(n, kernel, stride, padding, dilation) == small
            ]
            assert backs == merged
            assert size in backs


def test_output_padding_cuts_less_and_adds_no_zeros() -> None:
    y, weight = torch.randn(1, 2, 4, 4), torch.randn(2, 3, 3, 3)
    uncut = transposed_convolve(y, weight, stride=2)  # 9 × 9
    plain = transposed_convolve(y, weight, stride=2, padding=1)
    extra = transposed_convolve(
        y, weight, stride=2, padding=1, output_padding=1
    )
    assert gap(plain, uncut[..., 1:8, 1:8]) < TOLERANCE
    assert gap(extra, uncut[..., 1:9, 1:9]) < TOLERANCE
    assert extra[..., -1, :].abs().min() > 1e-6


def test_kernel_equal_to_stride_is_a_linear_layer_and_pixel_shuffle() -> None:
    y, weight = torch.randn(2, 5, 3, 4), torch.randn(5, 3, 2, 2)
    ours = transposed_convolve(y, weight, stride=2)
    channels = weight.permute(1, 2, 3, 0).reshape(12, 5, 1, 1)
    theirs = functional.pixel_shuffle(functional.conv2d(y, channels), 2)
    assert gap(ours, theirs) < TOLERANCE


def test_stride_1_is_a_convolution_with_the_turned_kernel() -> None:
    y, weight = torch.randn(1, 2, 5, 6), torch.randn(2, 3, 3, 3)
    turned = weight.flip(2, 3).transpose(0, 1)
    expected = convolve(y, turned, padding=2 - 1)
    assert gap(transposed_convolve(y, weight, padding=1), expected) < TOLERANCE


def test_flops_are_counted_on_the_input() -> None:
    layer = nn.ConvTranspose2d(8, 6, 4, stride=2, padding=1)
    with FlopCounterMode(display=False) as counter:
        layer(torch.zeros(1, 8, 10, 10))
    assert counter.get_total_flops() == 2 * 10 * 10 * 8 * 6 * 16
    resized = nn.Sequential(
        nn.Upsample(scale_factor=2), nn.Conv2d(8, 6, 3, 1, 1)
    )
    with FlopCounterMode(display=False) as counter:
        resized(torch.zeros(1, 8, 10, 10))
    assert counter.get_total_flops() == 2 * 20 * 20 * 8 * 6 * 9  # 36 against 16


def test_matrix_has_as_many_copies_as_positions() -> None:
    weight = torch.arange(1.0, 4)[None, None, None]
    m = convolution_matrix(weight, 1, 7, stride=2)
    assert m.shape == (3, 7)
    for tap in (1, 2, 3):
        assert (m == tap).sum() == 3
    assert (m == 0).sum() == 21 - 9


Y, WEIGHT = torch.zeros(1, 4, 3, 3), torch.zeros(4, 2, 3, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: transposed_convolve(Y[:, :3], WEIGHT),
            r"y is \(1, 3, 3, 3\), not \(b, 4, h, w\)",
        ),
        (lambda: transposed_convolve(Y[0], WEIGHT), r"y is \(4, 3, 3\)"),
        (
            lambda: transposed_convolve(Y, WEIGHT, groups=3),
            "groups is 3; it must divide the 4 channels",
        ),
        (
            lambda: transposed_convolve(Y, WEIGHT, stride=2, output_padding=2),
            "output_padding is 2; it must be 0 or more and less than the stride, 2",
        ),
        (
            lambda: transposed_convolve(Y, WEIGHT, output_padding=1),
            "output_padding is 1",
        ),
        (lambda: transposed_size(2, 1, padding=1), "padding is 1; it leaves 0"),
        (
            lambda: transposed_convolve(Y[..., :1, :1], WEIGHT, padding=2),
            "padding is 2; it leaves -1 pixels",
        ),
        (
            lambda: TransposedConvolution(4, 6, 3, groups=4),
            "groups is 4; it must divide 4 input and 6 output",
        ),
        (
            lambda: transposed_convolution_views.transpose_by_zeros(
                Y, WEIGHT, groups=0
            ),
            "groups is 0",
        ),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
