"""The files of the built site: links, languages, addresses, weight."""

import gzip
import json
import re
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from lxml import html
from lxml.html import HtmlElement

from tests.docs.conftest import ADDRESS

pytestmark = pytest.mark.browser  # they share the build with the browser


@pytest.fixture(scope="module")
def parsed(site: Path) -> dict[str, HtmlElement]:
    return {
        path.relative_to(site).as_posix(): html.parse(path).getroot()
        for path in sorted(site.rglob("*.html"))
        if path.name != "404.html"
    }


def test_every_link_and_anchor_leads_somewhere(
    parsed: dict[str, HtmlElement], site: Path
) -> None:
    anchors = {n: {"", *page.xpath("//@id")} for n, page in parsed.items()}
    broken = []
    for name, page in parsed.items():
        base = f"{ADDRESS}{name}"
        for target in page.xpath("//a/@href | //link/@href | //@src"):
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
            elif unquote(whole.fragment) not in anchors.get(path, {""}):
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
    parsed: dict[str, HtmlElement],
) -> None:
    for name, page in parsed.items():
        own = f"{ADDRESS}{name.removesuffix('index.html')}"
        topic = own.removeprefix(ADDRESS).removeprefix("en/")
        links = {
            tag.get("hreflang"): tag.get("href")
            for tag in page.xpath("//link[@hreflang]")
            if "alternate" in tag.get("rel").split()
        }
        assert links == {
            "zh-Hans": f"{ADDRESS}{topic}",
            "en": f"{ADDRESS}en/{topic}",
            "x-default": f"{ADDRESS}{topic}",
        }
        assert page.xpath("//link[@rel='canonical']/@href") == [own]
        language = "en" if name.startswith("en/") else "zh"
        assert page.get("lang").startswith(language)


def test_sitemap_names_every_page(
    parsed: dict[str, HtmlElement], site: Path
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
    parsed: dict[str, HtmlElement],
) -> None:
    for name, page in parsed.items():
        (end,) = page.find_class("page-end")
        assert end.xpath(".//time"), name
        assert end.xpath(".//a[@rel='edit']"), name
        assert end.xpath(".//a[contains(@href, 'issues/new')]"), name


def test_formulas_carry_mathml_and_their_source(
    parsed: dict[str, HtmlElement],
) -> None:
    count = 0
    for page in parsed.values():
        for formula in page.find_class("arithmatex"):
            count += 1
            assert formula.xpath(".//math//annotation")
            assert formula.find_class("katex-html")
    assert count > 100


def test_pictures_keep_their_place_while_they_load(
    parsed: dict[str, HtmlElement],
) -> None:
    """With its size known, a picture that comes late moves no text."""
    for name, page in parsed.items():
        for picture in page.xpath("//article//img"):
            assert int(picture.get("width")) > 0, name
            assert int(picture.get("height")) > 0, name


def test_home_counts_what_stands(parsed: dict[str, HtmlElement]) -> None:
    numbers = [
        parsed[name].xpath("//*[@class='counts']//strong/text()")
        for name in ("index.html", "en/index.html")
    ]
    assert numbers[0] == numbers[1]
    zh_pages = [name for name in parsed if not name.startswith("en/")]
    assert numbers[0][0] == str(len(zh_pages))
    assert all(int(number.replace(",", "")) > 0 for number in numbers[0])


def test_no_page_is_heavier_than_a_reader_waits_for(site: Path) -> None:
    """Generous: 'make bench' prints the figures, this stops accidents."""
    for path in site.rglob("*.html"):
        assert len(gzip.compress(path.read_bytes())) < 150_000, path
