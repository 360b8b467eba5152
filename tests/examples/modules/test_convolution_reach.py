"""What a convolution sees: equivariance, receptive field, position."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from examples.modules import (
    convolution_effective,
    convolution_equivariance,
    convolution_position,
    convolution_reach,
    convolution_receptive,
)
from examples.modules.convolution import convolve
from tests.mutants import mutate

LAYER = st.tuples(
    st.integers(1, 5), st.integers(1, 3), st.integers(1, 3)
)  # kernel, stride, dilation


def whole_numbers(*shape: int, seed: int) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randint(-9, 10, shape, generator=random).double()


@given(st.integers(0, 99), st.integers(-7, 7), st.integers(-7, 7))
def test_circular_convolution_moves_with_its_input(
    seed: int, down: int, right: int
) -> None:
    x = whole_numbers(1, 3, 8, 8, seed=seed)
    weight = whole_numbers(4, 3, 3, 3, seed=seed + 1)

    def conv(x: torch.Tensor) -> torch.Tensor:
        return convolve(F.pad(x, [1] * 4, mode="circular"), weight)

    moved = conv(x.roll((down, right), (2, 3)))
    assert (moved == conv(x).roll((down, right), (2, 3))).all()


def test_equivariance_holds_where_it_should_and_nowhere_else() -> None:
    x = whole_numbers(1, 1, 32, 32, seed=0)

    def differing(mode: str, stride: int, pixels: int) -> int:
        first, second = convolution_equivariance.disagreement(
            x, mode, stride, pixels
        )
        return int((first != second).sum())

    for pixels in range(1, 8):
        assert differing("circular", 1, pixels) == 0
        # the two seams of either order, one column each side of a seam
        assert 0 < differing("constant", 1, pixels) <= 4 * 32
        assert (differing("circular", 2, pixels) == 0) == (pixels % 2 == 0)


@given(st.lists(LAYER, min_size=1, max_size=4))
def test_field_by_formula_is_the_field_by_gradients(layers: list) -> None:
    size, _ = convolution_receptive.receptive_field(layers)
    reached = measured_by_change(layers, size)
    holes = any(s > k for k, s, _ in layers) or any(d > 1 for *_, d in layers)
    if not holes:  # gaps are legal: the field is from first to last
        found = convolution_receptive.measured_field(layers, 4 * size)
        assert found == size
    assert reached == size


def measured_by_change(layers: list, size: int) -> int:
    """First to last pixel whose change moves the only output."""
    jumps = 1
    for _, stride, _ in layers:
        jumps *= stride

    def output(x: torch.Tensor) -> torch.Tensor:
        for kernel, stride, dilation in layers:
            weight = torch.ones(len(x), 1, kernel, dtype=x.dtype)
            x = F.conv1d(
                x[None], weight, None, stride, 0, dilation, groups=len(x)
            )[0]
        return x[:, 0]

    lit = torch.eye(size, size, dtype=torch.float64)
    moved = output(lit).nonzero()[:, 0]
    assert output(lit).shape == (size,)
    return int(moved.max() - moved.min()) + 1


PUBLISHED = {"VGG-16, to the last pooling": (212, 32)}


def test_field_of_vgg16_is_the_published_one(
    proof: Callable[..., None],
) -> None:
    """github.com/google-research/receptive_field: vgg_16, 212, stride 32."""
    for name, expected in PUBLISHED.items():
        layers = convolution_receptive.NETWORKS[name]
        assert convolution_receptive.receptive_field(layers) == expected
    differing = 0
    for layers in convolution_receptive.NETWORKS.values():
        size, _ = convolution_receptive.receptive_field(layers)
        found = convolution_receptive.measured_field(layers, 4 * size)
        differing += not size == found == measured_by_change(layers, size)
    assert differing == 0
    proof(
        ours="receptive_field",
        reference="torch.nn.functional.conv1d",
        case=f"{len(convolution_receptive.NETWORKS)} networks, pixel by pixel",
        forward=differing,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(kernel - 1) * jump", "(kernel - 1)"),
        ("dilation * (kernel - 1)", "(kernel - 1)"),
        ("dilation * (kernel - 1)", "dilation * kernel"),
        ("jump *= stride", "jump += stride"),
        ("size = jump = 1", "size = jump = 0"),
    ],
)
def test_measured_field_notices_the_mutant(old: str, new: str) -> None:
    mutant = mutate(convolution_receptive, old, new)
    assert any(
        mutant.receptive_field(layers)[0]
        != convolution_receptive.measured_field(layers, 2000)
        for layers in convolution_receptive.NETWORKS.values()
    )


def test_a_layer_must_be_positive() -> None:
    with pytest.raises(ValueError, match=r"layer is \(3, 0, 1\)"):
        convolution_receptive.receptive_field([(3, 1, 1), (3, 0, 1)])


def test_energy_spreads_by_a_moving_average_a_layer() -> None:
    for depth in convolution_effective.DEPTHS:
        expected = convolution_effective.expected_profile(depth)
        assert expected.sum() == pytest.approx(1)
        column = torch.arange(-depth, depth + 1)
        variance = (expected * column**2).sum().item()
        assert variance == pytest.approx(2 * depth / 3)
        for relu in (False, True):
            energy = convolution_effective.energy(depth, relu)
            assert energy.shape == (2 * depth + 1, 2 * depth + 1)
            for profile in (energy.sum(0), energy.sum(1)):
                # total variation distance
                assert (profile - expected).abs().sum() / 2 < 0.1


def test_effective_width_grows_like_the_root_of_the_depth() -> None:
    widths = {
        depth: convolution_effective.effective_width(
            convolution_effective.expected_profile(depth)
        )
        for depth in (10, 40, 160)
    }
    for depth, width in widths.items():
        assert width == pytest.approx(4 * (2 * depth / 3) ** 0.5, rel=0.12)
    assert widths[160] / (2 * 160 + 1) < 0.14
    assert widths[40] < (2 * 40 + 1) / 3


def test_four_by_four_grid_of_kinds_sees_what_it_should() -> None:
    torch.manual_seed(0)
    x = torch.randn(1, 6, 7, 7)
    seen = {
        name: convolution_reach.reach(layer, x, (1, 3, 3))
        for name, layer in convolution_reach.kinds(6).items()
    }
    counts = {name: int(s.sum()) for name, s in seen.items()}
    assert counts == {
        "3 × 3": 54,
        "1 × 1": 6,
        "atrous, dilation 2": 54,
        "2 groups": 27,
        "depthwise": 9,
    }
    assert not seen["2 groups"][3:].any()
    assert seen["depthwise"][1].sum() == 9


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_zero_padding_marks_2l_minus_1_columns_on_each_side(
    depth: int,
) -> None:
    w = 24
    marked = convolution_position.shift_of_features(depth, "zero", w) > 1e-9
    expected = torch.zeros(w, dtype=torch.bool)
    expected[: 2 * depth - 1] = expected[w - 2 * depth + 1 :] = True
    assert (marked == expected).all()
    circular = convolution_position.shift_of_features(depth, "circular", w)
    assert circular.max() < 1e-13


@pytest.mark.parametrize("seed", [1, 2])
def test_training_reads_position_from_zero_padding_only(seed: int) -> None:
    for depth in (1, 2, 4):
        best = convolution_position.best_possible(depth)
        found = convolution_position.trained_accuracy(depth, "zero", seed)
        assert best - 0.1 < found < best + 1e-6
    assert convolution_position.trained_accuracy(
        1, "circular", seed
    ) == pytest.approx(0.5)


def test_constant_image_shows_a_ring_as_wide_as_the_layers_are_many() -> None:
    y = torch.ones(1, 1, 15, 15, dtype=torch.float64)
    weight = torch.full((1, 1, 3, 3), 1 / 9, dtype=torch.float64)
    for layer in range(1, 5):
        y = convolve(y, weight, padding=1)
        inner = y[..., layer:-layer, layer:-layer]
        assert (inner - 1).abs().max() < 1e-12
        assert (y[..., layer - 1, :] < 1 - 1e-6).all()


def test_padding_keeps_interior_outputs_as_they_were() -> None:
    x, weight = (
        whole_numbers(1, 2, 9, 9, seed=1),
        whole_numbers(3, 2, 3, 3, seed=2),
    )
    inner = convolve(x, weight, padding=1)[..., 1:-1, 1:-1]
    assert (inner == convolve(x, weight)).all()
