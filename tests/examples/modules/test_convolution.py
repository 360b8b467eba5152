"""Convolution against torch in float64, its gradients, and its properties."""

from collections.abc import Callable, Iterator
from itertools import product
from types import ModuleType

import numpy as np
import pytest
import torch
from scipy import signal
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from examples.modules import (
    convolution,
    convolution_backward,
    convolution_cost,
    convolution_matrix,
)
from examples.modules.convolution import Convolution, convolve
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, module_differences

pytestmark = [
    pytest.mark.usefixtures("float64"),
    pytest.mark.filterwarnings("ignore:Converting a tensor"),  # gap()
]
Case = tuple[Tensor, Tensor, Tensor, dict[str, int]]
B, C, OUT, H, W = 2, 4, 6, 9, 8


def cases(*, few: bool = False) -> Iterator[Case]:
    """Every mixture of kernel, stride, padding, dilation and groups."""
    random = torch.Generator().manual_seed(0)
    kernels = [(2, 3)] if few else [(1, 1), (3, 3), (2, 5)]
    strides = [1, 2] if few else [1, 2, 3]
    settings = product(kernels, strides, [0, 1, 2], [1, 2, 3], [1, 2])
    for (kh, kw), stride, padding, dilation, groups in settings:
        if dilation * (kw - 1) + 1 > W + 2 * padding:
            continue
        x = torch.randn(B, C, H, W, generator=random)
        weight = torch.randn(OUT, C // groups, kh, kw, generator=random)
        bias = torch.randn(OUT, generator=random)
        yield (
            x,
            weight,
            bias,
            {
                "stride": stride,
                "padding": padding,
                "dilation": dilation,
                "groups": groups,
            },
        )


def compare(ours: Callable[..., Tensor], *, few: bool = False) -> dict:
    worst = {"forward": 0.0, "gradient": 0.0}
    count = 0
    for x, weight, bias, settings in cases(few=few):
        found = differences(
            lambda *t, s=settings: ours(*t, **s),
            lambda *t, s=settings: functional.conv2d(*t, **s),
            [x, weight, bias],
        )
        worst = {k: max(worst[k], found[k]) for k in worst}
        count += 1
    return worst | {"case": f"{count} settings"}


@pytest.mark.parametrize("name", ["convolve", "convolve_im2col"])
def test_equals_torch(name: str, proof: Callable[..., None]) -> None:
    found = compare(getattr(convolution, name))
    assert max(found["forward"], found["gradient"]) < TOLERANCE
    proof(ours=name, reference="torch.nn.functional.conv2d", **found)


MODULES = {
    "plain": {"kernel_size": 3},
    "stride 2, padding 1": {"kernel_size": 3, "stride": 2, "padding": 1},
    "dilation 2, no bias": {"kernel_size": 3, "dilation": 2, "bias": False},
    "2 groups": {"kernel_size": 2, "groups": 2},
    "depthwise": {"kernel_size": 3, "padding": 1, "groups": C},
    "1 × 1": {"kernel_size": 1},
}


def test_module_equals_torch(proof: Callable[..., None]) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for settings in MODULES.values():
        ours, theirs = (
            kind(C, 2 * C, **settings) for kind in (Convolution, nn.Conv2d)
        )
        names = {name: name for name in ours.state_dict()}
        x = torch.randn(B, C, H, W)
        found = module_differences(ours, theirs, [x], names)
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE
    proof(
        ours="Convolution",
        reference="torch.nn.Conv2d",
        case=f"{len(MODULES)} modules",
        **worst,
    )


@pytest.mark.parametrize("name", MODULES)
def test_starts_from_the_same_weights_as_torch(name: str) -> None:
    torch.manual_seed(3)
    ours = Convolution(C, 2 * C, **MODULES[name])
    torch.manual_seed(3)
    theirs = nn.Conv2d(C, 2 * C, **MODULES[name])
    assert gap(ours.weight, theirs.weight) < TOLERANCE
    if ours.bias is not None:
        assert gap(ours.bias, theirs.bias) < TOLERANCE


def test_im2col_equals_unfold(proof: Callable[..., None]) -> None:
    worst = 0.0
    for x, weight, _, settings in cases():
        kh, kw = weight.shape[2:]
        geometry = [settings[k] for k in ("stride", "padding", "dilation")]
        ours = convolution.im2col(x, kh, kw, *geometry).flatten(2)
        stride, padding, dilation = geometry
        theirs = nn.Unfold((kh, kw), dilation, padding, stride)(x)
        worst = max(worst, gap(ours, theirs))
    assert worst == 0
    proof(
        ours="im2col",
        reference="torch.nn.Unfold",
        case="the same settings",
        forward=worst,
    )


def backward_gap(module: ModuleType, *, few: bool = False) -> float:
    """The formula against autograd through torch's own convolution."""
    worst = 0.0
    for x, weight, bias, settings in cases(few=few):
        leaves = [t.clone().requires_grad_() for t in (x, weight, bias)]
        y = functional.conv2d(*leaves, **settings)
        dy = torch.randn_like(y)
        expected = torch.autograd.grad(y, leaves, dy)
        found = module.convolve_backward(dy, x, weight, **settings)
        for a, b in zip(found, expected, strict=True):
            assert a.shape == b.shape
            worst = max(worst, gap(a, b))
    return worst


def test_backward_by_hand_equals_autograd(proof: Callable[..., None]) -> None:
    worst = backward_gap(convolution_backward)
    assert worst < TOLERANCE
    proof(
        ours="convolve_backward",
        reference="torch.nn.functional.conv2d",
        case="dx, dw and db by formula",
        gradient=worst,
    )


def matrix_gap(module: ModuleType, *, few: bool = False) -> float:
    worst = 0.0
    for x, weight, _, settings in cases(few=few):
        if settings["dilation"] == 3:  # too wide for a small image
            continue
        x = x[..., :6, :5]
        m = module.convolution_matrix(weight, 6, 5, **settings)
        expected = functional.conv2d(x, weight, **settings)
        worst = max(worst, gap(x.flatten(1) @ m.T, expected.flatten(1)))
    return worst


def test_matrix_times_pixels_is_the_convolution(
    proof: Callable[..., None],
) -> None:
    worst = matrix_gap(convolution_matrix, few=True)
    assert worst < TOLERANCE
    proof(
        ours="convolution_matrix",
        reference="torch.nn.functional.conv2d",
        case="kernel 2 × 3, dilation 1 and 2",
        forward=worst,
    )


MUTANTS = {
    "the taps forget the dilation": (
        "dilation * u, dilation * v",
        "u, v",
    ),
    "rows and columns of the kernel swapped": (
        "dilation * u, dilation * v",
        "dilation * v, dilation * u",
    ),
    "the kernel turned, a true convolution": (
        "kernels[..., u, v]",
        "kernels[..., -1 - u, -1 - v]",
    ),
    "all padding on one side": (
        "F.pad(x, [padding] * 4)",
        "F.pad(x, [0, 2 * padding] * 2)",
    ),
    "padding repeats the border": (
        "F.pad(x, [padding] * 4)",
        "F.pad(x, [padding] * 4, mode='replicate')",
    ),
    "the output size is rounded up": (
        "- span) // stride",
        "- span + 1) // stride",
    ),
    "groups of outputs interleaved": (
        "kernels = weight.unflatten(0, (groups, -1))",
        "kernels = weight.unflatten(0, (-1, groups)).transpose(0, 1)",
    ),
    "groups of inputs interleaved": (
        "F.pad(x, [padding] * 4).unflatten(1, (groups, -1))",
        "F.pad(x, [padding] * 4).unflatten(1, (-1, groups)).transpose(1, 2)",
    ),
    "the bias is forgotten": ("else y + bias[:, None, None]", "else y"),
    "im2col puts taps before channels": (
        "torch.stack(patches, 2)",
        "torch.stack(patches, 1)",
    ),
    "im2col puts channels of a group apart": (
        "patches.flatten(2).unflatten(1, (groups, -1))",
        "patches.flatten(2).unflatten(1, (-1, groups)).transpose(1, 2)",
    ),
    "the gradient of the weight is cut": (
        "kernels[..., u, v])",
        "kernels[..., u, v].detach())",
    ),
}


def notices(compare_mutant: Callable[[], float]) -> bool:
    try:
        return not compare_mutant() < TOLERANCE
    except (AssertionError, IndexError, RuntimeError, ValueError):
        return True


@pytest.mark.parametrize("mutation", MUTANTS)
def test_parity_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(convolution, *MUTANTS[mutation])

    def worst(name: str) -> Callable[[], float]:
        def run() -> float:
            found = compare(getattr(mutant, name), few=True)
            return max(found["forward"], found["gradient"])

        return run

    assert notices(worst("convolve")) or notices(worst("convolve_im2col"))


BACKWARD_MUTANTS = {
    "dx ignores what padding cut off": (
        "[..., padding:, padding:][..., :h, :w]",
        "[..., :h, :w]",
    ),
    "dx takes the turned kernel": (
        "dy, kernels[..., u, v]",
        "dy, kernels[..., -1 - u, -1 - v]",
    ),
    "windows overwrite instead of adding": ("sent += torch", "sent[:] = torch"),
    "dw swaps the taps": ("dw[..., u, v]", "dw[..., -1 - u, -1 - v]"),
    "db forgets the batch": ("dy.sum((0, 3, 4))", "dy[0].sum((2, 3))"),
    "dw comes from unpadded pixels": (
        "padded = F.pad(x, [padding] * 4)",
        "padded = F.pad(x, [0, 2 * padding] * 2)",
    ),
}


@pytest.mark.parametrize("mutation", BACKWARD_MUTANTS)
def test_gradients_notice_the_mutant(mutation: str) -> None:
    mutant = mutate(convolution_backward, *BACKWARD_MUTANTS[mutation])
    assert notices(lambda: backward_gap(mutant, few=True))


MATRIX_MUTANTS = {
    "rows and columns swapped": ("matrix[o, i, j,", "matrix[o, j, i,"),
    "one group reads the channels of another": (
        "o // (out // groups)",
        "o % groups",
    ),
    "padding shifts the other way": ("* u - padding", "* u + padding"),
    "stride and dilation swapped": (
        "stride * i + dilation * u",
        "dilation * i + stride * u",
    ),
    "the border wraps around": (
        "if 0 <= y < h and 0 <= x < w",
        "if y < h and x < w",
    ),
}


@pytest.mark.parametrize("mutation", MATRIX_MUTANTS)
def test_matrix_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(convolution_matrix, *MATRIX_MUTANTS[mutation])
    assert notices(lambda: matrix_gap(mutant, few=True))


def test_layers_correlate_and_do_not_convolve() -> None:
    x, kernel = torch.randn(7, 6), torch.randn(3, 2)
    image, weight = x[None, None], kernel[None, None]
    correlated = signal.correlate2d(x, kernel, "valid")
    np.testing.assert_allclose(
        convolve(image, weight)[0, 0], correlated, rtol=0, atol=1e-12
    )
    convolved = signal.convolve2d(x, kernel, "valid")
    np.testing.assert_allclose(
        convolve(image, weight.flip(2, 3))[0, 0],
        convolved,
        rtol=0,
        atol=1e-12,
    )
    assert np.abs(correlated - convolved).max() > 0.1


def test_a_one_by_one_kernel_is_a_linear_layer_at_every_pixel() -> None:
    x, weight, bias = (
        torch.randn(B, C, 3, 5),
        torch.randn(OUT, C),
        torch.randn(OUT),
    )
    linear = nn.functional.linear(x.permute(0, 2, 3, 1), weight, bias)
    ours = convolve(x, weight[:, :, None, None], bias)
    assert gap(ours, linear.permute(0, 3, 1, 2)) < TOLERANCE


def test_a_kernel_as_large_as_the_input_is_a_linear_layer() -> None:
    x, weight = torch.randn(B, C, 3, 5), torch.randn(OUT, C, 3, 5)
    ours = convolve(x, weight)
    assert ours.shape == (B, OUT, 1, 1)
    expected = x.flatten(1) @ weight.flatten(1).T
    assert gap(ours[..., 0, 0], expected) < TOLERANCE


def test_atrous_is_a_larger_kernel_with_zeros_in_it() -> None:
    x, weight = torch.randn(1, C, H, W), torch.randn(OUT, C, 3, 3)
    holes = torch.zeros(OUT, C, 5, 5)
    holes[..., ::2, ::2] = weight
    assert gap(convolve(x, weight, dilation=2), convolve(x, holes)) < TOLERANCE


def test_groups_are_convolutions_side_by_side() -> None:
    x, weight = torch.randn(1, 6, H, W), torch.randn(9, 2, 3, 3)
    parts = [
        convolve(part, kernels)
        for part, kernels in zip(x.split(2, 1), weight.split(3), strict=True)
    ]
    assert gap(convolve(x, weight, groups=3), torch.cat(parts, 1)) < TOLERANCE


@pytest.mark.parametrize(
    ("stride", "padding", "dilation"),
    [(1, 0, 1), (2, 1, 1), (1, 2, 2), (3, 1, 2)],
)
def test_gradients_are_convolutions_too(
    stride: int, padding: int, dilation: int
) -> None:
    """dw: x convolved with dy, stride and dilation trading places."""
    x, weight = torch.randn(B, C, H, W), torch.randn(OUT, C, 3, 2)
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    dy = torch.randn_like(convolve(x, weight, **settings))
    dx, dw, _ = convolution_backward.convolve_backward(
        dy, x, weight, **settings
    )
    traded = convolve(
        x.transpose(0, 1),
        dy.transpose(0, 1),
        stride=dilation,
        padding=padding,
        dilation=stride,
    )
    assert gap(traded.transpose(0, 1)[..., :3, :2], dw) < TOLERANCE
    span = [dilation * (k - 1) + 1 for k in (3, 2)]
    missing = [  # what the windows left over, to be asked for
        (n + 2 * padding - s) % stride
        for n, s in zip((H, W), span, strict=True)
    ]
    theirs = functional.conv_transpose2d(
        dy, weight, None, stride, padding, missing, 1, dilation
    )
    assert gap(dx, theirs) < TOLERANCE


def test_a_map_that_commutes_with_shifts_is_a_convolution() -> None:
    """Average any matrix over all shifts: what is left is one kernel."""
    n = 5
    matrix, average = torch.randn(n * n, n * n), torch.zeros(n * n, n * n)
    image = matrix.view(n, n, n, n)  # out row, out column, in row, in column
    for shift in product(range(n), range(n)):
        moved = image.roll(shift, (0, 1)).roll(shift, (2, 3))
        average += moved.reshape(n * n, n * n) / n**2
    kernel = average.view(n, n, n, n)[0, 0]  # what output (0, 0) sees
    x = torch.randn(1, 1, n, n)
    padded = functional.pad(x, [0, n - 1, 0, n - 1], mode="circular")
    expected = (average @ x.flatten()).view(1, 1, n, n)
    assert gap(convolve(padded, kernel[None, None]), expected) < TOLERANCE
    assert gap((matrix @ x.flatten()).view(1, 1, n, n), expected) > 0.1


@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("stride", [1, 2])
def test_counts_are_those_of_torch(groups: int, stride: int) -> None:
    parameters, flops = convolution_cost.count(8, 12, 3, groups)
    layer = nn.Conv2d(8, 12, 3, stride, padding=1, groups=groups)
    assert sum(p.numel() for p in layer.parameters()) == parameters
    with FlopCounterMode(display=False) as counter:
        y = layer(torch.zeros(1, 8, 16, 16))
    positions = y.shape[2] * y.shape[3]
    assert counter.get_total_flops() == flops * positions


def test_flops_equal_the_counter_of_torch(proof: Callable[..., None]) -> None:
    differing = 0
    shown = {
        name: (weights, flops)
        for name, weights, flops, _ in convolution_cost.layers(16, 14)
    }
    layers = {
        "3 × 3": nn.Conv2d(16, 16, 3, padding=1),
        "3 × 3, stride 2": nn.Conv2d(16, 16, 3, 2, 1),
        "3 × 3, dilation 2": nn.Conv2d(16, 16, 3, padding=2, dilation=2),
        "5 × 5": nn.Conv2d(16, 16, 5, padding=2),
        "1 × 1": nn.Conv2d(16, 16, 1),
        "3 × 3, 4 groups": nn.Conv2d(16, 16, 3, padding=1, groups=4),
        "3 × 3, c groups": nn.Conv2d(16, 16, 3, padding=1, groups=16),
    }
    for name, layer in layers.items():
        x = torch.zeros(1, 16, 14, 14, requires_grad=True)
        with FlopCounterMode(display=False) as counter:
            y = layer(x)
        weights = sum(p.numel() for p in layer.parameters())
        differing += shown[name] != (weights, counter.get_total_flops())
        forward = counter.get_total_flops()
        if layer.groups > 1:
            continue  # torch counts the weight's gradient without groups
        with FlopCounterMode(display=False) as counter:
            y.sum().backward()  # dx and dw cost as much as y each
        assert counter.get_total_flops() == 2 * forward
    dense = nn.Linear(16 * 14 * 14, 16 * 14 * 14, device="meta")
    assert shown["fully connected"][0] == sum(
        p.numel() for p in dense.parameters()
    )
    assert differing == 0
    proof(
        ours="count",
        reference="torch.utils.flop_counter.FlopCounterMode",
        case=f"{len(layers)} layers, parameters and FLOPs",
        forward=differing,
    )


def test_im2col_stores_nine_copies() -> None:
    x = torch.randn(1, C, H, W)
    assert convolution.im2col(x, 3, 3, 1, 1, 1).numel() == 9 * x.numel()


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_output_size_counts_positions(kernel: int, dilation: int) -> None:
    for size, stride, padding in product(range(13, 18), (1, 2, 3), (0, 1, 4)):
        span = dilation * (kernel - 1)
        last = size + 2 * padding - 1 - span  # where a window may start
        starts = [start for start in range(last + 1) if start % stride == 0]
        found = convolution.output_size(size, kernel, stride, padding, dilation)
        assert found == len(starts)
    if dilation * (kernel - 1) % 2 == 0:
        same = dilation * (kernel - 1) // 2
        assert convolution.output_size(17, kernel, 1, same, dilation) == 17


X = torch.zeros(1, 4, 6, 6)
WEIGHT = torch.zeros(6, 4, 3, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: convolve(X[:, :3], WEIGHT),
            r"x is \(1, 3, 6, 6\), not \(b, 4",
        ),
        (
            lambda: convolve(X[0], WEIGHT),
            r"x is \(4, 6, 6\), not \(b, 4, h, w\)",
        ),
        (
            lambda: convolve(X, WEIGHT, groups=4),
            "groups is 4; it must divide the 6",
        ),
        (lambda: convolve(X, WEIGHT, groups=0), "groups is 0"),
        (
            lambda: convolve(X, WEIGHT, stride=0),
            "stride is 0; least is 1",
        ),
        (lambda: convolve(X, WEIGHT, dilation=0), "dilation is 0"),
        (
            lambda: convolve(X, WEIGHT, dilation=3),
            "kernel spans 7 pixels; the padded input has only 6",
        ),
        (lambda: convolution.output_size(6, 3, padding=-1), "padding is -1"),
        (
            lambda: Convolution(6, 4, 3, groups=4),
            "groups is 4; it must divide 6",
        ),
        (
            lambda: convolution_backward.convolve_backward(X, X, WEIGHT),
            r"dy is \(1, 4, 6, 6\), not \(1, 6, 4, 4\)",
        ),
        (
            lambda: convolution.convolve_im2col(X, WEIGHT[:, :1]),
            r"x is \(1, 4, 6, 6\), not \(b, 1, h, w\)",
        ),
        (lambda: convolution_cost.count(6, 4, 3, 4), "groups is 4"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
