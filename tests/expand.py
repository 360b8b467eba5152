"""The pages as a reader copies them: each block replaced by its program.

    python tests/expand.py .cache/programs
    pytest --codeblocks .cache/programs

pytest-codeblocks then collects one item a block, and one for each complete
program, whose output it compares with the golden text. The tree is one
language: the other shows the same blocks, which ``twins.py`` holds.
"""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "docs/_hooks"))

import program  # noqa: E402
import runnable  # noqa: E402

EXPECTED = "<!--pytest-codeblocks:expected-output-->"


@dataclass(frozen=True)
class Case:
    """One program that a reader can copy."""

    page: str  # opencv/tensors.md
    path: str  # examples/opencv/tensors.py
    section: str  # "" for the complete program
    code: str
    expected: str | None  # what it must print, where that is known


def golden(path: str) -> str | None:
    file = (ROOT / path).with_suffix(".txt")
    return file.read_text(encoding="utf-8") if file.exists() else None


def cases(pages: Path = ROOT / "docs/zh") -> Iterator[Case]:
    """Every block of every page, and every complete program, in page order."""
    for page in sorted(pages.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        name = page.relative_to(pages).as_posix()
        for fence in runnable.FENCE.finditer(text):
            path, section = runnable.add(fence["body"])
            code = runnable.shown[path][section]
            runs = "__main__" in code or (
                path.startswith("snippets/") and not section
            )
            yield Case(
                name, path, section, code, golden(path) if runs else None
            )
        for path in runnable.complete_programs(text):
            code = program.complete(ROOT / path, runnable.pinned())
            yield Case(name, path, "", code, golden(path))


@cache
def compared() -> frozenset[Path]:
    """The files whose printed text is compared when their programs run."""
    return frozenset(
        ROOT / case.path for case in cases() if case.expected is not None
    )


def expand(out: Path) -> int:
    shutil.rmtree(out, ignore_errors=True)
    texts: dict[str, str] = {}
    count = 0
    for case in cases():
        count += 1
        text = texts.setdefault(case.page, "")
        text += f"```python\n{case.code}```\n\n"
        if case.expected is not None:
            text += f"{EXPECTED}\n\n```\n{case.expected}```\n\n"
        texts[case.page] = text
    for page, text in texts.items():
        target = out / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return count


if __name__ == "__main__":
    print(expand(Path(sys.argv[1])), "programs")
