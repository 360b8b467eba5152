"""Stored results: what the tests of a page measured, and on what code.

``docs/_data/<chapter>/<page>.json`` holds the digest of everything the page
depends on, the date and versions of the run, the number of tests that passed
and the rows of the proof table. It is stale when the digest has moved on.
"""

import ast
import datetime
import json
import platform
import sys
from importlib import metadata
from pathlib import Path

import sources

DATA = sources.ROOT / "docs/_data"
PACKAGES = (
    "jax",
    "matplotlib",
    "numpy",
    "opencv-python",
    "scikit-image",
    "scikit-learn",
    "scipy",
    "torch",
)


def path_of(page: str) -> Path:
    return DATA / f"{page}.json"


def record(page: str) -> dict | None:
    path = path_of(page)
    if not path.is_file():
        return None
    return json.loads(path.read_text(encoding="utf-8"))


def rows(page: str) -> list[dict]:
    return (record(page) or {}).get("proof", [])


def identity(row: dict) -> str:
    """A row without its measured figures."""
    kept = {k: v for k, v in row.items() if not isinstance(v, float)}
    return json.dumps(kept, sort_keys=True, ensure_ascii=False)


def current(page: str) -> str:
    return sources.digest(sources.belonging(page))


def is_stale(page: str) -> bool:
    belonging = sources.belonging(page)
    if not belonging:
        return False
    stored = record(page)
    return stored is None or stored["sha256"] != sources.digest(belonging)


def versions(page: str) -> dict[str, str]:
    """Python and those of our packages that the page's code imports."""
    import_names = metadata.packages_distributions()
    used = set()
    for path in sources.closure(sources.belonging(page)):
        if path.suffix == ".py":
            for name in top_level_imports(path):
                used |= set(import_names.get(name, ()))
    found = {
        name: metadata.version(name).split("+")[0]
        for name in PACKAGES
        if name in used
    }
    return {"Python": platform.python_version()} | found


def top_level_imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names)


def store(page: str, tests: int, proof: list[dict]) -> None:
    text = {
        "sha256": current(page),
        "date": datetime.date.today().isoformat(),
        "versions": versions(page),
        "tests": tests,
        "proof": proof,  # in the order of the tests
    }
    path = path_of(page)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps(text, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
