"""What every file that is shown on a page keeps to."""

import ast
import re
from pathlib import Path

import pytest
from program import OURS, load

ROOT = Path(__file__).parents[2]
SNIPPET = 30
SHOWN = [
    path
    for top in OURS
    for path in sorted((ROOT / top).rglob("*.py"))
    if path.name != "__init__.py"
]


def title(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SHOWN, ids=title)
def test_modules_can_be_cut_into_programs(path: Path) -> None:
    module = load(path)
    assert module.statements
    assert all(re.fullmatch(r"[a-z_0-9]+", name) for name in module.sections)


@pytest.mark.parametrize("path", SHOWN, ids=title)
def test_sizes_fit_one_sitting(path: Path) -> None:
    count = len(path.read_text(encoding="utf-8").splitlines())
    limit = SNIPPET if "snippets" in path.parts else 190
    assert count <= limit, f"{count} lines: split it by component"


@pytest.mark.parametrize(
    "path", [p for p in SHOWN if "snippets" not in p.parts], ids=title
)
def test_modules_begin_with_a_promise(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstring = ast.get_docstring(tree)
    assert docstring, "a module's docstring is its promise"
    first = docstring.partition("\n")[0]
    assert first.endswith((".", "?")), "one sentence, then the details"
