"""The family tree: dates by the numbers of the papers, and no loops."""

from itertools import combinations

import pytest

from examples.architectures import index_tree
from examples.architectures.index import models
from examples.architectures.index_tree import (
    HIGH,
    PLACES,
    WIDE,
    ancestors,
    center,
    tree,
)
from tests.mutants import mutate

TREE = tree()


def test_years_are_those_of_the_papers() -> None:
    """1409.1556 is of September 2014."""
    for name, entry in TREE.items():
        assert bool(entry.paper) == (entry.year > 2012), name
        if entry.paper:
            assert 2000 + int(entry.paper[:2]) == entry.year, name
            assert 1 <= int(entry.paper[2:4]) <= 12


def test_nobody_takes_from_the_future() -> None:
    names = list(TREE)
    assert [TREE[n].year for n in names] == sorted(
        e.year for e in TREE.values()
    )
    for name, entry in TREE.items():
        for older, what in entry.taken.items():
            assert names.index(older) < names.index(name)
            assert what
            mine, theirs = entry.paper, TREE[older].paper
            if mine and theirs:
                assert float(theirs) < float(mine), (older, name)


def test_every_counted_architecture_is_in_the_tree() -> None:
    for name in models():
        family = name if name in TREE else name.partition("-")[0]
        assert family in TREE, name


def listed(name: str) -> set[str]:
    """By recursion, in place of the waiting list."""
    found = set(TREE[name].taken)
    for older in TREE[name].taken:
        found |= listed(older)
    return found


def test_ancestors_by_recursion() -> None:
    for name in TREE:
        assert set(ancestors(name)) == listed(name)
        years = [TREE[older].year for older in ancestors(name)]
        assert years == sorted(years)
    assert "LSTM" in ancestors("ResNet") and "VGG" in ancestors("Transformer")
    assert set(TREE) - listed("Transformer") == {"Inception v3", "Transformer"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("found |= older", "found = older"),
        ("waiting += older", "pass"),
        (
            "waiting = tree(), set(), [name]",
            "waiting = tree(), set(), [*tree()]",
        ),
        ("if entry in found", "if entry not in found"),
    ],
)
def test_ancestors_notice_the_mutant(old: str, new: str) -> None:
    mutant = mutate(index_tree, old, new)
    assert any(set(mutant.ancestors(n)) != listed(n) for n in TREE)


def test_no_box_covers_another_and_time_runs_down() -> None:
    assert PLACES.keys() == TREE.keys()
    for a, b in combinations(TREE, 2):
        (x, y), (x1, y1) = center(a), center(b)
        assert abs(x - x1) > WIDE or abs(y - y1) > HIGH, (a, b)
    for name, entry in TREE.items():
        for older in entry.taken:
            assert center(older)[1] - center(name)[1] > HIGH


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="name is 'DenseNet'"):
        ancestors("DenseNet")
