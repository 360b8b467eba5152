"""Numbers moved, counted by hand and by the floors of the benchmarks."""

import pytest
import torch

from examples.gpu import catalogue_traffic as shipped
from examples.gpu.catalogue_traffic import moved, traffic
from tests.kernels.subject import subjects
from tests.mutants import mutate

# of the n d outputs: reads and writes, one operation after the other
BY_HAND = {
    # mean 1, minus 2, square 2, mean 1, divide 2, weight 2, bias 2
    "layer_norm": 12,
    "rms_norm": 2 + 1 + 2 + 2,  # square, mean, divide, weight
    "softmax": 1 + 2 + 2 + 1 + 2,  # largest, minus, exp, sum, divide
    "gelu": 2 + 2 + 2 + 2 + 2 + 3,  # bias, divide, erf, half, plus, times
    "swiglu": 4 + 2 + 3 + 3,  # bias on both halves, sigmoid, times, times
}
N, D = 64, 4096


@pytest.mark.parametrize("name", BY_HAND)
def test_steps_as_counted_by_hand(name: str) -> None:
    steps, by_torch, fused = traffic(N, D)[name]
    assert steps == pytest.approx(BY_HAND[name], abs=0.05)
    assert fused <= by_torch < steps + 0.05


@pytest.mark.parametrize("name", BY_HAND)
def test_fused_is_the_floor_of_the_benchmark(name: str) -> None:
    benchmark = subjects()[name].benchmarks[1]
    n, d = benchmark.size
    d //= 1 + (name == "swiglu")
    floor = benchmark.forward_bytes / 4 / (n * d)
    kept = {"layer_norm": 2 / d, "rms_norm": 1 / d}.get(name, 0)
    assert traffic_fused(name, n, d) == pytest.approx(floor + kept, 1e-9)


def traffic_fused(name: str, n: int, d: int) -> float:
    with torch.device("meta"):  # nothing is computed
        return traffic(n, d)[name][2]


def test_views_move_nothing() -> None:
    x = torch.ones(4, 6)
    assert moved(lambda x: x.reshape(6, 4).transpose(0, 1)[1:], x) == 0
    assert moved(lambda x: x.transpose(0, 1).contiguous(), x) == 48


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("if not operation.is_view:", "if True:"),
        ("(args, kwargs, result)", "(args, kwargs)"),
        ("(args, kwargs, result)", "result"),
        ("x.numel() for x", "x.numel() * x.element_size() for x"),
        ("self.moved += sum(", "self.moved = sum("),
    ],
)
def test_the_hand_count_catches(old: str, new: str) -> None:
    mutant = mutate(shipped, old, new)
    found = mutant.traffic(N, D)
    assert any(abs(found[k][0] - BY_HAND[k]) > 0.05 for k in BY_HAND)
