"""Gradients by hand, the two layers, and what the page claims of them."""

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from examples.modules import (
    deformable_convolution_backward,
    deformable_convolution_modules,
    deformable_convolution_special,
)
from examples.modules.deformable_convolution import (
    deform_convolve,
    sample,
)
from examples.modules.deformable_convolution_cost import costs, kept
from examples.modules.deformable_convolution_modules import (
    DeformableConvolution,
    ModulatedDeformableConvolution,
    parameter_groups,
)
from examples.modules.deformable_convolution_slope import SIGNAL, read
from examples.modules.deformable_convolution_special import (
    everywhere,
    matrix_offset,
)
from tests.examples.modules.test_deformable_convolution import (
    GRID_CASES,
    by_grid_sample,
    inputs,
)
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, randomize

pytestmark = pytest.mark.usefixtures("float64")
KINDS = (DeformableConvolution, ModulatedDeformableConvolution)


def backward_gaps(m: ModuleType, names: list[str]) -> float:
    """Every gradient by hand against those of the grid_sample version."""
    worst = 0.0
    for name in names:
        case = GRID_CASES[name]
        given = inputs(case)
        x, offset, weight, bias, mask = (t.requires_grad_() for t in given)
        y = by_grid_sample(case)(x, offset, weight, bias, mask)
        dy = torch.randn_like(y)
        leaves = (x, offset, weight, mask)
        theirs = torch.autograd.grad(y, leaves, dy)
        found = m.deform_backward(dy, *(t.detach() for t in leaves), *case[3:7])
        worst = max(worst, *map(gap, found, theirs))
    return worst


def test_gradients_by_hand(proof: Callable[..., None]) -> None:
    worst = backward_gaps(deformable_convolution_backward, list(GRID_CASES))
    assert worst < TOLERANCE
    proof(
        ours="deform_backward",
        reference="torch.nn.functional.grid_sample",
        case=f"{len(GRID_CASES)} settings",
        gradient=worst,
    )


def test_gradients_by_hand_are_autograds_even_at_whole_pixels() -> None:
    case = GRID_CASES["everything"]
    given = inputs(case)
    given[1] = given[1].round()  # every point is a kink
    x, offset, weight, bias, mask = (t.requires_grad_() for t in given)
    y = deform_convolve(x, offset, weight, bias, mask, *case[3:])
    dy = torch.randn_like(y)
    leaves = (x, offset, weight, mask)
    theirs = torch.autograd.grad(y, leaves, dy)
    ours = deformable_convolution_backward.deform_backward(
        dy, *leaves, *case[3:7]
    )
    assert max(map(gap, ours, theirs)) < TOLERANCE
    assert float(theirs[1].abs().max()) > 1


BACKWARD_MUTANTS = {
    "rows and columns swapped": ("[by_y, by_x]", "[by_x, by_y]"),
    "uphill is downhill": (
        "lower_left - upper_left",
        "upper_left - lower_left",
    ),
    "one edge forgotten": ("torch.lerp(above, below, down)", "above"),
    "interpolated by the wrong part": (
        "torch.lerp(left, on_the_right, right)",
        "torch.lerp(left, on_the_right, down)",
    ),
    "shares swapped": (
        "((1 - down) * (1 - right), (1 - down) * right)",
        "((1 - down) * (1 - right), down * (1 - right))",
    ),
    "the mask forgotten for x and offset": (
        "dcolumns * mask.reshape(len(blocks), 1, -1)",
        "dcolumns",
    ),
    "the mask in its own gradient": (
        "dmask = (dcolumns *",
        "dmask = mask.reshape(len(blocks), -1) * (dcolumns *",
    ),
    "the mask forgotten for the weight": (
        "deformed_columns(x, points, mask)",
        "deformed_columns(x, points)",
    ),
    "all y, then all x": (
        ".unflatten(2, (kernel.numel(), -1)).transpose(1, 2)",
        "",
    ),
    "overwritten, not added": ("scatter_add_(2, to, ", "scatter_(2, to, "),
    "outside added to the last pixel": (
        "pixels[..., :-1].unflatten(2, (h, w))",
        "(pixels[..., :-1] + pixels[..., -1:]).unflatten(2, (h, w))",
    ),
    "groups interleaved": (
        "dy = dy.unflatten(1, (groups, -1))",
        "dy = dy.unflatten(1, (-1, groups)).transpose(1, 2)",
    ),
}


@pytest.mark.parametrize("name", BACKWARD_MUTANTS)
def test_comparison_notices_the_wrong_gradient(name: str) -> None:
    source = BACKWARD_MUTANTS[name]
    if name == "the mask forgotten for x and offset":
        source = ("mask.reshape(len(blocks), 1, -1)", "1")
    mutant = mutate(deformable_convolution_backward, *source)
    assert not backward_gaps(mutant, ["everything"]) < TOLERANCE


# kind, arguments after the channels 6 → 4, channels of x, size
LAYERS = {
    "3 × 3": (3, 1, 1, 1, 1, 1),
    "stride 2": (3, 2, 1, 1, 1, 1),
    "dilation 2": (3, 1, 2, 2, 1, 1),
    "1 × 1": (1, 1, 0, 1, 1, 1),
    "groups": (3, 2, 2, 2, 2, 3),
}


def layer_reference(
    x: Tensor, p: dict[str, Tensor], settings: tuple[int, ...], modulated: bool
) -> Tensor:
    k, stride, padding, dilation, groups, q = settings
    guess = F.conv2d(
        x, p["branch.weight"], p["branch.bias"], stride, padding, dilation
    )
    taps = q * k * k
    mask = guess.new_ones(len(x), taps, *guess.shape[2:])
    if modulated:
        mask = 1 / (1 + torch.exp(-guess[:, 2 * taps :]))
    case = ((0,) * 4, 4, (k, k), stride, padding, dilation, groups, q)
    return by_grid_sample(case)(
        x,
        guess[:, : 2 * taps],
        p["regular.weight"],
        p["regular.bias"],
        mask,
    )


def layer_gaps(m: ModuleType, kind: str, settings: tuple) -> dict[str, float]:
    layer = getattr(m, kind)(6, 4, *settings)
    randomize(layer)
    layer.branch.weight.data *= 2
    theirs = {
        k: v.detach().clone().requires_grad_()
        for k, v in layer.named_parameters()
    }
    modulated = kind.startswith("Modulated")
    torch.manual_seed(3)
    return differences(
        layer,
        lambda x: layer_reference(x, theirs, settings, modulated),
        [torch.randn(2, 6, 7, 8)],
        [(p, theirs[k]) for k, p in layer.named_parameters()],
    )


@pytest.mark.parametrize("kind", [k.__name__ for k in KINDS])
def test_layer_equals_its_parts(kind: str, proof: Callable[..., None]) -> None:
    found = [
        layer_gaps(deformable_convolution_modules, kind, s)
        for s in LAYERS.values()
    ]
    worst = {k: max(f[k] for f in found) for k in ("forward", "gradient")}
    assert max(worst.values()) < TOLERANCE
    proof(
        ours="layer, version " + str(1 + kind.startswith("Mod")),
        reference="torch.nn.functional.grid_sample",
        case=f"{len(LAYERS)} settings",
        **worst,
    )


LAYER_MUTANTS = {
    "no sigmoid": ("torch.sigmoid(z)", "z"),
    "twice the sigmoid": ("torch.sigmoid(z)", "2 * torch.sigmoid(z)"),
    "mask first": (
        "offset, z = self.branch(x).split([2 * self.taps, self.taps], 1)",
        "z, offset = self.branch(x).split([self.taps, 2 * self.taps], 1)",
    ),
    "a branch without the dilation": (
        "kernel_size, *settings\n        )\n        nn.init",
        "kernel_size, stride, padding\n        )\n        nn.init",
    ),
    "offsets of a single group": (
        "self.taps = offset_groups * kernel_size**2",
        "self.taps = kernel_size**2",
    ),
    "no bias": ("conv.bias, mask)", "None, mask)"),
    "no mask": ("conv.bias, mask)", "conv.bias, None)"),
    "offsets without a gradient": (
        "(x, offset, conv",
        "(x, offset.detach(), conv",
    ),
}


@pytest.mark.parametrize("name", LAYER_MUTANTS)
def test_comparison_notices_the_wrong_layer(name: str) -> None:
    mutant = mutate(deformable_convolution_modules, *LAYER_MUTANTS[name])
    try:
        worst = max(
            layer_gaps(
                mutant, "ModulatedDeformableConvolution", LAYERS["groups"]
            ).values()
        )
    except (RuntimeError, AssertionError, ValueError):
        worst = float("inf")
    assert not worst < TOLERANCE


@pytest.mark.parametrize("settings", LAYERS.values())
def test_layers_start_as_a_convolution_and_as_half_of_one(
    settings: tuple[int, ...],
) -> None:
    x = torch.randn(2, 6, 9, 8)
    for kind, scale in zip(KINDS, (1, 0.5), strict=True):
        layer = kind(6, 4, *settings)
        conv = layer.regular
        expected = F.conv2d(x, conv.weight * scale, conv.bias, *settings[1:5])
        assert gap(layer(x), expected) < TOLERANCE
        (slope,) = torch.autograd.grad(
            layer(x).square().sum(), layer.branch.weight
        )  # zeros that learn from the first step
        assert (slope.abs().amax((1, 2, 3)) > 1e-6).all()


def test_the_branch_learns_nothing_where_the_image_is_flat() -> None:
    """At whole pixels the slope is that to the right, so taps on the last
    row and column look outside, even without padding."""
    layer = DeformableConvolution(2, 3, 3)
    y = layer(torch.ones(1, 2, 9, 9)).square()
    inside, whole = (
        torch.autograd.grad(t.sum(), layer.branch.weight, retain_graph=True)[0]
        for t in (y[..., :-1, :-1], y)
    )
    assert not inside.any()
    assert whole.any()


def test_fixed_offsets_are_linear_in_x_and_own_offsets_are_not() -> None:
    case = GRID_CASES["everything"]
    x, offset, weight, _, mask = inputs(case)
    z = torch.randn_like(x)

    def fixed(x: Tensor) -> Tensor:
        return deform_convolve(x, offset, weight, None, mask, *case[3:])

    assert gap(fixed(2 * x - 3 * z), 2 * fixed(x) - 3 * fixed(z)) < 1e-11
    layer = DeformableConvolution(6, 4, 3)
    randomize(layer)
    bias = layer(0 * x)
    assert gap(layer(2 * x) - bias, 2 * (layer(x) - bias)) > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_layers_commute_with_shifts_and_not_with_turns(kind: type) -> None:
    layer = kind(2, 3, 3, 1, 1)
    randomize(layer)
    x = torch.zeros(1, 2, 24, 24)
    x[:, :, 9:15, 9:15] = torch.randn(1, 2, 6, 6)
    reach = slice(7, 17)  # far from the border, whatever the shift
    shifted = layer(x.roll((2, -1), (2, 3))).roll((-2, 1), (2, 3))
    assert gap(shifted[..., reach, reach], layer(x)[..., reach, reach]) < 1e-12
    turned = layer(x.rot90(1, (2, 3))).rot90(-1, (2, 3))
    assert gap(turned[..., reach, reach], layer(x)[..., reach, reach]) > 0.1


def test_a_matrix_of_offsets_dilates_and_turns() -> None:
    x, weight = torch.randn(2, 3, 10, 9), torch.randn(4, 3, 3, 3)
    inner = slice(3, -3)

    def moved(offset: Tensor) -> Tensor:
        still = everywhere(offset, 2, 10, 9)
        y = deform_convolve(x, still, weight, None, None, 1, 1)
        return y[:, :, inner, inner]

    def regular(weight: Tensor, dilation: int = 1) -> Tensor:
        y = F.conv2d(x, weight, None, 1, dilation, dilation)
        return y[:, :, inner, inner]

    for d in (1, 2, 3):
        matrix = d * torch.eye(2)
        assert (
            gap(moved(matrix_offset(matrix, (3, 3))), regular(weight, d))
            < TOLERANCE
        )
    turn = torch.tensor([[0.0, -1], [1, 0]])
    for quarters in (1, 2, 3):
        matrix = torch.linalg.matrix_power(turn, quarters)
        expected = regular(weight.rot90(quarters, (2, 3)))
        assert gap(moved(matrix_offset(matrix, (3, 3))), expected) < TOLERANCE
    flip = torch.diag(torch.tensor([-1.0, 1]))
    expected = regular(weight.flip(2))
    assert gap(moved(matrix_offset(flip, (3, 3))), expected) < TOLERANCE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("taps @ matrix.T", "taps @ matrix"),
        ("- taps)", "+ taps)"),
        ("(k - 1) / 2", "k / 2"),
        (
            "cartesian_prod(rows, columns)",
            "cartesian_prod(columns, rows).flip(1)",
        ),
    ],
)
def test_an_oblong_kernel_notices_a_wrong_matrix(old: str, new: str) -> None:
    mutant = mutate(deformable_convolution_special, old, new)
    shear = torch.tensor([[1.0, 2], [0, 1]])  # y + 2 x
    expected = [(2 * v, 0) for u in (-0.5, 0.5) for v in (-1, 0, 1)]
    right = torch.tensor(expected).flatten()
    assert gap(matrix_offset(shear, (2, 3)), right) < TOLERANCE
    assert gap(mutant.matrix_offset(shear, (2, 3)), right) > 0.1


def test_value_and_slope_along_a_row() -> None:
    """Corners at pixels, the slope to the right of each, 0 far outside."""
    signal = torch.tensor(SIGNAL)
    padded = torch.cat([torch.zeros(2), signal, torch.zeros(2)])
    at = torch.arange(-2.0, len(signal) + 1)
    value, slope = read(signal, at)
    assert torch.equal(value, padded[:-1])
    assert torch.equal(slope, padded.diff())
    value, slope = read(signal, at + 0.25)
    assert gap(value, 0.75 * padded[:-1] + 0.25 * padded[1:]) < TOLERANCE
    assert gap(slope, padded.diff()) < TOLERANCE


def test_far_points_and_broken_ones_read_zeros_or_say_so() -> None:
    x = torch.randn(1, 2, 4, 5)
    far = torch.tensor([[1e18, -1e18, 4.0], [0.0, 2.0, 1.0]])[None]
    assert not sample(x, far).any()
    broken = torch.tensor([[torch.nan], [0.0]])[None]
    assert sample(x, broken).isnan().all()


@pytest.mark.parametrize("guesses", [0, 2, 3])
@pytest.mark.parametrize("q", [1, 2])
def test_costs_are_those_of_the_layers(guesses: int, q: int) -> None:
    c, o, k, h, w = 4, 6, 3, 7, 8
    found = costs(c, o, k, h, w, guesses, q)
    if guesses:
        kind = KINDS[guesses - 2]
        layer = kind(c, o, k, 1, 1, 1, 1, q)
    else:
        layer = nn.Conv2d(c, o, k, padding=1)
    assert found["parameters"] == sum(p.numel() for p in layer.parameters())
    with FlopCounterMode(display=False) as counter:
        layer(torch.randn(1, c, h, w))
    assert counter.get_total_flops() == found["convolutions"]
    assert (found["sampling"] > 0) == (guesses > 0)


def test_autograd_keeps_tens_of_inputs() -> None:
    x = torch.randn(2, 64, 16, 16, requires_grad=True)
    assert kept(nn.Conv2d(64, 64, 3, padding=1), x) < 4
    assert 50 < kept(DeformableConvolution(64, 64, 3, 1, 1), x) < 90


def test_the_branch_learns_at_its_own_rate() -> None:
    layer = DeformableConvolution(2, 3, 3)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), layer)
    rest, slow = parameter_groups(model, 0.5, 0.1)
    assert (rest["lr"], slow["lr"]) == (0.5, 0.05)
    assert [id(p) for p in slow["params"]] == [
        id(p) for p in layer.branch.parameters()
    ]
    count = len(rest["params"]) + len(slow["params"])
    assert count == len(list(model.parameters()))
    assert len(parameter_groups(nn.Linear(2, 2), 0.5, 0.1)) == 1


def call(**changed: object) -> Tensor:
    given: dict = {
        "x": torch.zeros(2, 4, 6, 6),
        "offset": torch.zeros(2, 18, 4, 4),
        "weight": torch.zeros(4, 4, 3, 3),
    }
    return deform_convolve(**given | changed)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: call(x=torch.zeros(2, 3, 6, 6)), r"not \(b, 4, h, w\)"),
        (lambda: call(groups=3), "groups is 3; it must divide the 4"),
        (lambda: call(stride=0), "stride is 0; least is 1"),
        (lambda: call(padding=-1), "padding is -1; least is 0"),
        (lambda: call(dilation=0), "dilation is 0; least is 1"),
        (lambda: call(x=torch.zeros(2, 4, 2, 2)), "kernel spans 3 pixels"),
        (lambda: call(offset_groups=3), "offset_groups is 3; it must divide"),
        (lambda: call(offset_groups=0), "offset_groups is 0; it must divide"),
        (
            lambda: call(offset=torch.zeros(2, 9, 4, 4)),
            r"offset is \(2, 9, 4, 4\); must be \(2, 18, 4, 4\)",
        ),
        (
            lambda: call(padding=1),
            r"offset is \(2, 18, 4, 4\); must be \(2, 18, 6, 6\)",
        ),
        (
            lambda: call(mask=torch.zeros(2, 18, 4, 4)),
            r"mask is \(2, 18, 4, 4\); must be \(2, 9, 4, 4\)",
        ),
        (
            lambda: DeformableConvolution(4, 4, 3, groups=3),
            "groups is 3; it must divide 4",
        ),
        (
            lambda: DeformableConvolution(4, 4, 3, offset_groups=3)(
                torch.zeros(1, 4, 6, 6)
            ),
            "offset_groups is 3",
        ),
        (lambda: parameter_groups(nn.Linear(1, 1), 0.1, -1), "factor is -1"),
        (lambda: costs(4, 0, 3, 5, 5, 2), "o is 0; must be at least 1"),
    ],
)
def test_bad_input_is_named(run: Callable, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run()
