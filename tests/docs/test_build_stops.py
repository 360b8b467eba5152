"""A broken page stops the build, and the message says where and why.

A small copy of the site (the home page, one page, its code) is broken in one
place and built for real.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.isolation import ForkServer, FreshInterpreters, runner

ROOT = Path(__file__).parents[2]
PAGE = """---
title: 页
description: 一页
difficulty: 1
before: []
---

# 题 {{ #topic }}

{body}
"""
MODULE = '''"""A figure."""

from matplotlib.figure import Figure


# --8<-- [start:draw]
def line_figure() -> Figure:
    figure = Figure()
    figure.subplots().plot([0, 1])
    return figure


# --8<-- [end:draw]
'''
FENCE = '```python title="examples/opencv/page.py"\n--8<-- "{}"\n```\n'
FIGURE = "![line](../assets/figures/opencv/page_line_figure.svg)\n"


BUILD = """
import os, sys, warnings
os.dup2(1, 2)
os.chdir({root!r})
os.environ["SITE_URL"] = ""
warnings.resetwarnings()
{first}
from mkdocs.__main__ import cli
cli(["build", "-d", "out"])
"""


@pytest.fixture(scope="module")
def builder() -> Iterator[ForkServer | FreshInterpreters]:
    """Imports what a build imports, once for all builds."""
    server = runner(
        "jieba",
        "material.plugins.search.plugin",
        "mkdocs.__main__",
        "mkdocs_jupyter.plugin",
        "mkdocs_static_i18n.plugin",
        "pymdownx.superfences",
    )
    yield server
    server.close()


class Site:
    """A small site in a folder of its own, and what its build says."""

    def __init__(
        self, root: Path, builder: ForkServer | FreshInterpreters
    ) -> None:
        self.root, self.builder = root, builder

    def __truediv__(self, path: str) -> Path:
        return self.root / path

    def build(self, first: str = "") -> str:
        """Empty when the build passes, else what it says."""
        code = BUILD.format(root=str(self.root), first=first)
        try:
            self.builder.run(code)
        except RuntimeError as problem:
            return str(problem)
        return ""

    def write(self, body: str) -> None:
        for language in ("zh", "en"):
            path = self.root / "docs" / language / "opencv/page.md"
            path.write_text(PAGE.format(body=body), encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path, builder: ForkServer | FreshInterpreters) -> Site:
    """A site of two pages that builds."""
    site = Site(tmp_path, builder)
    for name in ("_hooks", "_overrides", "_data", "assets"):
        shutil.copytree(ROOT / "docs" / name, tmp_path / "docs" / name)
    shutil.rmtree(tmp_path / "docs/_hooks/__pycache__", ignore_errors=True)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    shutil.copytree(ROOT / ".cache/formulas", tmp_path / ".cache/formulas")
    shutil.copy(ROOT / "constraints.txt", tmp_path)
    for folder in ("examples/opencv", "snippets", "kernels"):
        (tmp_path / folder).mkdir(parents=True)
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    head = text.partition("\nnav:")[0]
    nav = "\nnav:\n  - index.md\n  - OpenCV:\n      - opencv/page.md\n"
    (tmp_path / "mkdocs.yml").write_text(head + nav, encoding="utf-8")
    for language in ("zh", "en"):
        folder = tmp_path / "docs" / language
        (folder / "opencv").mkdir(parents=True)
        home = "---\ntitle: 首页\n---\n\n# 首页 { #home }\n"
        (folder / "index.md").write_text(home, encoding="utf-8")
    site.write(FENCE.format("examples/opencv/page.py:draw") + FIGURE)
    (tmp_path / "examples/__init__.py").touch()
    (tmp_path / "examples/opencv/__init__.py").touch()
    module = tmp_path / "examples/opencv/page.py"
    module.write_text(MODULE, encoding="utf-8")
    return site


def test_the_copy_builds_as_it_is(copy: Site) -> None:
    assert copy.build() == ""
    assert (copy / "out/en/opencv/page/index.html").is_file()
    picture = copy / "out/assets/figures/opencv/page_line_figure.svg"
    assert picture.is_file()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (FENCE.format("examples/opencv/page.py:lost"), "lost"),
        (FENCE.format("examples/opencv/lost.py"), "lost.py"),
        ("$$\\frac{a}$$", "docs/zh/opencv/page.md:10: KaTeX parse error"),
        ("[there](nowhere.md)", "nowhere.md"),
        ("[there](../index.md#nowhere)", "nowhere"),
        (
            FIGURE.replace("line_figure", "no_figure"),
            "docs/zh/opencv/page.md:10: the figure page_no_figure.svg",
        ),
        (
            FIGURE.replace("page_line", "lost_line"),
            "no module in examples/opencv draws lost_line_figure",
        ),
        (
            "| a |\n|---|\n<!-- rows: ours -->",
            "docs/zh/opencv/page.md:12: no such rows are stored",
        ),
    ],
    ids=lambda value: value[:24].replace("\n", " "),
)
def test_broken_page_stops_the_build(
    copy: Site, body: str, message: str
) -> None:
    copy.write(body)
    said = copy.build()
    assert said, "the broken page was built"
    assert message in said


def test_missing_twin_stops_the_build(copy: Site) -> None:
    (copy / "docs/en/opencv/page.md").unlink()
    said = copy.build()
    assert "docs/zh/opencv/page.md:1: has no twin" in said


def test_failing_figure_stops_the_build_with_its_reason(copy: Site) -> None:
    module = copy / "examples/opencv/page.py"
    broken = MODULE.replace("figure = Figure()", "raise ValueError('no ink')")
    module.write_text(broken, encoding="utf-8")
    said = copy.build()
    assert "docs/zh/opencv/page.md:13" in said
    assert "ValueError: no ink" in said


def test_missing_jieba_stops_the_build(copy: Site) -> None:
    said = copy.build("sys.modules['jieba'] = None")
    assert "jieba is not installed" in said


def test_figure_is_drawn_again_only_when_its_code_changes(copy: Site) -> None:
    assert copy.build() == ""
    cache = copy / ".cache/figures"
    first = {path.name: path.stat().st_mtime_ns for path in cache.iterdir()}
    assert len(first) == 1
    module = copy / "examples/opencv/page.py"
    module.write_text(MODULE + "\n# a remark\n", encoding="utf-8")
    assert copy.build() == ""
    assert first == {p.name: p.stat().st_mtime_ns for p in cache.iterdir()}
    module.write_text(MODULE.replace("[0, 1]", "[1, 0]"), encoding="utf-8")
    assert copy.build() == ""
    assert len(list(cache.iterdir())) == 2
