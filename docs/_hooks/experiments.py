"""Stored experiments: what is too slow to measure while the site is built.

``examples/<chapter>/<module>.py`` is an experiment when it defines

    rows() -> list[str]         the names of what is measured, in their order
    measure(row) -> dict        what is worth keeping, as plain JSON values
    depends(row) -> list[str]   modules that this row alone rests on, dotted

``docs/_data/<chapter>/<module>/<row>.json`` keeps a row with the digest of the
code that made it: one file a row, so that authors who add rows side by side do
not meet. ``make results`` measures the rows whose code has moved on, one after
the other, and keeps each as soon as it is there, so that a run that was stopped
goes on where it was. ``make test`` fails on a stale row.

    python docs/_hooks/experiments.py                    measures all stale rows
    python docs/_hooks/experiments.py examples/a/b.py    of one experiment
    … examples/a/b.py --row unet                         this row, if it is stale
    … examples/a/b.py --again                            fresh rows as well
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
    """The folder ``docs/_data/<chapter>/<module>``."""
    inside = path.relative_to(ROOT / "examples")
    return records.DATA / inside.with_suffix("")


def kept(path: Path) -> list[Path]:
    """The files of all rows that are stored, by name."""
    return sorted(data_of(path).glob("*.json"))


def module_of(path: Path) -> ModuleType:
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    parts = path.relative_to(ROOT).with_suffix("").parts
    return importlib.import_module(".".join(parts))


def stored(path: Path) -> dict[str, dict]:
    """The rows that are kept, in the order in which the module names them."""
    files = {file.stem: file for file in kept(path)}
    if not files:
        return {}
    return {
        row: json.loads(files[row].read_text(encoding="utf-8"))
        for row in module_of(path).rows()
        if row in files
    }


def files_of(path: Path, row: str) -> list[Path]:
    depends = getattr(module_of(path), "depends", lambda row: [])
    names = (f"{name.replace('.', '/')}.py" for name in depends(row))
    return [path, *(ROOT / name for name in names)]


def stale(path: Path) -> list[str]:
    """Rows that are missing or were made by other code."""
    found = stored(path)
    return [
        row
        for row in module_of(path).rows()
        if found.get(row, {}).get("sha256")
        != sources.digest(files_of(path, row), row)
    ]


def left_over(path: Path) -> list[Path]:
    """Files of rows that the module no longer names."""
    rows = module_of(path).rows()
    return [file for file in kept(path) if file.stem not in rows]


def keep(path: Path, row: str, values: dict) -> None:
    files = files_of(path, row)
    made = {
        "sha256": sources.digest(files, row),
        "date": datetime.date.today().isoformat(),
        "versions": records.versions(files),
        "values": values,
    }
    target = data_of(path) / f"{row}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(made, indent=1, ensure_ascii=False)
    target.write_text(text + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the stale rows.")
    parser.add_argument("only", nargs="*", help="experiments, by their path")
    parser.add_argument("--row", action="append", help="these rows only")
    parser.add_argument("--again", action="store_true", help="fresh rows too")
    arguments = parser.parse_args()
    chosen = [Path(name).resolve() for name in arguments.only]
    for path in chosen or experiments():
        known = module_of(path).rows()
        rows = known if arguments.again else stale(path)
        if arguments.row:
            if unknown := set(arguments.row) - set(known):
                parser.error(f"--row is {min(unknown)}; must be one of {known}")
            rows = [row for row in rows if row in arguments.row]
        for number, row in enumerate(rows, 1):
            name = path.relative_to(ROOT)
            print(f"{name} [{number}/{len(rows)}] {row} …", end="", flush=True)
            start = time.monotonic()
            keep(path, row, module_of(path).measure(row))
            print(f" {time.monotonic() - start:.0f} s", flush=True)
        for file in left_over(path):
            file.unlink()


if __name__ == "__main__":
    main()
