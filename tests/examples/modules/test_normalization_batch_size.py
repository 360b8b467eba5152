"""What the page says of the experiment, with a margin, on other seeds."""

import pytest
import torch

from examples.modules.normalization_batch_size import (
    BATCH_SIZES,
    accuracy,
    digits,
    lost_without_pooling,
    small_cnn,
    sweep,
    train,
)

Means = dict[str, dict[int, float]]


@pytest.fixture(scope="module")
def means() -> Means:
    return {
        name: {
            batch: sum(scores) / len(scores)
            for batch, scores in zip(BATCH_SIZES, by_batch, strict=True)
        }
        for name, by_batch in sweep(seeds=(2, 3)).items()
    }


def test_batch_statistics_of_two_images_lose_a_tenth(means: Means) -> None:
    judged = means["BN, batch statistics"]
    assert judged[2] < judged[32] - 0.1
    assert judged[2] < means["BN, running statistics"][2] - 0.1


def test_nothing_else_needs_a_large_batch(means: Means) -> None:
    for name in ("BN, running statistics", "GN"):
        assert means[name][2] > means[name][32] - 0.05
    assert means["GN"][2] > means["GN"][32]
    gn, bn = means["GN"][2], means["BN, running statistics"][2]
    assert abs(gn - bn) < 0.08


def test_gn_at_32_only_lacks_steps() -> None:
    x, y, x_test, y_test = digits()
    torch.manual_seed(0)
    model, scores = small_cnn("GN"), []
    for _ in range(3):
        train(model, 32, x, y)
        scores.append(accuracy(model, 32, x_test, y_test))
    assert scores[0] < 0.82 < 0.87 < scores[2]


def test_without_global_pooling_next_to_nothing_is_lost() -> None:
    assert lost_without_pooling(seeds=(2,)) < 0.05


def test_train_and_test_images_are_disjoint() -> None:
    x, _, x_test, _ = digits()
    assert (len(x), len(x_test)) == (640, 576)
    seen = {tuple(image.flatten().tolist()) for image in x}
    held_out = {tuple(image.flatten().tolist()) for image in x_test}
    assert not seen & held_out
