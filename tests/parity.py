"""Our modules against others' with the same weights: float64, with gradients.

Why so strict: in float32 at 1e-5 a wrong eps or an approximate GELU passes.
All parameters and buffers are random, because zeros and ones hide mistakes.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

TOLERANCE = 1e-12  # float64, activations of order one


def randomize(module: nn.Module, seed: int = 0) -> None:
    """Make every floating-point parameter and buffer random, of order one."""
    random = torch.Generator().manual_seed(seed)
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        if not tensor.is_floating_point():
            continue
        values = torch.rand(tensor.shape, generator=random, dtype=tensor.dtype)
        if tensor.dim() > 1 and "running" not in name:
            fan_in = max(tensor[0].numel(), 1)
            tensor.data = (2 * values - 1) * (3 / fan_in) ** 0.5
        else:
            tensor.data = values + 0.5  # scales and variances stay positive


def transplant(
    ours: nn.Module, reference: nn.Module, names: Mapping[str, str]
) -> None:
    """Copy our state into the reference, strictly: ``names[ours] = theirs``."""
    theirs = reference.state_dict()
    for name, value in ours.state_dict().items():
        theirs[names[name]] = value.reshape(theirs[names[name]].shape)
    reference.load_state_dict(theirs, strict=True)


def first(output: object) -> Tensor:
    return output if isinstance(output, Tensor) else output[0]  # type: ignore[index]


def differences(
    ours: Callable[..., object],
    reference: Callable[..., object],
    inputs: Sequence[Tensor],
    parameters: Sequence[tuple[Tensor, Tensor]] = (),
    seed: int = 1,
) -> dict[str, float]:
    """Largest absolute differences of the outputs and of every gradient.

    ``inputs`` that are floating point get gradients; ``parameters`` are pairs
    (ours, theirs), compared after a reshape. Both sides see the same random
    upstream gradient.
    """
    mine = [leaf(x) for x in inputs]
    theirs = [leaf(x) for x in inputs]
    y, y_reference = first(ours(*mine)), first(reference(*theirs))
    assert y.shape == y_reference.shape, (y.shape, y_reference.shape)
    random = torch.Generator().manual_seed(seed)
    dy = torch.randn(y.shape, generator=random, dtype=y.dtype)
    wanted = [x for x in mine if x.requires_grad] + [p for p, _ in parameters]
    given = [x for x in theirs if x.requires_grad] + [p for _, p in parameters]
    worst = 0.0
    for a, b in zip(
        torch.autograd.grad(y, wanted, dy),
        torch.autograd.grad(y_reference, given, dy),
        strict=True,
    ):
        worst = max(worst, gap(a.reshape(b.shape), b))
    return {"forward": gap(y, y_reference), "gradient": worst}


def leaf(x: Tensor) -> Tensor:
    return x.detach().clone().requires_grad_(x.is_floating_point())


def gap(a: Tensor, b: Tensor) -> float:
    """Largest absolute difference; infinite where only one is finite."""
    a, b = a.detach(), b.detach()
    same = (a == b) | (a.isnan() & b.isnan())
    distance = torch.where(same, 0.0, (a - b).abs())
    return (
        float(distance.nan_to_num(nan=float("inf")).max()) if a.numel() else 0.0
    )


def module_differences(
    ours: nn.Module,
    reference: nn.Module,
    inputs: Sequence[Tensor],
    names: Mapping[str, str],
) -> dict[str, float]:
    """``differences`` of two modules after a transplant of random weights."""
    randomize(ours)
    transplant(ours, reference, names)
    theirs = dict(reference.named_parameters())
    pairs = [(p, theirs[names[n]]) for n, p in ours.named_parameters()]
    return differences(ours, reference, inputs, pairs)
