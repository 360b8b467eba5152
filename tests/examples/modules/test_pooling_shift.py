"""What a shift by one pixel does: a row by hand, photographs, classes."""

import pytest
import torch

from examples.modules.pooling_consistency import (
    accuracy_and_consistency,
    framed_digits,
)
from examples.modules.pooling_shift import (
    BlurPool,
    MaxBlurPool,
    every_way,
    phase_error,
    photograph,
)
from examples.modules.pooling_signal import pooled_row


@pytest.mark.parametrize(
    ("way", "still", "shifted"),
    [
        ("every second pixel", (0, 1), (1, 0)),
        ("max pooling", (0, 1), (1, 1)),
        ("average pooling", (0, 1), (0.5, 0.5)),
        ("max, then blur", (0.5, 1), (0.75, 0.75)),
    ],
)
def test_the_row_by_hand(
    way: str, still: tuple[float, float], shifted: tuple[float, float]
) -> None:
    for shift, pair in enumerate((still, shifted)):
        row = pooled_row(every_way()[way], shift)
        torch.testing.assert_close(row, torch.tensor(pair).float().repeat(4))


@pytest.mark.parametrize(
    "name", ["camera", "coins", "brick", "gravel", "grass"]
)
def test_blur_at_least_halves_the_error_but_for_brick(name: str) -> None:
    image, ways = photograph(name), every_way()
    plain = phase_error(ways["max pooling"], image)
    blurred = phase_error(ways["max, then blur"], image)
    assert blurred < (0.65 if name == "brick" else 0.5) * plain
    assert plain < phase_error(ways["every second pixel"], image)
    assert phase_error(ways["max, then blur 5"], image) < blurred


def test_a_shift_by_the_stride_is_no_trouble_for_anyone() -> None:
    image = photograph("grass")[..., :101]
    for pool in every_way().values():
        still = pool(image[..., 2:])[..., 4:-4, 4:-4]
        moved = pool(image[..., :-2])[..., 4:-4, 5:-4]
        torch.testing.assert_close(moved[..., :40], still[..., :40])


def test_blur_keeps_a_constant() -> None:
    x = torch.full((1, 2, 9, 8), 3.0)
    for pool in (BlurPool(3), BlurPool(5), MaxBlurPool()):
        y = pool(x)
        torch.testing.assert_close(y, torch.full_like(y, 3))


def test_blur_keeps_more_classes_at_the_same_accuracy() -> None:
    x, y = framed_digits()
    seeds = (3, 4)
    runs = {
        kind: torch.tensor(
            [accuracy_and_consistency(kind, seed, x, y) for seed in seeds]
        ).mean(dim=0)
        for kind in ("max pooling", "max, then blur")
    }
    plain, blurred = runs["max pooling"], runs["max, then blur"]
    assert abs(plain[0] - blurred[0]) < 0.02
    assert plain[0] > 0.95
    assert blurred[1] > plain[1] + 0.1
