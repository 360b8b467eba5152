"""MkDocs hook: one search index a language, and words that readers type.

static-i18n puts both languages into one index; here each gets its own, at
``/search/`` and ``/en/search/``. Chinese is cut into short words, so that 去噪
finds 图像去噪. A page that uses a term of ``glossary.yml`` is found by the
term's other words as well. English has no stemmer: with one, "denoising" would
not find itself, because the search box appends ``*``. Nobody searches for words
of code: blocks are set aside while the theme reads the pages for its index.
"""

import html
import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import sources
import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

try:
    import jieba
except ImportError:  # told in on_config, with the remedy
    jieba: Any = None

GLOSSARY = sources.ROOT / "docs/_data/glossary.yml"
WORDS = sources.ROOT / "docs/_data/search_words.txt"  # of the field, short
HAN = re.compile(r"[\u200b\u4e00-\u9fff]+")
BREAK = "\u200b"  # a space that nobody sees
BLOCK = '<div class="highlight"'
CODE = re.compile(r"<pre\b.*?</pre>", re.S)
ASIDE = re.compile(r'<pre data-aside="(\d+)"></pre>')
aside: dict[str, list[str]] = {}  # the blocks of a page, by its address


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    if jieba is None:
        raise PluginError(
            "jieba is not installed, so Chinese search would find nothing: "
            "run 'make install'"
        )
    jieba.setLogLevel("ERROR")
    return config


@event_priority(-100)  # when every block stands
def on_page_content(
    content: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    blocks = aside[page.url] = CODE.findall(content)
    numbers = iter(range(len(blocks)))
    return CODE.sub(
        lambda _: f'<pre data-aside="{next(numbers)}"></pre>', content
    ).replace(BLOCK, f'{BLOCK} data-search-exclude="yes"')


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    blocks = aside.pop(page.url)
    return ASIDE.sub(lambda found: blocks[int(found[1])], output)


@cache
def dictionary() -> Any:
    """jieba with the field's own words."""
    for word in WORDS.read_text(encoding="utf-8").split():
        jieba.add_word(word)
    return jieba


@cache
def short_words(run: str) -> str:
    """图像去噪 as 图像 and 去噪: long words fall apart into known ones."""
    words = dictionary()
    parts: list[str] = []
    for word in words.cut(run):
        pieces = [word]
        if len(word) > 2:
            inner = [
                w for w in words.cut_for_search(word) if len(w) < len(word)
            ]
            pieces = tiling(word, inner) or [word]
        parts += pieces
    return BREAK.join(parts)


def tiling(word: str, pieces: list[str]) -> list[str]:
    """The pieces, shortest cut first, that together spell the word."""
    if not word:
        return []
    for piece in pieces:
        if word.startswith(piece):
            rest = tiling(word[len(piece) :], pieces)
            if rest or len(piece) == len(word):
                return [piece, *rest]
    return []


def cut(text: str) -> str:
    def recut(run: re.Match[str]) -> str:
        whole = run.group().replace(BREAK, "")
        return f"{BREAK}{short_words(whole)}{BREAK}" if whole else ""

    return HAN.sub(recut, text).strip(BREAK)


@cache
def glossary() -> list[dict]:
    return yaml.safe_load(GLOSSARY.read_text(encoding="utf-8"))


def other_words(text: str, language: str) -> list[str]:
    """What else readers call the terms that a page uses."""
    plain = html.unescape(text.replace(BREAK, ""))
    found: list[str] = []
    for term in glossary():
        lead = term["zh"].split(" ")[0] if language == "zh" else term["en"]
        if lead.lower() in plain.lower():
            words = (
                [term["en"], *term.get("also", [])] if language == "zh" else []
            )
            found += [w for w in words if w.lower() not in plain.lower()]
    return found


def prepared(documents: list[dict], language: str) -> list[dict]:
    pages: dict[str, str] = {}
    for entry in documents:
        url = entry["location"].partition("#")[0]
        pages[url] = pages.get(url, "") + entry["title"] + entry["text"]
    result = []
    for entry in documents:
        text = entry["text"]
        if "#" not in entry["location"]:
            words = other_words(pages[entry["location"]], language)
            text += f"<p>{' · '.join(words)}</p>" if words else ""
        if language == "zh":
            entry = entry | {"title": cut(entry["title"]), "text": cut(text)}
        result.append(entry)
    return result


@event_priority(-100)
def on_post_build(config: MkDocsConfig) -> None:
    site = Path(config.site_dir)
    index = site / "search/search_index.json"
    if site.name == "en" or not index.is_file():
        return
    found = json.loads(index.read_text(encoding="utf-8"))
    languages: dict[str, list[dict]] = {"zh": [], "en": []}
    for entry in found["docs"]:
        english = entry["location"].startswith("en/")
        location = entry["location"].removeprefix("en/")
        languages["en" if english else "zh"].append(
            entry | {"location": location}
        )
    if not languages["en"]:
        return  # the first of the two builds; the second brings English
    for language, documents in languages.items():
        settings = found["config"] | {
            "lang": ["zh", "en"] if language == "zh" else ["en"],
            "pipeline": [],
        }
        folder = site / ("search" if language == "zh" else "en/search")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "search_index.json").write_text(
            json.dumps(
                {"config": settings, "docs": prepared(documents, language)},
                ensure_ascii=False,
                separators=(",", ":"),
            ),
            encoding="utf-8",
        )
