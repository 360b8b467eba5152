"""Which page a file belongs to, and the digest of all that a page depends on.

A topic has one path: ``image_processing/edges``. Its code is
``examples/image_processing/edges.py`` and ``edges_<what>.py``, its snippets
``snippets/image_processing/edges_<what>.py``, its tests
``tests/examples/image_processing/test_edges.py`` and ``test_edges_<what>.py``.
A module that no page is named after, ``architectures/resnet.py``, supports
others and belongs to the page that shows it.

A kernel is a topic too, though no page is named after it: ``kernels/softmax`` is
``kernels/softmax.py`` and ``tests/kernels/test_softmax.py``. What is to be known
of it stands in ``tests/kernels/subjects/softmax.py``, and that makes it one.
"""

import ast
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = ("examples", "kernels", "snippets")


@cache
def pages() -> tuple[str, ...]:
    """Every topic that stands, longest path first: ``opencv/index`` …"""
    zh = ROOT / "docs/zh"
    files = [*zh.rglob("*.md"), *zh.rglob("*.py")]  # .py: a notebook page
    found = (file.relative_to(zh).with_suffix("") for file in files)
    return tuple(sorted(map(Path.as_posix, found), key=len, reverse=True))


@cache
def kernels() -> tuple[str, ...]:
    """``kernels/layer_norm`` and the rest, in the order of their names."""
    files = sorted((ROOT / "tests/kernels/subjects").glob("*.py"))
    return tuple(f"kernels/{file.stem}" for file in files)


def topics() -> tuple[str, ...]:
    """All that a record may be kept of."""
    return (*pages(), *kernels())


def page_of(path: Path) -> str | None:
    """The topic that a module, snippet, golden text or test belongs to."""
    if not path.resolve().is_relative_to(ROOT):
        return None
    parts = path.resolve().relative_to(ROOT).with_suffix("").parts
    if parts[0] == "tests":
        parts = (*parts[1:-1], parts[-1].removeprefix("test_"))
    if len(parts) == 2 and parts[0] == "kernels":
        whole = (k for k in kernels() if is_part("/".join(parts), k))
        return max(whole, key=len, default=None)
    if len(parts) != 3 or parts[0] not in OURS:
        return None
    for page in pages():
        chapter, _, name = page.rpartition("/")
        if (chapter or "home") == parts[1] and is_part(parts[2], name):
            return page
    for module, page in shown_on().items():
        top, chapter, name = module.split("/")
        if parts[:2] == (top, chapter) and is_part(parts[2], name):
            return page
    return None


def is_part(name: str, whole: str) -> bool:
    """``edges`` and ``edges_noise`` are parts of ``edges``."""
    return f"{name}_".startswith(f"{whole}_")


@cache
def shown_on() -> dict[str, str]:
    """``examples/architectures/resnet``: its page, longest module first."""
    found: dict[str, str] = {}
    for page in sorted(pages()):
        chapter = page.rpartition("/")[0]
        path = ROOT / f"docs/zh/{page}.md"
        if chapter and path.exists():
            text = path.read_text(encoding="utf-8")
            shown = rf'"((?:{"|".join(OURS)})/{chapter}/\w+)\.py'
            for module in re.findall(shown, text):
                found.setdefault(module, page)
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def imported(path: Path) -> set[Path]:
    """Our own modules that a file imports by name."""
    names = imported_names(path.read_text(encoding="utf-8"))
    files = {
        ROOT / (name.replace(".", "/") + ".py")
        for name in names
        if name.split(".")[0] in (*OURS, "tests")
    }
    return {file for file in files if file.is_file()}


@cache
def imported_names(source: str) -> frozenset[str]:
    tree = ast.parse(source)
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module}
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return frozenset(names)


def closure(paths: Iterable[Path]) -> list[Path]:
    """The files and all of ours that they import, directly or not."""
    pending, found = list(paths), set[Path]()
    while pending:
        path = pending.pop()
        if path not in found:
            found.add(path)
            if path.suffix == ".py":
                pending += imported(path)
    return sorted(found)


def meaning(path: Path) -> str:
    """What a file says: of code, all but comments, docstrings and layout."""
    text = path.read_text(encoding="utf-8")
    return bare(text) if path.suffix == ".py" else text


@cache
def bare(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and is_docstring(body[0]):
            body[0] = ast.Pass()
    return ast.unparse(tree)


def is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def digest(paths: Iterable[Path], *settings: str) -> str:
    """SHA-256 of the meaning of the files, their closure and the settings."""
    total = hashlib.sha256()
    for path in closure(paths):
        name = path.relative_to(ROOT).as_posix()
        total.update(f"{name}\0{meaning(path)}\0".encode())
    total.update("\0".join(settings).encode())
    return total.hexdigest()


def belonging(page: str) -> list[Path]:
    """The code, golden texts and tests of one page or kernel."""
    chapter = page.rpartition("/")[0] or "home"
    folders = [f"{top}/{chapter}" for top in OURS]
    folders += [f"tests/{top}/{chapter}" for top in OURS]
    if page in kernels():
        folders = ["kernels", "tests/kernels"]
    files = (
        file
        for folder in folders
        for file in sorted((ROOT / folder).glob("*"))
        if file.suffix in {".py", ".txt"} and file.name != "__init__.py"
    )
    return [
        file for file in files if page_of(file) == page and not is_oracle(file)
    ]


def is_oracle(path: Path) -> bool:
    """A test that needs the oracles' own environment: ``make oracles``."""
    return path.name.startswith("test_") and path.stem.endswith("_oracle")


def oracles(page: str) -> list[Path]:
    """The tests that hold one page against other people's models."""
    chapter = page.rpartition("/")[0]
    files = sorted(
        (ROOT / f"tests/examples/{chapter}").glob("test_*_oracle.py")
    )
    return [file for file in files if page_of(file) == page]
