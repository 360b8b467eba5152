"""Timing of calls, with a clock and a queue that are made up."""

import math
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from kernels.bench_timing import (
    FEWEST,
    LARGEST,
    MOST,
    by_events,
    by_pairs,
    floor,
    flush_bytes,
    launch_overhead,
    quantiles,
    repeats,
    share,
)


class Device:
    """A host that hands out work, and a card that does it later, in order."""

    def __init__(self, launch: float = 0.0) -> None:
        self.launch = launch
        self.now = self.busy_until = 0.0
        self.done: list[str] = []

    def work(self, name: str, *seconds: float) -> Callable[[], float]:
        """Each call takes the next of the times, then the first again."""
        times = deque(seconds)

        def put() -> float:
            self.now += self.launch
            begin = max(self.now, self.busy_until)
            self.busy_until = begin + times[0]
            times.rotate(-1)
            self.done.append(name)
            return self.busy_until

        return put

    def clock(self) -> float:
        return self.now

    def wait(self, made: Any = None) -> None:
        until = self.busy_until if made is None else made
        self.now = max(self.now, until)


class Event:
    def __init__(self, device: Device) -> None:
        self.device, self.at = device, math.nan

    def record(self) -> None:
        self.at = max(self.device.now, self.device.busy_until)

    def elapsed_time(self, end: "Event") -> float:
        assert self.device.now >= end.at, "read before it was waited for"
        return (end.at - self.at) * 1e3


def events(device: Device, call: Any, flush: Any) -> list[float]:
    return by_events(call, flush, lambda: Event(device), device.wait, 0.1)


def pairs(device: Device, call: Any, flush: Any) -> list[float]:
    return by_pairs(call, flush, device.clock, device.wait, 0.1)


@pytest.mark.parametrize("timed", [events, pairs])
@pytest.mark.parametrize("seconds", [60e-6, 3e-3, 0.5])
def test_the_flush_and_hidden_launches_do_not_count(
    timed: Callable[..., list[float]], seconds: float
) -> None:
    device = Device(launch=20e-6)
    call, flush = device.work("call", seconds), device.work("flush", 150e-6)
    assert quantiles(timed(device, call, flush))["p50"] == pytest.approx(
        seconds * 1e6, abs=0.1
    )


@pytest.mark.parametrize("timed", [events, pairs])
def test_a_flush_stands_before_every_call_that_counts(
    timed: Callable[..., list[float]],
) -> None:
    device = Device()
    call, flush = device.work("call", 1e-3), device.work("flush", 1e-4)
    timed(device, call, flush)
    order = "".join(name[0] for name in device.done)
    counted = order.rpartition("cc")[2]  # behind the warm-up
    assert counted.count("fc") == counted.count("c") >= FEWEST


def test_events_give_each_call_and_quantiles_its_spread() -> None:
    device = Device()
    call = device.work("call", 1e-3, 2e-3, 3e-3, 4e-3, 5e-3)
    found = events(device, call, device.work("flush", 1e-4))
    marks = quantiles(found)
    assert marks["p20"] < marks["p50"] == 3000 < marks["p80"]
    assert {round(s, 9) for s in found} == {1e-3, 2e-3, 3e-3, 4e-3, 5e-3}


def test_launches_are_timed_while_the_card_is_behind() -> None:
    device = Device(launch=7e-6)
    nothing = device.work("nothing", 1e-3)
    assert launch_overhead(nothing, device.clock, device.wait) == pytest.approx(
        7e-6
    )


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([], "must be finite numbers"),
        ([1e-6, math.nan], "must be finite numbers"),
        ([-1e-6, 0.0, 0.0], "lost in the noise"),
    ],
)
def test_samples_that_say_nothing_are_refused(
    samples: list[float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        quantiles(samples)


@pytest.mark.parametrize(
    ("moved", "operations", "seconds"),
    [
        (4e12, 0, 1.0),  # memory alone
        (4e12, 8e14, 1.0),  # at the ridge
        (4e12, 16e14, 2.0),  # arithmetic
    ],
)
def test_the_floor_is_the_roofline(
    moved: float, operations: float, seconds: float
) -> None:
    assert floor(moved, operations, 4e12, 8e14) == seconds
    assert share(seconds, seconds * 2e6) == 0.5


@pytest.mark.parametrize(
    ("once", "calls"), [(1e-6, MOST), (3e-3, 100), (1.0, FEWEST), (0.0, MOST)]
)
def test_calls_fit_the_budget(once: float, calls: int) -> None:
    assert repeats(once, budget=0.3) == pytest.approx(calls)


@pytest.mark.parametrize(
    ("launch", "size"),
    [
        (1e-6, 200_000_000),  # four times the cache
        (1e-4, 600_000_000),  # 1.2 GB at 3 TB/s: four launches
        (1.0, LARGEST),
    ],
)
def test_the_flush_is_larger_than_the_cache_and_longer_than_launches(
    launch: float, size: int
) -> None:
    assert flush_bytes(50_000_000, launch, 3e12) == pytest.approx(size, abs=1)
