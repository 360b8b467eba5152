"""What ``make bench-kernels`` has measured, card by card, and on what code.

``docs/_data/kernels/cards/<card>.json`` holds, for one kind of card,

    card   its name, as the driver gives it
    runs   by the time of its start: driver, versions, and what the card can do,
           measured in that run
    rows   a kernel at one size, in one direction, by one rival: times in
           microseconds, bytes of memory, share of the roofline, the run, and
           the digest of the code; or why it failed

A row is fresh while the code is the same, and the catalogue shows no other. It
is written as soon as it is measured, so that a run that was stopped goes on.
"""

import json
import re
from pathlib import Path

import records
import sources

TIMING = ("bench_card", "bench_rivals", "bench_timing")


def folder() -> Path:
    return records.DATA / "kernels/cards"


def files() -> list[Path]:
    return sorted(folder().glob("*.json"))


def path_of(card: str) -> Path:
    name = re.sub(r"[^a-z0-9]+", "_", card.lower()).strip("_")
    return folder() / f"{name}.json"


def digest(kernel: str) -> str:
    """Of ``kernels/softmax``: its code, what is measured of it, and how."""
    code = [
        path
        for path in sources.belonging(kernel)
        if path.parent.name == "kernels"
        and path.parent.parent == sources.ROOT
        and path.suffix == ".py"
    ]
    operation = kernel.rpartition("/")[2]
    others = [
        sources.ROOT / f"tests/kernels/subjects/{operation}.py",
        *(sources.ROOT / f"kernels/{name}.py" for name in TIMING),
    ]
    return sources.digest(code, *map(sources.meaning, others))


def key(kernel: str, benchmark: str, direction: str, rival: str) -> str:
    return " | ".join((kernel, benchmark, direction, rival))


def load(card: str) -> dict:
    path = path_of(card)
    if not path.is_file():
        return {"card": card, "runs": {}, "rows": {}}
    return json.loads(path.read_text(encoding="utf-8"))


def save(kept: dict) -> None:
    """At once or not at all; runs of which no row is left go."""
    used = {row["run"] for row in kept["rows"].values()}
    runs = {name: run for name, run in kept["runs"].items() if name in used}
    path = path_of(kept["card"])
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    text = json.dumps(kept | {"runs": runs}, indent=1, ensure_ascii=False)
    half.write_text(text + "\n", encoding="utf-8")
    half.replace(path)


def is_fresh(row: dict, sha256: str) -> bool:
    return "failed" not in row and row["sha256"] == sha256


def fresh(kernel: str, benchmark: str) -> dict[str, list[dict]]:
    """By the name of the card: what may be shown of one size."""
    sha256, found = digest(kernel), {}
    for path in files():
        kept = json.loads(path.read_text(encoding="utf-8"))
        found[kept["card"]] = [
            row
            for row in kept["rows"].values()
            if (row["kernel"], row["benchmark"]) == (kernel, benchmark)
            and is_fresh(row, sha256)
        ]
    return {card: rows for card, rows in found.items() if rows}
