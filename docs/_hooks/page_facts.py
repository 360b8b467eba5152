"""MkDocs hook: what a reader wants to know of a page before and after it.

Under the title: how hard the page is, and what to read first. At its end: when
and with which versions its code was last verified, and where to report an
error. The templates in ``docs/_overrides`` print what is gathered here.
"""

import os
import re
import sys
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parent))

import records
import sources
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url
from stored_rows import topic

EMPTY_HEADER = re.compile(r"<th([^>]*)></th>")
LEVELS = {
    "zh": {1: "入门", 2: "需要基础", 3: "进阶"},
    "en": {1: "beginner", 2: "needs the basics", 3: "advanced"},
}
WORDS = {
    "zh": {"level": "难度", "before": "先读", "comma": "、"},
    "en": {"level": "Level", "before": "Read first", "comma": ", "},
}


def language(page: Page) -> str:
    path = Path(str(page.file.abs_src_path)).relative_to(sources.ROOT / "docs")
    return path.parts[0]


def facts(page: Page, files: Files) -> str:
    """One line under the title, empty when the page states nothing."""
    words, level = WORDS[language(page)], page.meta.get("difficulty")
    if level not in (None, 1, 2, 3):
        raise PluginError(
            f"{page.file.src_uri}: difficulty is {level!r}; it must be 1, 2 or 3"
        )
    parts = []
    if level:
        dots = "●" * level + "○" * (3 - level)
        parts.append(
            f'{words["level"]} <span class="dots" aria-hidden="true">{dots}'
            f"</span> {LEVELS[language(page)][level]}"
        )
    links = []
    for path in page.meta.get("before") or []:
        other = files.get_file_from_path(f"{path}.md")
        if other is None or other.page is None:
            if os.environ.get("ONLY"):
                continue
            raise PluginError(
                f"{page.file.src_uri}: 'before' names no page: {path}"
            )
        url = get_relative_url(other.url, page.url)
        links.append(f'<a href="{url}">{title(other.page)}</a>')
    if links:
        parts.append(f"{words['before']} {words['comma'].join(links)}")
    return f'<p class="facts">{" · ".join(parts)}</p>' if parts else ""


def title(page: Page) -> str:
    """The title of a page that may not have been read yet."""
    text = Path(str(page.file.abs_src_path)).read_text(encoding="utf-8")
    return text.partition("title: ")[2].partition("\n")[0].strip("'\" ")


def on_page_content(
    content: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    # the empty corner of a table heads nothing
    content = EMPTY_HEADER.sub(r"<td\1></td>", content)
    head, closing, rest = content.partition("</h1>")
    line = facts(page, files).replace("<p ", '<p data-search-exclude="yes" ')
    return f"{head}{closing}\n{line}{rest}" if closing else content


def on_page_context(
    context: dict, page: Page, config: MkDocsConfig, nav: Navigation
) -> dict:
    context["verified"] = records.record(topic(page))
    if repository := config.extra.get("repository"):
        source = Path(str(page.file.abs_src_path)).relative_to(sources.ROOT)
        subject = quote(f"{source}: ")
        context["edit_page"] = f"{repository}/edit/main/{source}"
        context["report_error"] = f"{repository}/issues/new?title={subject}"
    return context
