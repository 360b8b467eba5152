"""The formula against ONNX's evaluator, grid_sample and finite differences."""

from collections.abc import Callable
from itertools import product
from types import ModuleType

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from torch import Tensor

from examples.modules import deformable_convolution
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap

pytestmark = pytest.mark.usefixtures("float64")

# x, output channels, kernel, stride, padding, dilation, groups, offset groups
Case = tuple[
    tuple[int, int, int, int], int, tuple[int, int], int, int, int, int, int
]
CASES: dict[str, Case] = {
    "plain": ((1, 2, 4, 5), 2, (3, 3), 1, 1, 1, 1, 1),
    "no padding": ((2, 1, 5, 4), 1, (3, 3), 1, 0, 1, 1, 1),
    "stride 2": ((1, 2, 7, 6), 1, (3, 3), 2, 1, 1, 1, 1),
    "dilation 2": ((1, 1, 6, 7), 2, (3, 3), 1, 2, 2, 1, 1),
    "2 × 3 kernel": ((1, 1, 4, 5), 2, (2, 3), 1, 1, 1, 1, 1),
    "1 × 1 kernel": ((1, 2, 3, 4), 2, (1, 1), 1, 0, 1, 1, 1),
    "2 groups": ((1, 4, 4, 3), 4, (2, 2), 1, 0, 1, 2, 1),
    "2 offset groups": ((1, 4, 3, 4), 1, (2, 2), 1, 1, 1, 1, 2),
    "depthwise": ((1, 3, 4, 4), 3, (3, 3), 2, 1, 1, 3, 3),
    "everything": ((2, 6, 7, 6), 4, (3, 2), 2, 2, 2, 2, 3),
}
GRID_CASES = CASES | {
    "one row": ((1, 2, 1, 6), 2, (1, 3), 1, 1, 1, 1, 1),
    "one pixel": ((2, 2, 1, 1), 3, (3, 3), 1, 1, 1, 1, 2),
    "wide": ((2, 12, 9, 11), 8, (3, 3), 1, 1, 1, 4, 3),
    "rates of 3": ((1, 4, 12, 13), 2, (3, 3), 3, 4, 3, 2, 2),
}


def inputs(case: Case, spread: float = 1.5, seed: int = 0) -> list[Tensor]:
    """x, offset, weight, bias and mask, all random; some taps leave x."""
    shape, out, (kh, kw), stride, padding, dilation, groups, q = case
    random = torch.Generator().manual_seed(seed)
    h, w = (
        (size + 2 * padding - dilation * (k - 1) - 1) // stride + 1
        for size, k in zip(shape[2:], (kh, kw), strict=True)
    )

    def normal(*sizes: int) -> Tensor:
        return torch.randn(sizes, generator=random, dtype=torch.float64)

    return [
        normal(*shape),
        spread * normal(shape[0], 2 * q * kh * kw, h, w),
        normal(out, shape[1] // groups, kh, kw),
        normal(out),
        normal(shape[0], q * kh * kw, h, w),
    ]


def by_onnx(case: Case, given: list[Tensor], masked: bool = True) -> Tensor:
    """The very node that ONNX calls DeformConv, evaluated in float64."""
    *_, (kh, kw), stride, padding, dilation, groups, q = case
    names = ["X", "W", "offset", "B", *(["mask"] if masked else [])]
    x, offset, weight, bias, mask = (t.numpy() for t in given)
    values = dict(zip(names, (x, weight, offset, bias, mask), strict=False))
    node = helper.make_node(
        "DeformConv",
        names,
        ["Y"],
        kernel_shape=[kh, kw],
        strides=[stride] * 2,
        pads=[padding] * 4,
        dilations=[dilation] * 2,
        group=groups,
        offset_group=q,
    )
    kind = TensorProto.DOUBLE
    graph = helper.make_graph(
        [node],
        "one node",
        [
            helper.make_tensor_value_info(n, kind, values[n].shape)
            for n in names
        ],
        [helper.make_tensor_value_info("Y", kind, None)],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 19)]
    )
    (y,) = ReferenceEvaluator(model).run(None, values)
    assert np.isfinite(y).all()
    return torch.from_numpy(y)


def by_grid_sample(case: Case) -> Callable[..., Tensor]:
    """Tap by tap with F.grid_sample, whose order is (x, y) in [-1, 1]."""
    _, _, (kh, kw), stride, padding, dilation, groups, q = case

    def convolve(
        x: Tensor, offset: Tensor, weight: Tensor, bias: Tensor, mask: Tensor
    ) -> Tensor:
        h, w = x.shape[2:]
        i = torch.arange(offset.shape[2])[:, None]
        j = torch.arange(offset.shape[3])
        y = bias[:, None, None].expand(len(x), -1, *offset.shape[2:])
        for k, (u, v) in enumerate(product(range(kh), range(kw))):
            seen = []
            for n, block in enumerate(x.chunk(q, 1)):
                at = n * kh * kw + k
                row = i * stride - padding + u * dilation + offset[:, 2 * at]
                column = j * stride - padding + v * dilation
                column = column + offset[:, 2 * at + 1]
                grid = torch.stack(
                    [(2 * column + 1) / w - 1, (2 * row + 1) / h - 1], -1
                )
                value = F.grid_sample(
                    block, grid, "bilinear", "zeros", align_corners=False
                )
                seen.append(value * mask[:, at : at + 1])
            y = y + F.conv2d(
                torch.cat(seen, 1),
                weight[:, :, u, v, None, None],
                None,
                1,
                0,
                1,
                groups,
            )
        return y

    return convolve


def ours(m: ModuleType, case: Case) -> Callable[..., Tensor]:
    return lambda x, offset, weight, bias, mask: m.deform_convolve(
        x, offset, weight, bias, mask, *case[3:]
    )


def onnx_gap(m: ModuleType, name: str, masked: bool = True) -> float:
    """Offsets in 64ths: the evaluator rounds positions to float32, and in
    float32 these are exact."""
    case = CASES[name]
    given = inputs(case)
    given[1] = (64 * given[1]).round() / 64
    x, offset, weight, bias, mask = given
    y = m.deform_convolve(
        x, offset, weight, bias, mask if masked else None, *case[3:]
    )
    expected = by_onnx(case, given, masked)
    assert y.shape == expected.shape
    return gap(y, expected)


@pytest.mark.parametrize("masked", [False, True])
def test_equals_onnx(masked: bool, proof: Callable[..., None]) -> None:
    worst = max(onnx_gap(deformable_convolution, c, masked) for c in CASES)
    assert worst < TOLERANCE
    proof(
        ours="deform_convolve",
        reference="onnx.reference.ReferenceEvaluator",
        case=f"{len(CASES)} settings, "
        + ("with mask" if masked else "no mask"),
        forward=worst,
    )


def grid_sample_gaps(m: ModuleType, name: str) -> dict[str, float]:
    case = GRID_CASES[name]
    return differences(ours(m, case), by_grid_sample(case), inputs(case))


def test_equals_grid_sample(proof: Callable[..., None]) -> None:
    found = [grid_sample_gaps(deformable_convolution, c) for c in GRID_CASES]
    worst = {k: max(f[k] for f in found) for k in ("forward", "gradient")}
    assert max(worst.values()) < TOLERANCE
    proof(
        ours="deform_convolve",
        reference="torch.nn.functional.grid_sample",
        case=f"{len(GRID_CASES)} settings",
        **worst,
    )


@pytest.mark.parametrize("name", ["2 × 3 kernel", "everything"])
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    """At random points, none within 1e-4 of a kink."""
    case = CASES[name]
    given = inputs(case)
    offset = given[1]
    offset += 2e-4 * ((offset - offset.round()).abs() < 1e-4)
    for t in given:
        t.requires_grad_()
    assert torch.autograd.gradcheck(
        ours(deformable_convolution, case), given, fast_mode=True
    )


MUTANTS = {
    "x before y": (
        "offset.unflatten(1, (-1, *kernel, 2))",
        "offset.unflatten(1, (-1, *kernel, 2)).flip(4)",
    ),
    "all y, then all x": (
        "offset.unflatten(1, (-1, *kernel, 2))",
        "offset.unflatten(1, (-1, 2, *kernel)).movedim(2, 4)",
    ),
    "taps column by column": (
        "offset.unflatten(1, (-1, *kernel, 2))",
        "offset.unflatten(1, (-1, *kernel[::-1], 2)).transpose(2, 3)",
    ),
    "no dilation": (
        "((dilation, kernel[0]), (dilation, kernel[1]))",
        "((1, kernel[0]), (1, kernel[1]))",
    ),
    "no stride": (
        "((stride, offset.shape[2]), (stride, offset.shape[3]))",
        "((1, offset.shape[2]), (1, offset.shape[3]))",
    ),
    "no padding": ("2) - padding", "2)"),
    "padding on the wrong side": ("2) - padding", "2) + padding"),
    "centered taps": ("2) - padding", "2) - padding - dilation"),
    "the border repeated, not 0": (
        "torch.where(inside, row * w + column, h * w)",
        "row.clamp(0, h - 1) * w + column.clamp(0, w - 1)",
    ),
    "outside on the left is the row above": ("(column >= 0) & ", ""),
    "outside on the right is the row below": (" & (column < w)", ""),
    "last row lost": ("(row < h)", "(row < h - 1)"),
    "first row lost": ("(row >= 0)", "(row > 0)"),
    "truncated, not rounded down": (
        "points.floor().long()",
        "points.long()",
    ),
    "nearest corner": ("points.floor()", "points.round()"),
    "nearest pixel": (
        "(points - points.floor())[:, None]",
        "(points - points.floor())[:, None].round()",
    ),
    "down and right swapped": (
        "down, right = (points",
        "right, down = (points",
    ),
    "no interpolation between rows": (
        "torch.lerp(upper, lower, down)",
        "upper",
    ),
    "mask not applied": ("seen = seen * mask", "seen = seen + 0 * mask"),
    "mask of the wrong group": (
        "mask.unflatten(1, (q, 1, -1))",
        "mask.unflatten(1, (-1, 1, q)).transpose(1, 3)",
    ),
    "offset groups interleaved": (
        "x.unflatten(1, (points.shape[1], -1))",
        "x.unflatten(1, (-1, points.shape[1])).transpose(1, 2)",
    ),
    "groups interleaved": (
        "mask).unflatten(1, (groups, -1))",
        "mask).unflatten(1, (-1, groups)).transpose(1, 2)",
    ),
    "no bias": ("y + bias[:, None, None]", "y + 0 * bias[:, None, None]"),
    "offsets without a gradient": (
        "(points - points.floor())[:, None]",
        "(points - points.floor()).detach()[:, None]",
    ),
    "x without a gradient": ("F.pad(x.", "F.pad(x.detach()."),
    "mask without a gradient": ("seen * mask", "seen * mask.detach()"),
}
GRADIENT_ONLY = {name for name in MUTANTS if "without a gradient" in name}


@pytest.mark.parametrize("name", MUTANTS)
def test_comparisons_notice_the_mutant(name: str) -> None:
    mutant = mutate(deformable_convolution, *MUTANTS[name])
    noticed = {}
    for reference, compare in (
        ("grid_sample", lambda c: max(grid_sample_gaps(mutant, c).values())),
        ("onnx", lambda c: onnx_gap(mutant, c)),
    ):
        try:
            worst = compare("everything")
        except (RuntimeError, AssertionError, IndexError):
            worst = float("inf")
        noticed[reference] = not worst < TOLERANCE
    assert noticed == {
        "grid_sample": True,
        "onnx": name not in GRADIENT_ONLY,
    }
