"""What is measured, kept and measured again, on a card that is made up."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cards
import pytest
import records
import sources

from kernels import bench
from kernels.bench_machine import missing
from tests.kernels.subject import Subject, subjects

PEAKS = {"bandwidth": 4e12, "peak": {"float32": 5e13, "bfloat16": 8e14}}


class MadeUpCard:
    """Every call takes 100 µs and every row a minute."""

    name = "NVIDIA Made-Up 100"

    def __init__(self, broken: Callable[[str], bool] = lambda rival: False):
        self.about = {"driver": "1.0", "versions": {"torch": "2"}}
        self.broken, self.usable = broken, True
        self.asked: list[str] = []
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def peaks(self) -> dict[str, Any]:
        return PEAKS

    def is_usable(self) -> bool:
        return self.usable

    def measure(self, rival, subject, benchmark, direction) -> dict[str, float]:
        self.now += 60
        self.asked.append(f"{direction} {rival.name}")
        if self.broken(rival.name):
            raise RuntimeError("out of memory\nand more")
        return {"p20": 90.0, "p50": 100.0, "p80": 120.0, "memory": 7}


@pytest.fixture(autouse=True)
def one_kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Subject:
    """Softmax at one size: four rivals forward, four backward."""
    subject = subjects()["softmax"]
    subject = replace(subject, benchmarks=subject.benchmarks[:1])
    monkeypatch.setattr(bench, "subjects", lambda: {"softmax": subject})
    monkeypatch.setattr(records, "DATA", tmp_path)
    return subject


def measure(card: MadeUpCard, now: str = "first", limit: float = 1e9) -> int:
    card.asked.clear()
    return bench.measure_all(card, [], card.clock, now, limit)


def kept() -> dict[str, Any]:
    return json.loads(cards.path_of(MadeUpCard.name).read_text("utf-8"))


def test_a_row_says_all_that_was_asked(one_kernel: Subject) -> None:
    card = MadeUpCard()
    assert measure(card) == 0
    (benchmark,) = one_kernel.benchmarks
    name = benchmark.title()
    row = kept()["rows"][f"kernels/softmax | {name} | backward | xla"]
    assert row == {
        "kernel": "kernels/softmax",
        "benchmark": name,
        "dtype": "bfloat16",
        "direction": "backward",
        "rival": "xla",
        "sha256": cards.digest("kernels/softmax"),
        "run": "first",
        "p20": 90.0,
        "p50": 100.0,
        "p80": 120.0,
        "memory": 7,
        "bytes": benchmark.backward_bytes,
        "operations": 0,
        "share": round(benchmark.backward_bytes / 4e12 / 100e-6, 4),
    }
    assert kept()["runs"] == {"first": card.about | PEAKS}
    assert cards.path_of(card.name).name == "nvidia_made_up_100.json"
    four = ("ours", "xla", "torch", "torch.compile")
    wanted = [f"{d} {r}" for d in ("forward", "backward") for r in four]
    assert card.asked == wanted


def test_arithmetic_bounds_what_computes_much(one_kernel: Subject) -> None:
    (benchmark,) = one_kernel.benchmarks
    much = replace(benchmark, forward_operations=8 * 10**10)
    for dtype, share in (("bfloat16", 1.0), ("float32", 16.0), ("uint8", 16.0)):
        work = replace(much, dtype=dtype, forward_bytes=1)
        row = bench.row_of({"p50": 100.0}, work, "forward", PEAKS)
        assert row["share"] == share


def test_what_was_measured_is_not_measured_again() -> None:
    card = MadeUpCard()
    measure(card)
    before = kept()
    assert measure(card, "second") == 0
    assert not card.asked and kept() == before


def test_a_run_that_was_stopped_goes_on() -> None:
    def stop(rival: str) -> bool:
        if rival == "torch":
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        measure(MadeUpCard(stop))
    assert len(kept()["rows"]) == 2
    card = MadeUpCard()
    measure(card, "second")
    assert card.asked[0] == "forward torch" and len(card.asked) == 6
    assert set(kept()["runs"]) == {"first", "second"}


def test_no_row_is_begun_after_the_time_is_up() -> None:
    card = MadeUpCard()
    assert measure(card, limit=130) == 5
    assert len(card.asked) == 3
    assert measure(card, "second") == 0
    assert len(card.asked) == 5


def change_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "digest", lambda kernel: "other code")


@pytest.mark.parametrize("what", ["code", "driver", "versions"])
def test_rows_of_other_code_driver_or_versions_are_measured_again(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = MadeUpCard()
    measure(card)
    if what == "code":
        change_code(monkeypatch)
    else:
        card.about = card.about | {what: "new"}
    measure(card, "second")
    assert len(card.asked) == 8
    assert set(kept()["runs"]) == {"second"}  # no row is left of the first


def test_a_rival_that_fails_is_told_and_tried_again_last() -> None:
    card = MadeUpCard(lambda rival: rival == "xla")
    assert measure(card) == 0
    row = kept()["rows"][next(k for k in kept()["rows"] if "xla" in k)]
    assert row["failed"] == "RuntimeError: out of memory"
    assert "p50" not in row
    card.broken = lambda rival: False
    measure(card, "second")
    assert card.asked == ["forward xla", "backward xla"]
    assert not any("failed" in row for row in kept()["rows"].values())


def test_a_card_that_is_lost_ends_the_run_and_the_rest_goes_first() -> None:
    card = MadeUpCard(lambda rival: rival == "ours")
    card.usable = False
    assert measure(card) == 7
    assert card.asked == ["forward ours"]
    measure(card, "second")
    assert card.asked == [
        *(f"forward {r}" for r in ("xla", "torch", "torch.compile")),
        "backward ours",
    ]


def test_only_the_kernels_that_are_named() -> None:
    card = MadeUpCard()
    assert bench.measure_all(card, ["gelu"], card.clock, "first") == 0
    assert not card.asked


def test_a_file_is_written_whole_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measure(MadeUpCard())
    before = kept()
    monkeypatch.setattr(Path, "replace", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cards.save(before | {"rows": {}})
    assert kept() == before
    assert [f.name for f in cards.files()] == ["nvidia_made_up_100.json"]


def test_the_digest_covers_the_kernel_its_subject_and_the_timing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    meaning, changed = sources.meaning, {"name": ""}

    def say(path: Path) -> str:
        return meaning(path) + "#" * (path.name == changed["name"])

    monkeypatch.setattr(sources, "meaning", say)
    before = cards.digest("kernels/softmax")
    for name, matters in {
        "softmax.py": True,
        "tiles.py": True,
        "bench_timing.py": True,
        "bench_card.py": True,
        "gelu.py": False,
        "test_softmax.py": False,
        "softmax.txt": False,
        "bench.py": False,
    }.items():
        changed["name"] = name
        assert (cards.digest("kernels/softmax") != before) == matters, name


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (("cpu", "0.10.2", None, False), ["torch is built without CUDA", "JAX sees only a cpu", "jax[cuda13]==0.10.2", "make install without"]),
        (("cpu", "0.12.0", "12.8", True), ["but JAX sees only a cpu.", "jax[cuda12]==0.12.0"]),
        (("gpu", "0.10.2", "13.0", False), ["but torch sees no GPU.", "nvidia-smi"]),
        (("gpu", "0.10.2", None, False), ["but torch is built without CUDA."]),
    ],
)  # fmt: skip
def test_what_is_missing_and_how_to_get_it(
    machine: tuple[Any, ...], said: list[str]
) -> None:
    message = missing(*machine)
    assert all(part in message for part in said), message
    assert "Nothing was measured." in message


def test_nothing_is_missing_with_a_card() -> None:
    assert missing("gpu", "0.10.2", "13.0", True) == ""


def test_without_a_card_nothing_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "Card", lambda: pytest.fail("a card"))
    monkeypatch.setattr(bench, "missing", lambda *_: "no card")
    monkeypatch.delenv("XLA_PYTHON_CLIENT_PREALLOCATE", raising=False)
    assert bench.command([]) == 1
    assert capsys.readouterr().err == "no card\n"
    assert not cards.files()


def test_a_card_is_measured_from_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "missing", lambda *_: "")
    monkeypatch.setattr(bench, "Card", MadeUpCard)
    monkeypatch.delenv("XLA_PYTHON_CLIENT_PREALLOCATE", raising=False)
    assert bench.command(["softmax"]) == 0
    assert capsys.readouterr().out.count("100.0 µs") == 8
    with pytest.raises(SystemExit):
        bench.command(["nothing_such"])
