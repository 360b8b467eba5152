"""Four norms and RMSNorm against torch.nn, and every promise of the page."""

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn

from examples.modules import normalization, normalization_rms
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, randomize, transplant

pytestmark = [
    pytest.mark.usefixtures("float64"),
    pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad"),
]

B, C, H, W = 4, 6, 5, 3
Pair = tuple[nn.Module, nn.Module, tuple[int, ...]]
Builder = Callable[[ModuleType], Pair]

CASES: dict[str, Builder] = {
    "BN, training": lambda m: (
        m.BatchNorm(C, eps=1e-3, momentum=0.3),
        nn.BatchNorm2d(C, eps=1e-3, momentum=0.3),
        (B, C, H, W),
    ),
    "BN, evaluation": lambda m: (
        m.BatchNorm(C).eval(),
        nn.BatchNorm2d(C).eval(),
        (B, C, H, W),
    ),
    "LN, image": lambda m: (
        m.LayerNorm((C, H, W)),
        nn.LayerNorm((C, H, W)),
        (B, C, H, W),
    ),
    "LN, tokens": lambda m: (m.LayerNorm((C,)), nn.LayerNorm(C), (B, H, C)),
    "IN, image": lambda m: (
        m.InstanceNorm(C),
        nn.InstanceNorm2d(C, affine=True),
        (B, C, H, W),
    ),
    "GN, 3 groups": lambda m: (
        m.GroupNorm(3, C),
        nn.GroupNorm(3, C),
        (B, C, H, W),
    ),
}
RMS_CASES: dict[str, Builder] = {
    "RMSNorm, default eps": lambda m: (m.RMSNorm(C), nn.RMSNorm(C), (B, H, C)),
    "RMSNorm, eps 1e-3": lambda m: (
        m.RMSNorm(C, eps=1e-3),
        nn.RMSNorm(C, eps=1e-3),
        (B, H, C),
    ),
}
NAMES = {
    "gamma": "weight",
    "affine.gamma": "weight",
    "affine.beta": "bias",
    "running_mean": "running_mean",
    "running_var": "running_var",
}
CLOSE = {"rtol": 0, "atol": TOLERANCE}


def compare(pair: Pair, steps: int = 3) -> dict[str, float]:
    """Largest differences over several steps of random input."""
    ours, reference, shape = pair
    randomize(ours)
    transplant(ours, reference, NAMES)
    theirs = dict(reference.named_parameters())
    pairs = [(p, theirs[NAMES[n]]) for n, p in ours.named_parameters()]
    worst = {"forward": 0.0, "gradient": 0.0, "statistics": 0.0}
    for step in range(steps):
        x = 2 + 3 * torch.randn(shape)
        found = differences(ours, reference, [x], pairs, seed=step)
        for name, value in ours.named_buffers():
            buffer = reference.get_buffer(NAMES[name])
            distance = gap(value.reshape(buffer.shape), buffer)
            found["statistics"] = max(found.get("statistics", 0), distance)
        for kind, distance in found.items():
            worst[kind] = max(worst[kind], distance)
    return worst


@pytest.mark.parametrize("case", [*CASES, *RMS_CASES])
def test_equals_torch(case: str, proof: Callable[..., None]) -> None:
    if case in CASES:
        ours, reference, shape = CASES[case](normalization)
    else:
        ours, reference, shape = RMS_CASES[case](normalization_rms)
    worst = compare((ours, reference, shape))
    assert max(worst.values()) < TOLERANCE, worst
    if not [*ours.buffers()]:
        del worst["statistics"]
    proof(
        ours=type(ours).__name__,
        reference=f"torch.nn.{type(reference).__name__}",
        case=case.partition(", ")[2],
        **worst,
    )


MUTANTS = {
    "unbiased variance in the forward pass": (
        "var = (x - mean).square().mean(dim=axes, keepdim=True)",
        "var = x.var(dim=axes, keepdim=True)",
        {
            "BN, training",
            "LN, image",
            "LN, tokens",
            "IN, image",
            "GN, 3 groups",
        },
    ),
    "variance around zero": (
        "(x - mean).square().mean(",
        "x.square().mean(",
        {
            "BN, training",
            "LN, image",
            "LN, tokens",
            "IN, image",
            "GN, 3 groups",
        },
    ),
    "eps outside the root": (
        "(var + eps).sqrt()",
        "(var.sqrt() + eps)",
        {
            "BN, training",
            "BN, evaluation",
            "LN, image",
            "LN, tokens",
            "IN, image",
            "GN, 3 groups",
        },
    ),
    "another default eps": (
        "eps: float = 1e-5",
        "eps: float = 1.001e-5",
        {
            "BN, evaluation",
            "LN, image",
            "LN, tokens",
            "IN, image",
            "GN, 3 groups",
        },
    ),
    "shift before scale": (
        "self.gamma * x + self.beta",
        "self.gamma * (x + self.beta)",
        {
            "BN, training",
            "BN, evaluation",
            "LN, image",
            "LN, tokens",
            "IN, image",
            "GN, 3 groups",
        },
    ),
    "BN forgets an axis": ("(0, 2, 3)", "(2, 3)", {"BN, training"}),
    "BN stores the biased variance": (
        "count / (count - 1)",
        "count / count",
        {"BN, training"},
    ),
    "BN momentum the other way round": (
        "lerp_(mean, self.momentum)",
        "lerp_(mean, 1 - self.momentum)",
        {"BN, training"},
    ),
    "BN uses batch statistics in eval": (
        "if self.training:",
        "if True:",
        {"BN, evaluation"},
    ),
    "BN cuts the gradient of its mean": (
        "standardize(x, mean, var, self.eps)",
        "standardize(x, mean.detach(), var, self.eps)",
        {"BN, training"},
    ),
    "LN leaves out the first axis": (
        "tuple(range(-len(self.shape), 0))",
        "tuple(range(1 - len(self.shape), 0)) or (-1,)",
        {"LN, image"},
    ),
    "IN forgets the width": (
        "moments(x, (2, 3))",
        "moments(x, (2,))",
        {"IN, image"},
    ),
    "GN takes interleaved channels": (
        "moments(grouped, (2, 3, 4))",
        "moments(grouped, (1, 3, 4))",
        {"GN, 3 groups"},
    ),
}


RMS_MUTANTS = {
    "mean removed": ("x.square()", "(x - x.mean(-1, True)).square()"),
    "eps outside the root": ("(square + eps).sqrt()", "(square.sqrt() + eps)"),
    "eps of float32": ("finfo(x.dtype)", "finfo(torch.float32)"),
    "eps ignored": ("if self.eps is None else self.eps", ""),
    "sum for mean": ("square().mean(", "square().sum("),
    "gamma forgotten": ("self.gamma * x", "x"),
}


def caught_by(mutant: ModuleType, cases: dict[str, Builder]) -> set[str]:
    caught = set()
    for case, build in cases.items():
        try:
            distance = max(compare(build(mutant)).values())
        except (AssertionError, RuntimeError, ValueError):
            distance = float("inf")
        if not distance < TOLERANCE:
            caught.add(case)
    return caught


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    old, new, expected = MUTANTS[mutation]
    assert caught_by(mutate(normalization, old, new), CASES) == expected


@pytest.mark.parametrize("mutation", RMS_MUTANTS)
def test_comparison_notices_the_mutant_of_rms(mutation: str) -> None:
    mutant = mutate(normalization_rms, *RMS_MUTANTS[mutation])
    assert caught_by(mutant, RMS_CASES)


def test_group_norm_spans_from_layer_norm_to_instance_norm() -> None:
    x = torch.randn(B, C, H, W)
    layer = normalization.LayerNorm((C, H, W))
    one_group = normalization.GroupNorm(1, C)
    torch.testing.assert_close(one_group(x), layer(x), **CLOSE)
    instance = normalization.InstanceNorm(C)
    all_groups = normalization.GroupNorm(C, C)
    torch.testing.assert_close(all_groups(x), instance(x), **CLOSE)


def test_batch_norm_of_one_image_is_instance_norm() -> None:
    x = torch.randn(1, C, H, W)
    torch.testing.assert_close(
        normalization.BatchNorm(C)(x),
        normalization.InstanceNorm(C)(x),
        **CLOSE,
    )


def test_accumulated_gradients_are_not_those_of_the_large_batch() -> None:
    x = torch.randn(8, C, H, W, requires_grad=True)
    dy = torch.randn_like(x)
    for name, norm in normalization.four_norms(C, H, W).items():
        (whole,) = torch.autograd.grad(norm(x), x, dy)
        parts = [norm(part) for part in x.split(2)]
        (accumulated,) = torch.autograd.grad(torch.cat(parts), x, dy)
        same = torch.allclose(whole, accumulated, **CLOSE)
        assert same == (name != "BN")


def test_layer_norm_over_the_wrong_axis_is_silent_when_sizes_agree() -> None:
    x = torch.randn(B, C, H, C)  # w happens to equal c
    norm = normalization.LayerNorm((C,))
    intended = norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    assert not torch.allclose(norm(x), intended)


def test_a_group_of_one_value_silently_becomes_beta() -> None:
    x = torch.randn(B, C, 1, 1)
    for norm in (normalization.GroupNorm(C, C), nn.GroupNorm(C, C)):
        randomize(norm)
        beta = [*norm.parameters()][1].reshape(C, 1, 1)
        torch.testing.assert_close(norm(x), beta.expand(x.shape), **CLOSE)
    with pytest.raises(ValueError, match="more than 1 spatial element"):
        nn.InstanceNorm2d(C)(x)


def test_one_image_loses_its_own_channel_means() -> None:
    norm = normalization.InstanceNorm(C)
    randomize(norm)
    means = norm(torch.randn(B, C, H, W)).mean((2, 3))
    beta = norm.affine.beta.reshape(C)
    torch.testing.assert_close(means, beta.expand(B, C), **CLOSE)


def test_running_statistics_keep_part_of_their_first_values() -> None:
    norm = normalization.BatchNorm(C)
    x = torch.randn(B, C, H, W)
    mean = x.mean((0, 2, 3))
    for _ in range(20):
        norm(x)
    kept = 1 - norm.running_mean.flatten() / mean
    torch.testing.assert_close(kept, torch.full((C,), 0.9**20), **CLOSE)
    assert 0.1 < 0.9**20 < 0.15
    assert 0.9**100 < 1e-4


def test_frozen_by_requires_grad_alone_bn_still_moves() -> None:
    norm = normalization.BatchNorm(C).requires_grad_(False)
    norm(5 + torch.randn(B, C, H, W))
    assert (norm.running_mean > 0.1).all()
    before = norm.eval().running_mean.clone()
    norm(5 + torch.randn(B, C, H, W))
    assert torch.equal(norm.running_mean, before)


def test_torch_layer_norm_of_channels_refuses_an_image() -> None:
    with pytest.raises(RuntimeError, match="normalized_shape"):
        nn.LayerNorm(C)(torch.randn(B, C, H, W))


@pytest.mark.parametrize("bias", [True, False])
def test_eval_batch_norm_folds_into_the_convolution(bias: bool) -> None:
    conv = nn.Conv2d(3, C, 3, padding=1, bias=bias)
    norm = normalization.BatchNorm(C).eval()
    randomize(norm)
    x = torch.randn(B, 3, H, W)
    folded = nn.functional.conv2d(x, *normalization.fold(conv, norm), padding=1)
    torch.testing.assert_close(folded, norm(conv(x)), **CLOSE)


def test_convolution_bias_before_training_batch_norm_does_nothing() -> None:
    conv = nn.Conv2d(3, C, 3, padding=1)
    norm = normalization.BatchNorm(C)
    x = torch.randn(B, 3, H, W)
    before = norm(conv(x))
    (gradient,) = torch.autograd.grad((before**3).sum(), conv.bias)
    assert gradient.abs().max() < 1e-10
    assert conv.bias is not None
    conv.bias.data += 7
    torch.testing.assert_close(norm(conv(x)), before, **CLOSE)


@pytest.mark.parametrize("name", ["BN", "LN", "IN", "GN"])
def test_scale_of_the_weights_cancels_and_divides_the_gradient(
    name: str,
) -> None:
    norm = normalization.four_norms(C, H, W)[name]
    norm.eps = 0.0  # the identity is exact without eps
    x = torch.randn(B, 3, H, W)
    weight = torch.randn(C, 3, 1, 1, requires_grad=True)
    dy = torch.randn(B, C, H, W)

    def run(scale: float) -> tuple[Tensor, Tensor]:
        scaled = (scale * weight).detach().requires_grad_()
        y = norm(nn.functional.conv2d(x, scaled))
        return y, torch.autograd.grad(y, scaled, dy)[0]

    (y, gradient), (y_scaled, gradient_scaled) = run(1.0), run(10.0)
    torch.testing.assert_close(y_scaled, y, rtol=0, atol=1e-11)
    torch.testing.assert_close(
        gradient_scaled, gradient / 10, rtol=0, atol=1e-11
    )
    assert (gradient * weight).sum().abs() < 1e-10  # orthogonal to weight


def test_backward_formula_equals_autograd() -> None:
    x = torch.randn(B, C, H, W, requires_grad=True)
    axes, eps = (0, 2, 3), 1e-5
    mean, var = normalization.moments(x, axes)
    y = normalization.standardize(x, mean, var, eps)
    dy = torch.randn_like(y)
    (expected,) = torch.autograd.grad(y, x, dy)
    torch.testing.assert_close(
        normalization.backward(dy, y, (var + eps).sqrt(), axes),
        expected,
        **CLOSE,
    )


def test_only_training_batch_norm_mixes_samples() -> None:
    x = torch.randn(B, C, H, W)
    for name, norm in normalization.four_norms(C, H, W).items():
        reached = normalization.reach(norm, x, at=(0, 1, 0, 0))
        assert bool(reached[1:].any()) == (name == "BN")
    alone = normalization.reach(
        normalization.BatchNorm(C).eval(), x, at=(0, 1, 0, 0)
    )
    assert alone.sum() == 1


@pytest.mark.parametrize(
    ("build", "shape", "message"),
    [
        (lambda m: m.BatchNorm(C), (B, 5, H, W), r"x is \(4, 5, 5, 3\)"),
        (lambda m: m.BatchNorm(C), (B, C, H), r"not \(b, 6, h, w\)"),
        (lambda m: m.BatchNorm(C), (1, C, 1, 1), "a variance needs 2"),
        (lambda m: m.LayerNorm((C,)), (B, C, H), r"not \(\.\.\., \*\(6,\)\)"),
        (lambda m: m.InstanceNorm(C), (B, C, 1, 1), "a variance needs 2"),
        (lambda m: m.GroupNorm(4, C), (B, C, H, W), "groups is 4"),
        (lambda m: m.GroupNorm(0, C), (B, C, H, W), "groups is 0"),
    ],
)
def test_bad_input_is_named(
    build: Callable[[ModuleType], nn.Module], shape: tuple, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        build(normalization)(torch.randn(shape))


def test_bad_input_of_rms_norm_is_named() -> None:
    with pytest.raises(ValueError, match=r"x is \(4, 5\), not \(\.\.\., 6\)"):
        normalization_rms.RMSNorm(C)(torch.randn(B, 5))


def test_rms_norm_is_layer_norm_where_the_mean_is_zero() -> None:
    x = torch.randn(B, H, C)
    x -= x.mean(dim=-1, keepdim=True)
    ours = normalization_rms.RMSNorm(C, eps=1e-5)(x)
    layer = normalization.LayerNorm((C,))
    torch.testing.assert_close(ours, layer(x), **CLOSE)
