"""No inverse, bilinear upsampling, and the checkerboard, as the page says."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from examples.modules import (
    transposed_convolution_bilinear,
    transposed_convolution_decoder,
    transposed_convolution_inverse,
    transposed_convolution_overlap,
)
from examples.modules.convolution import convolve
from examples.modules.transposed_convolution import transposed_convolve
from tests.mutants import mutate


def error(image: Tensor, x: Tensor) -> float:
    return (image - x).square().mean().sqrt().item()


def test_transpose_blurs_again_and_the_inverse_amplifies() -> None:
    x = transposed_convolution_inverse.photograph()
    images = transposed_convolution_inverse.restored(x)
    errors = {name: error(image, x) for name, image in images.items()}
    assert errors["transposed"] > 1.2 * errors["blurred"]
    assert errors["solved"] < 1e-6
    assert errors["solved from whole gray levels"] > 1000
    assert errors["Haar, transposed"] < 1e-12
    kernel = transposed_convolution_inverse.blur_kernel()
    twice = convolve(convolve(x, kernel, padding=1), kernel, padding=1)
    torch.testing.assert_close(
        images["transposed"], twice, rtol=0, atol=1e-10
    )  # a symmetric kernel: M^T = M


def test_orthonormal_patches_are_undone_by_the_transpose() -> None:
    """JPEG's 8 × 8 cosines: stride 8, 64 kernels, an exact round trip."""
    n = torch.arange(8).double()
    basis = torch.cos(torch.pi * n[:, None] * (2 * n + 1) / 16) / 2
    basis[0] /= 2**0.5  # (8, 8), orthonormal rows
    kernels = torch.einsum("ay,bx->abyx", basis, basis).reshape(64, 1, 8, 8)
    x = torch.randn(1, 1, 24, 16, dtype=torch.float64)
    parts = convolve(x, kernels, stride=8)
    back = transposed_convolve(parts, kernels, stride=8)
    assert error(back, x) < 1e-12


def bilinear_gap(module, scale: int) -> float:
    y = torch.randn(2, 3, 5, 6, dtype=torch.float64)
    exact = functional.interpolate(y, scale_factor=scale, mode="bilinear")
    found = module.upsample(y, scale, repeat_border=True)
    if found.shape != exact.shape:
        return float("inf")
    return (found - exact).abs().max().item()


def test_bilinear_kernel_is_bilinear_upsampling(
    proof: Callable[..., None],
) -> None:
    torch.manual_seed(0)
    scales = (1, 2, 3, 4, 5, 8)
    worst = max(
        bilinear_gap(transposed_convolution_bilinear, s) for s in scales
    )
    assert worst < 1e-12
    for scale in scales[1:]:
        y = torch.randn(1, 2, 5, 6, dtype=torch.float64)
        exact = functional.interpolate(y, scale_factor=scale, mode="bilinear")
        found = transposed_convolution_bilinear.upsample(y, scale)
        cut = scale // 2
        inside = (..., slice(cut, -cut), slice(cut, -cut))
        assert (found - exact)[inside].abs().max() < 1e-12
        ring = (found - exact).abs() > 1e-12
        assert ring.sum() == exact.numel() - exact[inside].numel()
    proof(
        ours="upsample",
        reference="torch.nn.functional.interpolate",
        case=f"bilinear, {len(scales)} scales, border repeated",
        forward=worst,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2 * scale - scale % 2", "2 * scale"),
        ("(size - 1) / 2", "size // 2"),
        ("offset.abs() / scale", "offset.abs() / size"),
        (
            "(weight.shape[-1] - scale) // 2",
            "(weight.shape[-1] - scale) // 2 + 1",
        ),
        ("1 - offset.abs() / scale", "(1 - offset.abs() / scale).square()"),
        ('mode="replicate"', 'mode="reflect"'),
    ],
)
def test_bilinear_notices_the_mutant(old: str, new: str) -> None:
    torch.manual_seed(0)
    mutant = mutate(transposed_convolution_bilinear, old, new)
    assert max(bilinear_gap(mutant, scale) for scale in (2, 3)) > 1e-3


def test_bilinear_needs_a_positive_scale() -> None:
    with pytest.raises(ValueError, match="scale is 0; it must be 1 or more"):
        transposed_convolution_bilinear.bilinear_kernel(0)


@pytest.mark.parametrize("period", [2, 3, 4])
def test_ripple_is_the_energy_at_the_checkerboard_frequencies(
    period: int,
) -> None:
    image = torch.randn(1, 1, 24, 24, dtype=torch.float64)
    spectrum = torch.fft.fft2(image)[0, 0].abs().square()
    step = 24 // period
    at = spectrum[::step, ::step]  # whole multiples of 1 / period
    share = (at.sum() - at[0, 0]) / spectrum.sum()
    found = transposed_convolution_overlap.ripple(image, period)
    assert found == pytest.approx(share.item(), abs=1e-12)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "unflatten(3, (-1, period))",
            "unflatten(3, (period, -1)).transpose(3, 4)",
        ),
        (".mean((2, 4))", ".mean((2, 3))"),
        ("means - means.mean((2, 3), keepdim=True)", "means"),
        ("phases(image.square(), period).mean()", "image.var()"),
        (".square().mean()\n    return", ".square().sum()\n    return"),
    ],
)
def test_ripple_notices_the_mutant(old: str, new: str) -> None:
    torch.manual_seed(1)
    mutant = mutate(transposed_convolution_overlap, old, new)
    image = 1 + torch.randn(1, 1, 24, 24, dtype=torch.float64)
    spectrum = torch.fft.fft2(image)[0, 0].abs().square()
    at = spectrum[::8, ::8]
    share = ((at.sum() - at[0, 0]) / spectrum.sum()).item()
    assert abs(mutant.ripple(image, 3) - share) > 1e-6


def test_overlap_is_even_when_the_stride_divides_the_kernel() -> None:
    for kernel, stride in ((2, 2), (4, 2), (3, 2), (5, 2), (6, 3), (4, 3)):
        x = torch.ones(1, 1, 9, 9)
        counts = transposed_convolve(
            x, torch.ones(1, 1, kernel, kernel), stride=stride
        )
        middle = counts[..., kernel:-kernel, kernel:-kernel]
        even = bool((middle == middle[0, 0, 0, 0]).all())
        assert even == (kernel % stride == 0)


def test_gradient_of_a_strided_convolution_has_the_same_pattern() -> None:
    x = torch.ones(1, 1, 21, 21, requires_grad=True)
    functional.conv2d(x, torch.ones(1, 1, 3, 3), stride=2).sum().backward()
    assert x.grad is not None
    middle = x.grad[..., 4:-4, 4:-4]
    assert set(middle.unique().tolist()) == {1, 2, 4}


def test_random_weights_ripple_whether_the_stride_divides_or_not() -> None:
    """Independent weights: 1 - 1 / stride² of the energy, any kernel."""
    for kind in ("2, stride 2", "3, stride 2", "4, stride 2"):
        share = transposed_convolution_overlap.random_ripple(kind, 4000)
        assert share == pytest.approx(3 / 4, abs=0.03)
    assert transposed_convolution_overlap.random_ripple("resize") < 1e-10


@pytest.mark.parametrize("seed", [0, 2])
def test_training_reduces_the_ripple_and_only_resizing_removes_it(
    seed: int,
) -> None:
    early, late, errors = {}, {}, {}
    for kind in transposed_convolution_decoder.COLORS:
        flat, errors[kind] = transposed_convolution_decoder.train(kind, seed)
        ripples = {
            step: transposed_convolution_decoder.relative_ripple(image)
            for step, image in flat.items()
        }
        early[kind], late[kind] = ripples[20], ripples[100]
    assert early["kernel 3"] > 1.5 * early["kernel 4"] > 15
    for kind in ("kernel 3", "kernel 4"):
        assert 2 < late[kind] < 10 < early[kind]
    assert early["resize"] < 1e-3 and late["resize"] < 1e-3
    assert max(errors.values()) < 1.6 * min(errors.values())
