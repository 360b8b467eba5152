"""MkDocs hook: both languages tell the same story, or the build stops.

A page and its twin have the same headings with the same anchors, include the
same code in the same order, and show the same formulas and figures. Prose is
the translator's; everything else is held here, with file and line.
"""

import re
from itertools import zip_longest
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError

FENCE = re.compile(r"^( *)```.*?^\1```$", re.M | re.S)
FRONT_MATTER = re.compile(r"\A---\n.*?^---\n", re.M | re.S)
PARTS = {
    "heading": re.compile(r"^(#+) .*?(\{ #[a-z0-9-]+ \}|$)$", re.M),
    "include": re.compile(r'^ *--8<-- "(.+)"$', re.M),
    "formula": re.compile(r"\$\$(.+?)\$\$", re.S),
    "figure": re.compile(r"!\[.+?\]\((.+?)\)"),
    "stored rows": re.compile(r"^<!-- (.+) -->$", re.M),
    "question": re.compile(r'^\?\?\? question "(★+) ', re.M),
}
ANY_HEADING = re.compile(r"^#+ (?!.*\{ #[a-z0-9-]+ \}$).*$", re.M)


def without_fences(text: str) -> str:
    """The text with fences and front matter emptied, so that lines still count."""

    def empty(found: re.Match[str]) -> str:
        return "\n" * found.group().count("\n")

    return FENCE.sub(empty, FRONT_MATTER.sub(empty, text))


def line(text: str, position: int) -> int:
    return text[:position].count("\n") + 1


def differences(topic: str, docs: Path) -> list[str]:
    """What the two pages of one topic do not share, each with file and line."""
    texts = {}
    for language in ("zh", "en"):
        path = docs / language / topic
        texts[language] = path.read_text(encoding="utf-8")
    problems = []
    for language, text in texts.items():
        for found in ANY_HEADING.finditer(without_fences(text)):
            problems.append(
                f"docs/{language}/{topic}:{line(text, found.start())}: a heading "
                "without an anchor; write '## Heading { #anchor }'"
            )
    for part, pattern in PARTS.items():
        prepared = {
            language: text if part == "include" else without_fences(text)
            for language, text in texts.items()
        }
        found = {
            language: list(pattern.finditer(text))
            for language, text in prepared.items()
        }
        for zh, en in zip_longest(found["zh"], found["en"]):
            if zh and en and zh.groups() == en.groups():
                continue
            language, here = ("zh", zh) if zh else ("en", en)
            assert here is not None  # zip_longest stops when both are done
            says = " ".join(en.groups()) if zh and en else "nothing"
            problems.append(
                f"docs/{language}/{topic}:"
                f"{line(prepared[language], here.start())}: {part} "
                f"{' '.join(here.groups())!r} stands against {says!r} in the "
                "other language"
            )
            break
    return problems


def missing(docs: Path) -> list[str]:
    """Pages that stand in one language only."""
    pages = {
        language: {
            path.relative_to(docs / language).as_posix()
            for path in (docs / language).rglob("*")
            if path.suffix in {".md", ".py"}
        }
        for language in ("zh", "en")
    }
    return [
        f"docs/{there}/{topic}:1: has no twin: write docs/{here}/{topic}"
        for here, there in (("zh", "en"), ("en", "zh"))
        for topic in sorted(pages[there] - pages[here])
    ]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    docs = Path(config.docs_dir)
    problems = missing(docs)
    if not problems:
        for path in sorted((docs / "zh").rglob("*.md")):
            topic = path.relative_to(docs / "zh").as_posix()
            problems += differences(topic, docs)
    if problems:
        raise PluginError("\n".join(problems))
    return config
