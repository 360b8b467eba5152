"""Stored results: what the tests of a page measured, and on what code.

``docs/_data/<chapter>/<page>.json`` holds the digest of everything the page
depends on, the date and versions of the run, the number of tests that passed
and the rows of the proof table. It is stale when the digest has moved on.
``<page>_oracle.json`` holds the same of the tests that run in the oracles' own
environment; a page shows the rows of both. A kernel's record is
``kernels/<operation>.json``; pages and the catalogue show its rows.
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
    "diffusers",
    "jax",
    "matplotlib",
    "numpy",
    "onnx",
    "opencv-python",
    "pytorchcv",
    "scikit-image",
    "scikit-learn",
    "scipy",
    "segmentation-models-pytorch",
    "timm",
    "torch",
    "torchvision",
    "transformers",
)


def path_of(page: str, oracle: bool = False) -> Path:
    return DATA / f"{page}{'_oracle' if oracle else ''}.json"


def stored(page: str, oracle: bool = False) -> dict | None:
    path = path_of(page, oracle)
    if not path.is_file():
        return None
    return json.loads(path.read_text(encoding="utf-8"))


def record(page: str) -> dict | None:
    """All that is stored of a page, the oracles' part included."""
    own, others = stored(page), stored(page, oracle=True)
    if own is None or others is None:
        return own
    return own | {
        "versions": own["versions"] | others["versions"],
        "tests": own["tests"] + others["tests"],
        "proof": others["proof"] + own["proof"],
    }


def rows(page: str) -> list[dict]:
    return (record(page) or {}).get("proof", [])


def identity(row: dict) -> str:
    """A row without its measured figures."""
    kept = {k: v for k, v in row.items() if not isinstance(v, float)}
    return json.dumps(kept, sort_keys=True, ensure_ascii=False)


def files(page: str, oracle: bool = False) -> list[Path]:
    return sources.oracles(page) if oracle else sources.belonging(page)


def counted(page: str, oracle: bool) -> list[Path]:
    """The files of tests that a record counts: a run of fewer stores none."""
    own = files(page, oracle)
    found = [file for file in own if file.name.startswith("test_")]
    if not oracle:
        folder = sources.ROOT / "tests"
        if any(file.parent.parent.name == "snippets" for file in own):
            found.append(folder / "snippets/test_run_alone.py")
        if any(has_main(file) for file in own if file not in found):
            found.append(folder / "examples/test_printed_output.py")
    return found


def has_main(path: Path) -> bool:
    within = path.relative_to(sources.ROOT).parts
    return (
        within[0] in ("examples", "kernels")
        and path.suffix == ".py"
        and "\ndef main(" in path.read_text(encoding="utf-8")
    )


def is_stale(page: str, oracle: bool = False) -> bool:
    paths = files(page, oracle)
    if not paths:
        return path_of(page, oracle).is_file()
    kept = stored(page, oracle)
    return kept is None or kept["sha256"] != sources.digest(paths)


def versions(paths: list[Path]) -> dict[str, str]:
    """Python and those of our packages that the code imports."""
    import_names = metadata.packages_distributions()
    used = set()
    for path in sources.closure(paths):
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


def store(page: str, tests: int, proof: list[dict], oracle: bool) -> None:
    paths = files(page, oracle)
    text = {
        "sha256": sources.digest(paths),
        "date": datetime.date.today().isoformat(),
        "versions": versions(paths),
        "tests": tests,
        "proof": proof,  # in the order of the tests
    }
    path = path_of(page, oracle)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps(text, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
