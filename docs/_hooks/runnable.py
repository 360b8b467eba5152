"""MkDocs hook: each shown block knows its program, written once per section.

    programs/examples/pooling/spp/pyramid.py    the block and all it needs
    programs/examples/pooling/spp.py, .ipynb    what the whole module runs
    programs/examples/pooling/spp.js            all of them, loaded on demand

Both languages point at the same files. A page carries one attribute a block
and, at its end, a list of its complete programs. ``program.py`` does the work.
"""

import json
import re
import sys
from functools import cache
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import ast

import sources
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url
from page_facts import language
from program import NotSliceable, complete, load, program

FENCE = re.compile(
    r"^(?P<indent> *)```python(?P<options>.*)\n"
    r"(?P<body>(?:.*\n)*?)(?P=indent)```$",
    re.M,
)
INCLUDE = re.compile(r'--8<-- "(?P<path>[\w/]+\.py)(?::(?P<section>[\w-]+))?"')
WORDS = {
    "zh": {
        "title": "完整程序",
        "lead": "复制或下载后单独运行，不需要本站的任何文件；文件头写明了所需的包，"
        "<code>uv run 文件名</code> 会自动备齐。",
    },
    "en": {
        "title": "The complete program",
        "lead": "Copied or downloaded, it runs by itself and needs no file of this site; "
        "its header names the packages, and <code>uv run FILE</code> fetches them.",
    },
}
shown: dict[str, dict[str, str]] = {}  # path: {sections joined by +: program}


@cache
def pinned() -> dict[str, str]:
    """The version of every package, from the one place that says."""
    text = (sources.ROOT / "constraints.txt").read_text(encoding="utf-8")
    pairs = re.findall(r"^([\w.-]+)==(\S+)", text, re.M)
    return {name.lower(): version for name, version in pairs}


def included(body: str) -> tuple[str, list[str]]:
    """Path and sections of one fence; every line of it is an include."""
    found = [
        INCLUDE.fullmatch(line.strip())
        for line in body.splitlines()
        if line.strip()
    ]
    matches = [match for match in found if match]
    paths = {match["path"] for match in matches}
    if len(matches) != len(found) or len(paths) != 1:
        raise ValueError(
            "a python block must show sections of one file, each line "
            f'--8<-- "file.py:section":\n{body}'
        )
    return paths.pop(), [
        match["section"] for match in matches if match["section"]
    ]


def add(body: str) -> tuple[str, str]:
    """Register the program of one fence: its path and its sections."""
    path, sections = included(body)
    name = "+".join(sections)
    if name not in shown.setdefault(path, {}):
        shown[path][name] = program(sources.ROOT / path, *sections)
    return path, name


def as_shown(path: str, name: str) -> str:
    """What stands on the page: the lines of the sections."""
    module = load(sources.ROOT / path)
    if not name:
        return program(sources.ROOT / path)
    lines: list[str] = []
    for section in name.split("+"):
        start, end = module.sections[section]
        lines += module.lines[start : end - 1]
    return "\n".join(ln for ln in lines if "--8<--" not in ln)


def runs(path: Path) -> bool:
    return "\ndef main(" in path.read_text(encoding="utf-8")


def complete_programs(markdown: str) -> list[str]:
    """The files of a page that run whole: modules with a ``main``, or else the
    snippets."""
    paths: list[str] = []
    for fence in FENCE.finditer(markdown):
        path, _ = included(fence["body"])
        if path not in paths:
            paths.append(path)
    modules = [
        path
        for path in paths
        if not path.startswith("snippets/") and runs(sources.ROOT / path)
    ]
    modules.sort(key=lambda path: len(path))  # the page's own module first
    return modules or [path for path in paths if path.startswith("snippets/")]


def promise(path: str) -> str:
    """The first sentence of a module's docstring."""
    docstring = ast.get_docstring(load(sources.ROOT / path).tree) or ""
    return docstring.partition("\n")[0]


def ending(markdown: str, page: Page) -> str:
    words, items = WORDS[language(page)], []
    for path in complete_programs(markdown):
        shown.setdefault(path, {})
        target = get_relative_url(f"programs/{path}", page.url)
        told = escape(promise(path))
        items.append(
            f'<li data-program="{target}" data-section="">'
            f"<code>{Path(path).name}</code>"
            f'<a href="{target}" download>.py</a> '
            f'<a href="{target.removesuffix("py")}ipynb" download>.ipynb</a>'
            + (f'<br><span lang="en">{told}</span>' if told else "")
            + "</li>"
        )
    if not items:
        return ""
    return (
        f"\n\n## {words['title']} {{ #program data-search-exclude='yes' }}\n\n"
        f'<p class="programs-lead">{words["lead"]}</p>\n\n'
        f'<ul class="programs">{"".join(items)}</ul>\n'
    )


def on_page_markdown(
    markdown: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    def mark(fence: re.Match[str]) -> str:
        indent, options, body = fence.group("indent", "options", "body")
        try:
            path, name = add(body)
            differs = shown[path][name].strip() != as_shown(path, name).strip()
        except (NotSliceable, ValueError, OSError) as problem:
            raise PluginError(f"{place(page, body)}: {problem}") from problem
        if not differs:
            return fence.group()
        target = get_relative_url(f"programs/{path}", page.url)
        attributes = f'data-program="{target}" data-section="{name}"'
        return (
            f"{indent}```{{.python{options} {attributes}}}\n{body}{indent}```"
        )

    return FENCE.sub(mark, markdown) + ending(markdown, page)


def place(page: Page, body: str) -> str:
    source = Path(str(page.file.abs_src_path))
    text = source.read_text(encoding="utf-8")
    line = text[: max(text.find(body.strip("\n")), 0)].count("\n") + 1
    return f"{source.relative_to(sources.ROOT)}:{line}"


def on_post_build(config: MkDocsConfig) -> None:
    if config.theme["language"] != "zh":
        return  # both languages point at the same files
    for path, texts in shown.items():
        whole = complete(sources.ROOT / path, pinned())
        texts = {**texts, "": whole}
        module = Path(config.site_dir, "programs", path)
        module.with_suffix("").mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            target = module.with_suffix("") / f"{name}.py" if name else module
            target.write_text(text, encoding="utf-8")
        book = module.with_suffix(".ipynb")
        book.write_text(
            notebook(program(sources.ROOT / path)), encoding="utf-8"
        )
        script = module.with_suffix(".js")
        script.write_text(
            "(window.programs ??= {})[document.currentScript.src] = "
            f"{json.dumps(texts, ensure_ascii=False)}\n",
            encoding="utf-8",
        )


def notebook(code: str) -> str:
    """Definitions in one cell, and what runs them in a second."""
    definitions, guard, run = code.partition(
        '\n\n\nif __name__ == "__main__":\n'
    )
    cells = [definitions] + ([run.replace("    ", "", 1)] if guard else [])
    kernel = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {"kernelspec": kernel},
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"cell-{number}",
                    "metadata": {},
                    "outputs": [],
                    "execution_count": None,
                    "source": cell.strip("\n"),
                }
                for number, cell in enumerate(cells, 1)
            ],
        },
        ensure_ascii=False,
        indent=1,
    )
