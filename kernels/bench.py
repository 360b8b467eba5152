"""Measure every kernel on this machine's GPU, beside all of its rivals.

    make bench-kernels                   all of them
    make bench-kernels KERNEL=softmax    one

For every benchmark, forward and backward, and every rival (``bench_rivals``):
p20, p50 and p80 of the time, peak memory, and the share of the roofline that
the same run has measured on the same card. Each row is written at once to
``docs/_data/kernels/cards/<card>.json``; rows that are there already, of the
same code, driver and versions, are not measured again. After ten minutes no row
is begun any more, and the next call goes on. A rival that fails is kept with
its reason and tried again, last of all, by the next call; when it takes the
card down with it, the run is over.

Never run on a card so far: the loop, the timing and the rivals are tested with
a made-up card, a made-up clock and on a CPU, ``torch.compile`` not even there.
"""

import argparse
import datetime
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import cards
import jax
import torch

from kernels.bench_card import Card
from kernels.bench_machine import missing
from kernels.bench_rivals import Rival, directions, rivals
from kernels.bench_timing import floor, share
from kernels.lowering import expected_deprecation
from tests.kernels.subject import Benchmark, Subject, subjects

LIMIT = 600  # seconds


class Measures(Protocol):
    """What is asked of a card; ``bench_card.Card`` is the real one."""

    name: str
    about: dict[str, Any]  # driver and versions

    def peaks(self) -> dict[str, Any]: ...

    def is_usable(self) -> bool: ...

    def measure(
        self,
        rival: Rival,
        subject: Subject,
        benchmark: Benchmark,
        direction: str,
    ) -> dict[str, float]: ...


def row_of(
    measured: dict[str, float],
    benchmark: Benchmark,
    direction: str,
    run: dict[str, Any],
) -> dict[str, Any]:
    """With the floor of the operation beside what was measured."""
    moved = getattr(benchmark, f"{direction}_bytes")
    operations = getattr(benchmark, f"{direction}_operations")
    # A type without a matrix product computes in float32.
    peak = run["peak"].get(benchmark.dtype, run["peak"]["float32"])
    least = floor(moved, operations, run["bandwidth"], peak)
    return measured | {
        "bytes": moved,
        "operations": operations,
        "share": share(least, measured["p50"]),
    }


def measure_all(
    card: Measures,
    chosen: Sequence[str],
    clock: Callable[[], float],
    now: str,
    limit: float = LIMIT,
) -> int:
    """How many rows are left to measure when it is over."""
    start, kept = clock(), cards.load(card.name)
    waiting = [row for row in rows(chosen) if not is_done(row, kept, card)]
    # What failed before may take the card down again: the others first.
    waiting.sort(key=lambda row: "failed" in kept["rows"].get(row[0], {}))
    for done, (key, facts, work) in enumerate(waiting):
        if clock() - start > limit:
            return len(waiting) - done
        if now not in kept["runs"]:
            kept["runs"][now] = card.about | card.peaks()
        print(f"{key} …", end="", flush=True)
        made, alive = attempt(card, work, kept["runs"][now])
        kept["rows"][key] = facts | {"run": now} | made
        cards.save(kept)
        said = (
            made.get("failed") or f"{made['p50']:.1f} µs, {made['share']:.0%}"
        )
        print(f" {said}", flush=True)
        if not alive:
            return len(waiting) - done - 1
    return 0


def is_done(row: Any, kept: dict[str, Any], card: Measures) -> bool:
    """Measured on this code, with this driver and these versions."""
    key, facts, _ = row
    old = kept["rows"].get(key)
    if old is None or not cards.is_fresh(old, facts["sha256"]):
        return False
    run = kept["runs"].get(old["run"], {})
    return all(run.get(name) == said for name, said in card.about.items())


def attempt(
    card: Measures, work: Any, run: dict[str, Any]
) -> tuple[dict[str, Any], bool]:
    """What a row has to say, and whether the card can go on."""
    rival, _, benchmark, direction = work
    library = {"library": rival.library} if rival.library else {}
    try:
        measured = card.measure(*work)
        return library | row_of(measured, benchmark, direction, run), True
    except Exception as error:  # a rival may do anything
        reason = (str(error).splitlines() or [""])[0]
        failed = {"failed": f"{type(error).__name__}: {reason}"[:300]}
    return library | failed, card.is_usable()


def rows(chosen: Sequence[str]) -> list[tuple[str, dict[str, Any], Any]]:
    """Key, facts and what to measure, the rivals of one size together."""
    found = []
    for name, subject in subjects().items():
        if chosen and name not in chosen:
            continue
        kernel = f"kernels/{name}"
        sha256 = cards.digest(kernel)
        for benchmark in subject.benchmarks:
            for direction in directions(benchmark):
                for rival in rivals(subject, benchmark, direction):
                    facts = {
                        "kernel": kernel,
                        "benchmark": benchmark.title(),
                        "dtype": benchmark.dtype,
                        "direction": direction,
                        "rival": rival.name,
                    }
                    key = cards.key(
                        kernel, facts["benchmark"], direction, rival.name
                    )
                    work = (rival, subject, benchmark, direction)
                    found.append((key, facts | {"sha256": sha256}, work))
    return found


def command(arguments: Sequence[str]) -> int:
    # Or JAX would take most of the memory before torch has any.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    parser = argparse.ArgumentParser(description="Measure the kernels.")
    parser.add_argument("kernel", nargs="*", help="all, if none is named")
    chosen = parser.parse_args(arguments).kernel
    if unknown := sorted(set(chosen) - set(subjects())):
        parser.error(f"no kernel is named {', '.join(unknown)}")
    if lacks := missing(
        jax.default_backend(),
        jax.__version__,
        torch.version.cuda,
        torch.cuda.is_available(),
    ):
        print(lacks, file=sys.stderr)
        return 1
    now = datetime.datetime.now().isoformat(timespec="seconds")
    with expected_deprecation():
        left = measure_all(Card(), chosen, time.monotonic, now)
    if left:
        print(f"{left} rows are left: call it again, it goes on")
    return 0


if __name__ == "__main__":
    sys.exit(command(sys.argv[1:]))
