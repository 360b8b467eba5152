"""MkDocs hook: what the home page counts, and its map of all chapters.

``<!-- counts -->`` and ``<!-- chapters -->`` in ``index.md`` are replaced by
what the build finds: nobody types a number or forgets a page.
"""

import re
import sys
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import records
import sources
import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from page_facts import language

OUTLINE = sources.ROOT / "docs/_data/outline.yml"
BLOCK = re.compile(
    r"^ *```python\b|^# %%(?! \[)", re.M
)  # a fence, a notebook cell
WORDS = {
    "zh": {
        "pages": "页，中英各一份",
        "blocks": "段代码，都由测试执行",
        "tests": "项测试守着这些代码",
        "proofs": "项与独立实现的对照",
        "unwritten": "待写",
    },
    "en": {
        "pages": "pages, each in both languages",
        "blocks": "blocks of code, all run by tests",
        "tests": "tests guard that code",
        "proofs": "comparisons with independent code",
        "unwritten": "to come",
    },
}


def outline() -> list[dict]:
    return yaml.safe_load(OUTLINE.read_text(encoding="utf-8"))["chapters"]


def count() -> dict[str, int]:
    """Pages and blocks that stand; tests and proofs from the stored records."""
    stored = [records.record(topic) or {} for topic in sources.topics()]
    zh = sources.ROOT / "docs/zh"
    files = [*zh.rglob("*.md"), *zh.rglob("*.py")]
    texts = [file.read_text(encoding="utf-8") for file in files]
    return {
        "pages": len(texts),
        "blocks": sum(len(BLOCK.findall(text)) for text in texts),
        "tests": sum(record.get("tests", 0) for record in stored),
        "proofs": sum(len(record.get("proof", [])) for record in stored),
    }


def counts(lang: str) -> str:
    items = "".join(
        f"<li><strong>{number:,}</strong> {WORDS[lang][key]}</li>"
        for key, number in count().items()
    )
    return f'<ul class="counts">{items}</ul>'


def chapters(lang: str, files: Files) -> str:
    cards = []
    for chapter in outline():
        if chapter["dir"] == ".":
            continue
        rows = []
        for page in chapter["pages"]:
            name = escape(page[lang])
            file = files.get_file_from_path(f"{page['path']}.md")
            rows.append(
                f'<li><a href="{file.url}">{name}</a></li>'
                if file
                else f'<li class="unwritten">{name}</li>'
            )
        written = sum("<a " in row for row in rows)
        state = (
            f"{written}/{len(rows)}" if written else WORDS[lang]["unwritten"]
        )
        cards.append(
            f'<section class="chapter"><h3 id="{chapter["dir"]}">'
            f"{escape(chapter[lang])}"
            f' <span class="state">{state}</span></h3><ul>{"".join(rows)}</ul>'
            "</section>"
        )
    return f'<div class="chapters">{"".join(cards)}</div>'


def on_page_markdown(
    markdown: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    lang = language(page)
    if "<!-- counts -->" in markdown:
        markdown = markdown.replace("<!-- counts -->", counts(lang))
    if "<!-- chapters -->" in markdown:
        here = "en/" if page.url.startswith("en/") else ""
        made = chapters(lang, files).replace(f'href="{here}', 'href="')
        markdown = markdown.replace("<!-- chapters -->", made)
    return markdown
