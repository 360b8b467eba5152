"""Clipping against torch.nn.utils, and where the clipped steps lead."""

from collections.abc import Callable
from itertools import pairwise
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn

from examples.modules import activation_clipping
from examples.modules.activation_clipping import (
    clip_by_norm,
    clip_by_value,
    total_norm,
    walk,
)
from tests.mutants import mutate
from tests.parity import TOLERANCE, gap

pytestmark = pytest.mark.usefixtures("float64")
LIMITS = (1e-3, 1.0, 50.0, 1e6)
UTILS = {
    "clip_by_norm": nn.utils.clip_grad_norm_,
    "clip_by_value": nn.utils.clip_grad_value_,
}


def gradients() -> list[Tensor]:
    torch.manual_seed(1)
    return [3 * torch.randn(4, 5), torch.randn(()), 20 * torch.randn(7)]


def difference(module: ModuleType, ours: str) -> float:
    worst = 0.0
    for limit in LIMITS:
        parameters = [nn.Parameter(torch.zeros_like(g)) for g in gradients()]
        for p, g in zip(parameters, gradients(), strict=True):
            p.grad = g.clone()
        UTILS[ours](parameters, limit)
        clipped = getattr(module, ours)(gradients(), limit)
        for p, g in zip(parameters, clipped, strict=True):
            assert p.grad is not None
            worst = max(worst, gap(g, p.grad))
    return worst


@pytest.mark.parametrize(
    ("ours", "reference"),
    [
        ("clip_by_norm", "torch.nn.utils.clip_grad_norm_"),
        ("clip_by_value", "torch.nn.utils.clip_grad_value_"),
    ],
)
def test_equals_torch(
    ours: str, reference: str, proof: Callable[..., None]
) -> None:
    error = difference(activation_clipping, ours)
    assert error < TOLERANCE
    proof(
        ours=ours,
        reference=reference,
        case=f"3 tensors, {len(LIMITS)} limits",
        forward=error,
    )


@pytest.mark.parametrize(
    ("ours", "old", "new"),
    [
        ("clip_by_norm", "+ 1e-6", "+ 1e-8"),
        ("clip_by_norm", "factor.clamp(max=1)", "factor"),
        ("clip_by_norm", ".sum().sqrt()", ".amax().sqrt()"),
        ("clip_by_norm", "g.square().sum()", "g.abs().sum()"),
        (
            "clip_by_norm",
            "factor = limit / (total_norm(gradients) + 1e-6)\n    return [g * factor.clamp(max=1) for g in gradients]",
            "return [g * (limit / (g.norm() + 1e-6)).clamp(max=1) for g in gradients]",
        ),
        ("clip_by_value", "g.clamp(-limit, limit)", "g.clamp(max=limit)"),
        ("clip_by_value", "g.clamp(-limit, limit)", "limit * g.sign()"),
    ],
)
def test_parity_notices_the_mutant(ours: str, old: str, new: str) -> None:
    assert difference(mutate(activation_clipping, old, new), ours) > 1e-10


def test_by_norm_keeps_the_direction_and_by_value_does_not() -> None:
    before = torch.cat([g.flatten() for g in gradients()])
    cosines = []
    for clip in (clip_by_norm, clip_by_value):
        after = torch.cat([g.flatten() for g in clip(gradients(), 1.0)])
        cosines.append(float(nn.functional.cosine_similarity(before, after, 0)))
    assert cosines[0] == pytest.approx(1, abs=1e-12) and cosines[1] < 0.9
    assert float(total_norm(clip_by_norm(gradients(), 1.0))) <= 1


def test_the_cliff_throws_out_what_is_not_clipped() -> None:
    unclipped = walk("none", 3)
    assert abs(unclipped[1][0]) > 9000 and unclipped[1][2] == float("inf")
    for method in ("by norm", "by value"):
        points = walk(method)
        assert points[-1][2] < 1e-12
        steps = [abs(b[0] - a[0]) for a, b in pairwise(points)]
        assert (
            max(steps)
            <= activation_clipping.RATE * activation_clipping.LIMIT + 1e-15
        )


def test_cliff_gradient_is_autograds() -> None:
    w, v = (torch.tensor(s, requires_grad=True) for s in (1.05, 0.4))
    loss, ours = activation_clipping.cliff(w, v)
    theirs = torch.autograd.grad(loss, [w, v])
    for a, b in zip(ours, theirs, strict=True):
        assert float(a.detach()) == pytest.approx(float(b), rel=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: clip_by_norm(gradients(), 0.0), "limit is 0.0; it must be"),
        (lambda: clip_by_value(gradients(), -1.0), "limit is -1.0"),
        (lambda: clip_by_norm([], 1.0), "gradients is empty"),
        (lambda: walk("by luck"), "method is 'by luck'; it must be in"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
