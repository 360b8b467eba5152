"""Confusion, IoU and accuracy against scikit-learn and by hand."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics
from torch import Tensor

from examples.segmentation import index
from examples.segmentation.index import (
    IGNORE,
    confusion_matrix,
    iou_per_class,
    mean_iou,
    pixel_accuracy,
)
from tests.mutants import mutate


def case(seed: int, classes: int, ignored: float) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(seed)
    labels, predictions = torch.randint(classes, (2, 3, 7, 5), generator=random)
    hidden = torch.rand(labels.shape, generator=random) < ignored
    return labels.where(~hidden, torch.tensor(IGNORE)), predictions


def against_sklearn(m: ModuleType) -> dict[str, float]:
    worst = {"confusion": 0.0, "IoU": 0.0, "accuracy": 0.0}
    for seed in range(12):
        k = 2 + seed % 5
        labels, predictions = case(seed, k, 0.3 * (seed % 2))
        seen = (labels != IGNORE).numpy()
        true, called = labels.numpy()[seen], predictions.numpy()[seen]
        mine = m.confusion_matrix(labels, predictions, k)
        theirs = metrics.confusion_matrix(true, called, labels=range(k))
        ious = metrics.jaccard_score(true, called, average=None)
        found = {
            "confusion": np.abs(mine.numpy() - theirs).max(),
            "IoU": np.abs(m.iou_per_class(mine).numpy() - ious).max(),
            "accuracy": abs(
                m.pixel_accuracy(mine) - metrics.accuracy_score(true, called)
            ),
        }
        worst = {key: max(worst[key], float(found[key])) for key in worst}
    return worst


def test_equals_scikit_learn(proof: Callable[..., None]) -> None:
    found = against_sklearn(index)
    assert found["confusion"] == 0
    assert max(found.values()) < 1e-15
    for ours, reference, key in (
        ("confusion_matrix", "sklearn.metrics.confusion_matrix", "confusion"),
        ("iou_per_class", "sklearn.metrics.jaccard_score", "IoU"),
        ("pixel_accuracy", "sklearn.metrics.accuracy_score", "accuracy"),
    ):
        proof(
            ours=ours,
            reference=reference,
            case="12 cases, 6 with ignored pixels",
            forward=found[key],
        )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("true * classes + called", "called * classes + true"),
        ("labels != IGNORE", "labels == labels"),
        ("confusion.sum(0) + confusion.sum(1) - hits", "confusion.sum(1)"),
        ("confusion.sum(1) - hits", "confusion.sum(1)"),
        ("/ confusion.sum())", "/ confusion.sum(1).max())"),
        ("confusion.diagonal().sum()", "confusion.sum(0).max()"),
    ],
)
def test_scikit_learn_notices_the_mutant(old: str, new: str) -> None:
    mutant = mutate(index, old, new)
    try:
        worst = max(against_sklearn(mutant).values())
    except ValueError:
        worst = np.inf
    assert worst > 1e-3


def test_by_hand() -> None:
    """Two classes: 6 and 2 pixels, of which 5 and 1 are found."""
    labels = torch.tensor([0, 0, 0, 0, 0, 0, 1, 1])
    called = torch.tensor([0, 0, 0, 0, 0, 1, 1, 0])
    confusion = confusion_matrix(labels, called, 2)
    assert confusion.tolist() == [[5, 1], [1, 1]]
    assert iou_per_class(confusion).tolist() == [5 / 7, 1 / 3]
    assert mean_iou(confusion) == (5 / 7 + 1 / 3) / 2
    assert pixel_accuracy(confusion) == 6 / 8


def test_a_class_that_never_occurs_is_not_averaged() -> None:
    labels = torch.tensor([0, 0, 1, 1])
    perfect = confusion_matrix(labels, labels, 3)
    assert iou_per_class(perfect).isnan().tolist() == [False, False, True]
    assert mean_iou(perfect) == 1
    called = torch.tensor([0, 0, 1, 2])  # only predicted: 0, and it counts
    wrong = confusion_matrix(labels, called, 3)
    assert iou_per_class(wrong).tolist() == [1, 0.5, 0]
    assert mean_iou(wrong) == 0.5
    missed = confusion_matrix(labels, torch.zeros_like(labels), 3)
    assert iou_per_class(missed)[:2].tolist() == [0.5, 0]


def test_the_mean_of_scenes_is_not_the_score_of_the_set() -> None:
    labels = torch.tensor([[0, 0, 0, 0], [0, 0, 0, 1]])
    called = torch.tensor([[0, 0, 0, 0], [0, 0, 0, 0]])
    parts = [
        confusion_matrix(y, z, 2) for y, z in zip(labels, called, strict=True)
    ]
    assert mean_iou(sum(parts)) == (7 / 8 + 0) / 2
    assert sum(map(mean_iou, parts)) / 2 == (1 + (3 / 4 + 0) / 2) / 2


@given(st.integers(0, 10_000), st.integers(2, 8))
def test_properties_of_iou(seed: int, k: int) -> None:
    labels, predictions = case(seed, k, 0.2)
    confusion = confusion_matrix(labels, predictions, k)
    ious = iou_per_class(confusion)
    dice = 2 * confusion.diagonal() / (confusion.sum(0) + confusion.sum(1))
    torch.testing.assert_close(
        dice, (2 * ious / (1 + ious)).float(), equal_nan=True
    )
    swapped = confusion_matrix(predictions, labels.clamp(max=k - 1), k)
    both = confusion_matrix(labels.clamp(max=k - 1), predictions, k)
    assert torch.equal(swapped, both.T)  # IoU does not know who is right
    assert torch.equal(
        iou_per_class(swapped).nan_to_num(), iou_per_class(both).nan_to_num()
    )
    assert confusion.sum() == (labels != IGNORE).sum()


def test_background_everywhere_looks_good_to_accuracy_only() -> None:
    from examples.segmentation.shapes import shapes_dataset

    _, masks = shapes_dataset("test", 60).tensors
    confusion = confusion_matrix(masks, torch.zeros_like(masks), 7)
    share = float((masks == 0).double().mean())
    assert pixel_accuracy(confusion) == pytest.approx(share, abs=1e-12)
    assert mean_iou(confusion) == pytest.approx(share / 7, abs=1e-12)
    assert pixel_accuracy(confusion) > 0.7 and mean_iou(confusion) < 0.12


def test_color_alone_needs_the_cue() -> None:
    scores = [mean_iou(index.color_score(c, 60)) for c in (0.0, 0.75, 1.0)]
    assert scores[0] < 0.15 < 0.25 < scores[1] < 0.5 < 0.9 < scores[2]


@pytest.mark.parametrize(
    ("labels", "called", "message"),
    [
        ([0, 3], [0, 0], "labels has 3; must be 0 … 2 or 255"),
        ([0, -1], [0, 0], "labels has -1"),
        ([0, 0], [0, 255], "predictions has 255; must be 0 … 2"),
        ([0, 0], [0], r"labels are \(2,\) and predictions \(1,\)"),
    ],
)
def test_bad_input_is_named(
    labels: list[int], called: list[int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        confusion_matrix(torch.tensor(labels), torch.tensor(called), 3)
