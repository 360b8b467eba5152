"""MkDocs hook: ``<!-- timeline -->`` becomes a chapter's papers in order.

The order and the years are the outline's. What a page of a paper says of it
in its front matter stands beside them:

    year: 2015                 as in the outline
    first: 2014-11             when the paper could first be read …
    arxiv: "1411.4038"         … and where
    venue: CVPR 2015           where it was published in the end
    idea: 全连接变卷积           what was new, in the page's language

A paper whose page is not written yet stands without a link.
"""

import re
import sys
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import sources
import yaml
from home import outline
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url
from page_facts import language

MARKER = "<!-- timeline -->"
ARXIV = re.compile(r"\d{4}\.\d{4,5}")
KEYS = ("year", "first", "arxiv", "venue", "idea")


def papers(chapter: str) -> list[dict]:
    """The outline's pages of a chapter that have a year."""
    (found,) = (c for c in outline() if c["dir"] == chapter)
    return [page for page in found["pages"] if "year" in page]


def matter(path: Path) -> dict:
    """The front matter of a page, empty where there is none."""
    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8")
    return yaml.safe_load(text.split("---\n")[1]) if "---\n" in text else {}


def problems(lang: str, paper: dict) -> list[str]:
    """What a written page of a paper does not say as it must."""
    said = matter(sources.ROOT / f"docs/{lang}/{paper['path']}.md")
    found = [f"{key} is missing" for key in KEYS if said and key not in said]
    if said and not found:
        if said["year"] != paper["year"]:
            found.append(f"year is {said['year']}, not {paper['year']}")
        if not re.fullmatch(r"(19|20)\d\d-[01]\d", str(said["first"])):
            found.append(f"first is {said['first']!r}; must be like 2014-11")
        number = said["arxiv"]  # unquoted, YAML would make it another one
        if not isinstance(number, str) or not ARXIV.fullmatch(number):
            found.append(f"arxiv is {number!r}; must be quoted digits")
    return found


def item(name: str, url: str | None, said: dict, year: str) -> str:
    shown = f'<a href="{url}">{name}</a>' if url else name
    when = ""
    if said:
        arxiv, first = said["arxiv"], said["first"]
        when = (
            f'<a href="https://arxiv.org/abs/{arxiv}">arXiv {first}</a>'
            f" · {escape(said['venue'])}"
        )
    state = "" if url else ' class="unwritten"'
    return (
        f'<li{state}><span class="year">{year}</span>'
        f'<strong>{shown}</strong> <span class="when">{when}</span>'
        f"<span>{escape(said.get('idea', ''))}</span></li>"
    )


def timeline(lang: str, page: Page, files: Files) -> str:
    chapter = Path(page.file.src_uri).parts[-2]
    items, last = [], 0
    for paper in papers(chapter):
        path = sources.ROOT / f"docs/{lang}/{paper['path']}.md"
        file = files.get_file_from_path(f"{paper['path']}.md")
        url = get_relative_url(file.url, page.url) if file else None
        year = str(paper["year"]) if paper["year"] != last else ""
        last = paper["year"]
        items.append(item(escape(paper[lang]), url, matter(path), year))
    return f'<ol class="timeline">{"".join(items)}</ol>'


def on_page_markdown(
    markdown: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    if MARKER in markdown:
        made = timeline(language(page), page, files)
        markdown = markdown.replace(MARKER, made)
    return markdown
