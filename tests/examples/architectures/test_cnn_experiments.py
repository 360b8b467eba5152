"""What the page tells of its experiments, held on other seeds."""

import math

import pytest
import torch
from sklearn.linear_model import LogisticRegression

from examples.architectures.cnn_filters import first_filters, smoothness
from examples.architectures.cnn_start import (
    differences_left,
    first_losses,
    redraw,
    smooth,
)
from examples.architectures.cnn_training import (
    RATES,
    accuracies,
    centered_digits,
    moved,
    nearest,
    scattered,
    small_network,
    train,
)
from examples.architectures.vgg import VGG


@pytest.mark.parametrize("name", sorted(RATES.keys() - {"VGG-11"}))
def test_centered_training_does_not_teach_position(name: str) -> None:
    model = train(name, 1, moving=False, epochs=5)
    at_rest, *_, aside = accuracies(model, range(5))
    assert at_rest > 0.8 and aside < 0.6


def test_centered_digits_need_no_network() -> None:
    """And the nearest neighbor falls as networks do when they move."""
    at_rest, *_, aside = nearest(False, range(5))
    assert at_rest > 0.95 and aside < 0.6
    x, y = centered_digits(train=True)
    images, labels = centered_digits(train=False)
    linear = LogisticRegression(C=0.01, max_iter=500)
    linear.fit(x.flatten(1).numpy(), y.numpy())
    assert linear.score(images.flatten(1).numpy(), labels.numpy()) > 0.9


def test_moving_training_teaches_networks_and_not_the_linear_map() -> None:
    scores = {}
    for name in ("linear", "LeNet-5 (today)", "ResNet-18"):
        scores[name] = accuracies(train(name, 1, True, 10), range(0, 6, 2))
    assert max(scores.pop("linear")) < 0.65
    assert all(min(s) > 0.7 for s in scores.values())
    known = nearest(True, range(0, 6, 2))  # it remembers moved digits
    assert 0.7 < min(known) < max(known) < 0.85


def test_moving_keeps_every_pixel_and_stays_inside() -> None:
    x, _ = centered_digits(train=False)
    assert torch.equal(moved(x, 6)[..., 6:], x[..., :-6])
    assert moved(x, 6)[..., :6].max() <= -0.0999
    torch.manual_seed(0)
    y = scattered(x[:64])
    torch.testing.assert_close(y.sum((1, 2, 3)), x[:64].sum((1, 2, 3)))
    assert not torch.equal(y, x[:64])


def test_thirteen_layers_multiply_the_start() -> None:
    last = {
        kind: differences_left(kind, seed=1)[-1]
        for kind in ("He", "variance 0.01", "deviation 0.01", "PyTorch, BN")
    }
    assert 0.03 < last["He"] < 1 and 0.3 < last["PyTorch, BN"] < 1
    assert last["variance 0.01"] > 1e4
    assert last["deviation 0.01"] < 1e-7
    for kind, low, high in (("variance", 3, 4), ("deviation", 0.3, 0.4)):
        found = differences_left(f"{kind} 0.01", seed=1)
        assert low < (found[9] / found[3]) ** (1 / 6) < high
    glorot = differences_left("Glorot", seed=1)  # each ReLU halves the energy
    assert 0.4 < (glorot[9] / glorot[3]) ** (1 / 6) * math.sqrt(2) < 1.1
    default = differences_left("PyTorch", seed=1)  # a sixth of it
    assert 0.6 < (default[9] / default[3]) ** (1 / 6) * math.sqrt(6) < 1.1
    assert default[-1] < 1e-5


def test_norms_or_he_start_what_the_default_does_not() -> None:
    still = smooth(first_losses("PyTorch", 1, steps=32))[-1]
    assert abs(still - math.log(10)) < 0.02
    assert smooth(first_losses("PyTorch, BN", 1, steps=32))[-1] < 1.5
    assert smooth(first_losses("He", 1, steps=32))[-1] < 2.2


def test_the_start_of_the_first_layer_stays_visible() -> None:
    before, after = first_filters(None, 1)
    assert abs(smoothness(before)) < 0.05
    assert smoothness(after) < 0.25 < 0.45 < smoothness(after - before)
    _, small = first_filters(0.001, 1)
    assert smoothness(small) > 0.45


def test_smoothness_of_known_patterns() -> None:
    ramp = torch.arange(400.0).view(1, 1, 20, 20).remainder(20)
    assert smoothness(ramp) > 0.8
    board = (torch.arange(20)[:, None] + torch.arange(20)) % 2 * 2.0 - 1
    assert smoothness(board[None, None]) < -0.9


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="name is 'ViT'"):
        small_network("ViT")
    with pytest.raises(ValueError, match="right is 7"):
        moved(torch.zeros(1, 1, 32, 32), 7)
    with pytest.raises(ValueError, match="kind is 'zeros'"):
        redraw(VGG(11, 0, 2), "zeros")
