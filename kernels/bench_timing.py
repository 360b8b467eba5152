"""How long does a call take on a GPU, and how long must it take at least?

    by events   torch: an event before each call and one after it, both stamped
                by the card itself
    by pairs    JAX, which has no events: the wall clock over a batch of flushes
                and calls, less that over a batch of flushes alone. Launches are
                hidden behind the flush before them, see ``flush_bytes``

Both flush the second-level cache before every call and put the whole batch into
the queue before they wait. The floor is the roofline: max(F / P, Q / B).

The clock, the events and the waiting are handed in: nothing here knows a card.
"""

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

WARM = 3  # calls before anything counts
BUDGET = 0.3  # seconds of measuring for a row
FEWEST, MOST = 10, 200  # calls
BATCHES = 10  # so many averages have quantiles
LARGEST = 2**31  # bytes to flush with
Work = Callable[[], Any]


def quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """Of the samples, in microseconds."""
    if not len(seconds) or not np.all(np.isfinite(seconds)):
        raise ValueError(f"samples are {seconds}; they must be finite numbers")
    marks = np.quantile(seconds, (0.2, 0.5, 0.8)) * 1e6
    if marks[1] <= 0:
        raise ValueError(
            f"the median is {marks[1]} µs: the call is lost in the noise"
        )
    names = ("p20", "p50", "p80")
    return {n: round(float(m), 3) for n, m in zip(names, marks, strict=True)}


def floor(
    moved: float, operations: float, bandwidth: float, peak: float
) -> float:
    """Seconds that no implementation can go below on this card."""
    return max(moved / bandwidth, operations / peak)


def share(least: float, p50: float) -> float:
    """Of the roofline: 1 is the floor; ``p50`` is in microseconds."""
    return round(least / (p50 * 1e-6), 4)


def repeats(once: float, budget: float = BUDGET) -> int:
    """Calls that fit into the budget, within limits."""
    return max(FEWEST, min(MOST, int(budget / max(once, 1e-9))))


def flush_bytes(cache: int, launch: float, bandwidth: float) -> int:
    """Enough to empty the cache, and to take longer than four launches: the
    card is then busy while the host prepares what follows. A flush reads and
    writes each byte."""
    long_enough = math.ceil(4 * launch * bandwidth / 2)
    return min(LARGEST, max(4 * cache, long_enough))


def by_events(
    call: Work,
    flush: Work,
    event: Callable[[], Any],
    wait: Work,
    budget: float = BUDGET,
) -> list[float]:
    """Seconds of each call. Events are those of torch: ``record()``, and
    ``elapsed_time(other)`` in milliseconds."""

    def run(work: Sequence[Work], times: int) -> list[float]:
        pairs = [(event(), event()) for _ in range(times)]
        for start, end in pairs:
            for before in work[:-1]:
                before()
            start.record()
            work[-1]()
            end.record()
        wait()
        return [start.elapsed_time(end) / 1e3 for start, end in pairs]

    for _ in range(WARM):
        call()
    once = sum(statistics.median(run(work, WARM)) for work in ([flush], [call]))
    return run([flush, call], repeats(once, budget))


def by_pairs(
    call: Work,
    flush: Work,
    clock: Callable[[], float],
    wait: Callable[[Any], Any],
    budget: float = BUDGET,
) -> list[float]:
    """Seconds a call, one average for each batch. The card carries out what
    is put into its queue in order, so the last result is waited for."""

    def batch(work: Sequence[Work], times: int) -> float:
        made = None
        start = clock()
        for _ in range(times):
            for step in work:
                made = step()
        wait(made)
        return (clock() - start) / times

    for step in (flush, call):
        for _ in range(WARM):
            wait(step())
    # Two batches a sample: with the call and without.
    once = 2 * BATCHES * batch([flush, call], WARM)
    times = max(2, min(MOST, int(budget / max(once, 1e-9))))
    return [
        batch([flush, call], times) - batch([flush], times)
        for _ in range(BATCHES)
    ]


def launch_overhead(
    nothing: Work, clock: Callable[[], float], wait: Callable[[Any], Any]
) -> float:
    """Seconds the host needs to put one call into the queue."""
    wait(nothing())
    found = []
    for _ in range(BATCHES):
        made, start = None, clock()
        for _ in range(FEWEST):
            made = nothing()
        found.append((clock() - start) / FEWEST)
        wait(made)
    return statistics.median(found)
