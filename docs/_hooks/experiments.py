"""Stored experiments: what is too slow to measure while the site is built.

``examples/<chapter>/<module>.py`` is an experiment when it defines

    rows() -> list[str]         the names of what is measured, in their order
    measure(row) -> dict        what is worth keeping, as plain JSON values
    depends(row) -> list[str]   modules that this row alone rests on, dotted

``docs/_data/<chapter>/<module>.json`` keeps each row with the digest of the
code that made it. ``make results`` measures the rows whose code has moved on,
one after the other, and keeps each as soon as it is there, so that a run that
was stopped goes on where it was. ``make test`` fails on a stale row.
"""

import argparse
import datetime
import importlib
import json
import sys
import time
from functools import cache
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).parent))

import records
import sources

ROOT = sources.ROOT


@cache
def experiments() -> tuple[Path, ...]:
    """Every module that says how to measure."""
    return tuple(
        path
        for path in sorted((ROOT / "examples").rglob("*.py"))
        if "\ndef measure(" in path.read_text(encoding="utf-8")
    )


def data_of(path: Path) -> Path:
    """``docs/_data/<chapter>/<module>.json``."""
    inside = path.relative_to(ROOT / "examples")
    return records.DATA / inside.with_suffix(".json")


def module_of(path: Path) -> ModuleType:
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    parts = path.relative_to(ROOT).with_suffix("").parts
    return importlib.import_module(".".join(parts))


def stored(path: Path) -> dict[str, dict]:
    """The rows that are kept, by name."""
    data = data_of(path)
    if not data.is_file():
        return {}
    return json.loads(data.read_text(encoding="utf-8"))


def files_of(path: Path, row: str) -> list[Path]:
    depends = getattr(module_of(path), "depends", lambda row: [])
    names = (f"{name.replace('.', '/')}.py" for name in depends(row))
    return [path, *(ROOT / name for name in names)]


def stale(path: Path) -> list[str]:
    """Rows that are missing or were made by other code."""
    kept = stored(path)
    return [
        row
        for row in module_of(path).rows()
        if kept.get(row, {}).get("sha256")
        != sources.digest(files_of(path, row), row)
    ]


def write(path: Path, rows: dict[str, dict]) -> None:
    """Keep the rows that the module names, in its order."""
    named = {
        name: rows[name] for name in module_of(path).rows() if name in rows
    }
    text = json.dumps(named, indent=1, ensure_ascii=False)
    data_of(path).parent.mkdir(parents=True, exist_ok=True)
    data_of(path).write_text(text + "\n", encoding="utf-8")


def keep(path: Path, row: str, values: dict) -> None:
    files = files_of(path, row)
    made = {
        "sha256": sources.digest(files, row),
        "date": datetime.date.today().isoformat(),
        "versions": records.versions(files),
        "values": values,
    }
    write(path, stored(path) | {row: made})


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the stale rows.")
    parser.add_argument("only", nargs="*", help="experiments, by their path")
    chosen = [Path(name).resolve() for name in parser.parse_args().only]
    for path in chosen or experiments():
        rows = stale(path)
        for number, row in enumerate(rows, 1):
            name = path.relative_to(ROOT)
            print(f"{name} [{number}/{len(rows)}] {row} …", end="", flush=True)
            start = time.monotonic()
            keep(path, row, module_of(path).measure(row))
            print(f" {time.monotonic() - start:.0f} s", flush=True)
        write(path, stored(path))


if __name__ == "__main__":
    main()
