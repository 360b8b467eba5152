"""The files of the built site: links, languages, addresses, weight."""

import gzip
import json
import re
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup

from tests.docs.conftest import ADDRESS

pytestmark = pytest.mark.browser  # they share the build with the browser


def pages(site: Path) -> dict[str, BeautifulSoup]:
    return {
        path.relative_to(site).as_posix(): BeautifulSoup(
            path.read_text(encoding="utf-8"), "html.parser"
        )
        for path in sorted(site.rglob("*.html"))
        if path.name != "404.html"
    }


@pytest.fixture(scope="module")
def parsed(site: Path) -> dict[str, BeautifulSoup]:
    return pages(site)


def test_every_link_and_anchor_leads_somewhere(
    parsed: dict[str, BeautifulSoup], site: Path
) -> None:
    broken = []
    for name, html in parsed.items():
        base = f"{ADDRESS}{name}"
        for tag in html.select("a[href], img[src], link[href], script[src]"):
            target = str(tag.get("href") or tag.get("src"))
            whole = urlsplit(urljoin(base, target))
            if whole.netloc != urlsplit(ADDRESS).netloc:
                continue
            path = unquote(whole.path).lstrip("/")
            if path.startswith("repository"):
                continue
            if not path or path.endswith("/"):
                path += "index.html"
            if not (site / path).is_file():
                broken.append(f"{name}: {target}")
            elif whole.fragment and path.endswith(".html"):
                anchor = unquote(whole.fragment)
                if not parsed[path].find(id=anchor):
                    broken.append(f"{name}: no anchor {target}")
    assert not broken


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    loads = re.compile(
        r"""(?:src|href)=["']?(?:https?:)?//[^"'\s>]+\.(?:js|css|woff2?|png|svg)"""
        r"""|url\(["']?(?:https?:)?//|@import"""
    )
    for path in [*site.rglob("*.html"), *site.rglob("*.css")]:
        text = path.read_text(encoding="utf-8").replace(ADDRESS, "/")
        assert not loads.findall(text), path


def test_languages_point_at_each_other(
    parsed: dict[str, BeautifulSoup],
) -> None:
    for name, html in parsed.items():
        own = f"{ADDRESS}{name.removesuffix('index.html')}"
        topic = own.removeprefix(ADDRESS).removeprefix("en/")
        links = {
            str(tag["hreflang"]): str(tag["href"])
            for tag in html.select("link[hreflang]")
            if "alternate" in tag.get_attribute_list("rel")
        }
        assert links == {
            "zh-Hans": f"{ADDRESS}{topic}",
            "en": f"{ADDRESS}en/{topic}",
            "x-default": f"{ADDRESS}{topic}",
        }
        canonical = html.select_one("link[rel=canonical]")
        assert canonical is not None
        assert canonical["href"] == own
        language = "en" if name.startswith("en/") else "zh"
        assert str(html.html and html.html["lang"]).startswith(language)


def test_sitemap_names_every_page(
    parsed: dict[str, BeautifulSoup], site: Path
) -> None:
    text = (site / "sitemap.xml").read_text(encoding="utf-8")
    named = set(re.findall(r"<loc>(.*?)</loc>", text))
    assert named == {
        f"{ADDRESS}{name.removesuffix('index.html')}" for name in parsed
    }


def test_each_language_searches_its_own_pages(site: Path) -> None:
    for folder, prefix in (("search", ""), ("en/search", "en/")):
        index = json.loads(
            (site / folder / "search_index.json").read_text(encoding="utf-8")
        )
        for entry in index["docs"]:
            path = entry["location"].partition("#")[0]
            assert not path.startswith("en/")
            assert (site / prefix / path / "index.html").is_file()
            text = entry["title"] + entry["text"]
            assert "import numpy" not in text, "code is in the index"
            assert "\\frac" not in text, "formulas are in the index"


def test_pages_tell_when_they_were_verified(
    parsed: dict[str, BeautifulSoup],
) -> None:
    for name, html in parsed.items():
        end = html.select_one(".page-end")
        assert end is not None, name
        assert end.select_one("time"), name
        assert end.select_one("a[rel=edit]"), name
        assert "issues/new" in str(end)


def test_formulas_carry_mathml_and_their_source(
    parsed: dict[str, BeautifulSoup],
) -> None:
    count = 0
    for html in parsed.values():
        for formula in html.select(".arithmatex"):
            count += 1
            assert formula.select_one("math annotation")
            assert formula.select_one(".katex-html")
    assert count > 100


def test_home_counts_what_stands(parsed: dict[str, BeautifulSoup]) -> None:
    home, english = parsed["index.html"], parsed["en/index.html"]
    numbers = [
        [strong.get_text() for strong in html.select(".counts strong")]
        for html in (home, english)
    ]
    assert numbers[0] == numbers[1]
    zh_pages = [name for name in parsed if not name.startswith("en/")]
    assert numbers[0][0] == str(len(zh_pages))
    assert all(int(number.replace(",", "")) > 0 for number in numbers[0])


def test_no_page_is_heavier_than_a_reader_waits_for(site: Path) -> None:
    """Generous: 'make bench' prints the figures, this stops accidents."""
    for path in site.rglob("*.html"):
        assert len(gzip.compress(path.read_bytes())) < 150_000, path
