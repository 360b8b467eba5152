"""The card, rehearsed on a CPU: its parts fit together, and no time is true."""

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from kernels import bench_card
from kernels.bench_rivals import rivals
from kernels.bench_timing import quantiles
from tests.kernels.subject import subjects


class Event:
    def __init__(self, enable_timing: bool) -> None:
        assert enable_timing

    def record(self) -> None:
        self.at = time.perf_counter()

    def elapsed_time(self, end: "Event") -> float:
        return (end.at - self.at) * 1e3


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> bench_card.Card:
    about = SimpleNamespace(name="Made-Up", L2_cache_size=1000)
    for name, value in {
        "Event": Event,
        "get_device_properties": lambda _: about,
        "synchronize": lambda: None,
        "empty_cache": lambda: None,
        "reset_peak_memory_stats": lambda: None,
        "memory_allocated": lambda: 100,
        "max_memory_allocated": lambda: 350,
    }.items():
        monkeypatch.setattr(torch.cuda, name, value)
    monkeypatch.setattr(bench_card, "driver", lambda: "1.0")
    monkeypatch.setattr(bench_card, "DEVICE", "cpu")
    monkeypatch.setattr(bench_card, "GIGABYTE", 2**16)
    monkeypatch.setattr(bench_card, "SIDE", 32)
    # Differences of so short a time may be negative: not the point here.
    monkeypatch.setattr(
        bench_card, "quantiles", lambda s: quantiles([abs(x) for x in s])
    )
    for timed in (bench_card.by_events, bench_card.by_pairs):
        monkeypatch.setattr(
            bench_card,
            timed.__name__,
            lambda *work, timed=timed: timed(*work, budget=0.01),
        )
    return bench_card.Card()


def test_what_the_card_can_do(card: bench_card.Card) -> None:
    found = card.peaks()
    rates = [found["bandwidth"], found["in JAX"]["bandwidth"]]
    rates += [*found["peak"].values(), found["in JAX"]["peak"]["bfloat16"]]
    assert min(rates) > 0 and found["launch"] > 0
    assert list(found["peak"]) == ["float32", "bfloat16", "float16"]
    assert found["flush"] == card.jax_junk.size >= 4000
    assert card.is_usable()


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_what_a_rival_takes(card: bench_card.Card, direction: str) -> None:
    subject = subjects()["softmax"]
    benchmark = replace(subject.benchmarks[0], size=(8, 16))
    memory = {}
    for rival in rivals(subject, benchmark, direction):
        if rival.name in ("xla", "torch"):
            found = card.measure(rival, subject, benchmark, direction)
            assert 0 < found["p20"] <= found["p50"] <= found["p80"]
            memory[rival.name] = found["memory"]
    assert memory["torch"] == 250 and memory["xla"] >= 8 * 16 * 2


def test_what_failed_leaves_the_card_to_others(card: bench_card.Card) -> None:
    subject = subjects()["softmax"]
    ours, *_ = rivals(subject, subject.benchmarks[0], "forward")
    small = replace(subject.benchmarks[0], size=(8, 16))
    with pytest.raises(ValueError, match="JAX sees only a cpu"):
        card.measure(ours, subject, small, "forward")
    assert card.is_usable()
