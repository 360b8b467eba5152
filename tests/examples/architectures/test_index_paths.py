"""Shortest and longest paths against lists of all paths, and the names."""

from collections.abc import Callable
from itertools import combinations, pairwise
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn

from examples.architectures import index_paths
from examples.architectures.index import models
from examples.architectures.index_paths import (
    D,
    all_lengths,
    from_source,
    over_time,
    path_lengths,
)
from examples.architectures.lstm import GRU, LSTM
from examples.architectures.rnn import RNN
from examples.modules.residual import ResidualBlock
from examples.modules.self_attention import SelfAttention
from examples.modules.transformer_model import Transformer
from tests.mutants import mutate

NODES = 7


class Tangle(nn.Module):
    """Node j sums what it gets from some of 0 … j - 1; half have weights."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(seed)
        draw = torch.rand(2, NODES, NODES, generator=random)
        pairs = list(combinations(range(NODES), 2))
        chosen = [(i, j) for i, j in pairs if j == i + 1 or draw[0, i, j] < 0.5]
        self.weight = {p: int(draw[1][p] < 0.6) for p in chosen}
        self.layers = nn.ModuleDict(
            {
                f"{i} {j}": nn.Linear(3, 3) if w else nn.Tanh()
                for (i, j), w in self.weight.items()
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        values = [x]
        for j in range(1, NODES):
            parts = [
                self.layers[f"{i} {j}"](values[i])
                for i in range(j)
                if (i, j) in self.weight
            ]
            values.append(torch.stack(parts).sum(0))
        return values[-1]

    def listed(self) -> tuple[int, int]:
        """Every path from the first node to the last, one by one."""
        lengths = []
        for size in range(NODES - 1):
            for inner in combinations(range(1, NODES - 1), size):
                stops = (0, *inner, NODES - 1)
                steps = list(pairwise(stops))
                if all(step in self.weight for step in steps):
                    lengths.append(sum(self.weight[s] for s in steps))
        return min(lengths), max(lengths)


def tangles(m: ModuleType, seeds: int = 25) -> list[bool]:
    right = []
    for seed in range(seeds):
        model = Tangle(seed)
        x = torch.randn(2, 4, 3, requires_grad=True)
        right.append(m.path_lengths(model(x), x) == model.listed())
    return right


def test_lengths_equal_those_of_all_paths(proof: Callable[..., None]) -> None:
    right = tangles(index_paths)
    assert all(right)
    kinds = {Tangle(seed).listed() for seed in range(len(right))}
    assert len(kinds) > 5 and any(a != b for a, b in kinds)
    proof(
        ours="path_lengths",
        reference="all paths, listed",
        case=f"{len(right)} random graphs of {NODES} nodes",
        difference=0,
    )


NAMES = {  # shortest and longest; the longest is what names and papers say
    "MLP": (3, 3),
    "RNN": (100, 100),
    "LSTM": (1, 100),
    "LeNet-5": (5, 5),
    "VGG-16": (16, 16),
    "GoogLeNet": (13, 22),
    "Inception v3": (15, 48),
    "ResNet-18": (5, 18),
    "ResNet-50": (6, 50),
    "ResNet-101": (6, 101),
    "Transformer": (3, 59),
}


def test_the_longest_path_is_what_the_name_says() -> None:
    found = all_lengths()
    assert found == NAMES
    assert list(found) == list(models())


@pytest.mark.parametrize("steps", [1, 2, 7, 40])
def test_a_cell_that_adds_has_a_path_of_one_product(steps: int) -> None:
    with torch.device("meta"):
        rnn, lstm, gru = RNN(D, D), LSTM(D, D), GRU(D, D)
    assert over_time(rnn, steps) == (steps, steps)
    assert over_time(lstm, steps) == (1, steps)
    assert over_time(gru, steps) == (1, steps)


@pytest.mark.parametrize("layers", [1, 2, 5])
def test_the_transformer_by_formula(layers: int) -> None:
    """4 a layer that reads, 6 a layer that writes, the first of them 4."""
    with torch.device("meta"):
        model = Transformer(11, D, 8, 16, layers)
    longest = 4 * layers + 4 + 6 * (layers - 1) + 1
    assert from_source(model) == (3, longest)


def test_products_without_weights_do_not_count() -> None:
    x = torch.randn(1, 5, 8, requires_grad=True)
    y = x @ x.transpose(1, 2) @ x
    assert path_lengths(y, x) == (0, 0)
    assert path_lengths(SelfAttention(8, 2)(x), x) == (2, 2)
    image = torch.randn(2, 4, 6, 6, requires_grad=True)
    assert path_lengths(ResidualBlock(4, 4)(image), image) == (0, 2)
    assert path_lengths(ResidualBlock(4, 6, 2)(image), image) == (1, 2)


def all_right(m: ModuleType) -> bool:
    x = torch.randn(1, 5, 8, requires_grad=True)
    image = torch.randn(2, 4, 6, 6, requires_grad=True)
    blocks = (ResidualBlock(4, 4), ResidualBlock(4, 6, 2))
    found = [m.path_lengths(block(image), image) for block in blocks]
    found.append(m.path_lengths(SelfAttention(8, 2)(x), x))
    found.append(m.path_lengths(nn.Linear(8, 3, bias=False)(x), x))
    found.append(m.path_lengths(x @ x.transpose(1, 2) @ x, x))
    with torch.device("meta"):
        found.append(m.over_time(LSTM(D, D), 5))
        found.append(m.over_time(RNN(D, D), 5))
    right = [(0, 2), (1, 2), (2, 2), (1, 1), (0, 0), (1, 5), (5, 5)]
    return found == right and all(tangles(m))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("own + low, own + high", "own + low, high"),
        ("own + low, own + high", "low, own + high"),
        ("min(e[0] for", "max(e[0] for"),
        ("max(e[1] for", "min(e[1] for"),
        ("found[node] = (0, 0)", "found[node] = (1, 1)"),
        ("found[node] = None", "found[node] = (0, 0)"),
        ("and any(map(parameter_behind", "or any(map(parameter_behind"),
        ("and any(map(parameter_behind, inputs))", ""),
        ("any(map(parameter_behind", "all(map(parameter_behind"),
        ("node.name() in PRODUCTS and", ""),
        ('"TBackward0", ', ""),
        ('"ConvolutionBackward0", ', ""),
        ('"MmBackward0", ', ""),
        ("isinstance(leaf, nn.Parameter)", "leaf is not None"),
        ("range(steps - 1)", "range(steps)"),
        ("path_lengths(y, first)", "(steps, steps)"),
    ],
)
def test_the_list_of_paths_notices_the_mutant(old: str, new: str) -> None:
    assert all_right(index_paths)
    mutant = mutate(index_paths, old, new)
    try:
        noticed = not all_right(mutant)
    except (ValueError, TypeError):
        noticed = True
    assert noticed


def test_bad_input_is_named() -> None:
    x, other = torch.ones(2, 3, requires_grad=True), torch.ones(2)
    y = nn.Linear(3, 1)(torch.ones(2, 3))
    with pytest.raises(ValueError, match="y does not depend on x"):
        path_lengths(y, x)
    with pytest.raises(ValueError, match="steps is 0"):
        over_time(RNN(D, D), 0)
    assert other.grad is None
