"""The site as a reader meets it, in headless Chromium."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
TOPICS = sorted(
    path.relative_to(ROOT / "docs/zh").with_suffix("").as_posix()
    for path in (ROOT / "docs/zh").rglob("*")
    if path.suffix in {".md", ".py"}
)
QUERIES = yaml.safe_load(
    (ROOT / "tests/docs/search_queries.yml").read_text(encoding="utf-8")
)
pytestmark = pytest.mark.browser


def address(topic: str, language: str) -> str:
    path = re.sub(r"(^|/)index$", r"\1", topic)
    prefix = "" if language == "zh" else "en/"
    return f"/{prefix}{path}{'/' if path and not path.endswith('/') else ''}"


ADDRESSES = [
    address(topic, language) for topic in TOPICS for language in ("zh", "en")
]


@dataclass
class Reader:
    """A browser page, and what went wrong or outside while it was used."""

    page: Page
    base: str
    problems: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(20_000)
        self.page.on("pageerror", lambda e: self.problems.append(str(e)))
        self.page.on(
            "console",
            lambda m: (
                self.problems.append(f"{m.text} {m.location.get('url')}")
                if m.type in ("error", "warning")
                else None
            ),
        )
        self.page.on("request", self.request)

    def request(self, request) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.outside.append(request.url)

    def open(self, path: str) -> Page:
        self.page.goto(self.base + path, wait_until="networkidle")
        return self.page


@pytest.fixture
def reader(
    browser: Browser, served: str, request: pytest.FixtureRequest
) -> Iterator[Reader]:
    options = getattr(request, "param", {})
    context = browser.new_context(
        permissions=["clipboard-read", "clipboard-write"], **options
    )
    yield Reader(context.new_page(), served)
    context.close()


def violations(page: Page) -> list[str]:
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run(document).then((r) => r.violations)")
    return [
        f"{v['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for v in found
        for node in v["nodes"][:2]
    ]


@pytest.mark.parametrize(
    "reader",
    [{"color_scheme": "light"}, {"color_scheme": "dark"}],
    ids=["light", "dark"],
    indirect=True,
)
@pytest.mark.parametrize("path", ADDRESSES)
def test_page_is_quiet_closed_and_accessible(reader: Reader, path: str) -> None:
    page = reader.open(path)
    assert not violations(page)
    assert not reader.problems
    assert not reader.outside


@pytest.mark.parametrize(
    "reader",
    [{"viewport": {"width": 390, "height": 844}}],
    ids=["phone"],
    indirect=True,
)
@pytest.mark.parametrize("path", ADDRESSES)
def test_page_fits_a_phone(reader: Reader, path: str) -> None:
    page = reader.open(path)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, "the page scrolls sideways"
    broken = page.evaluate(
        "Promise.all([...document.images].map(async (i) => {"
        " i.loading = 'eager'; await i.decode().catch(() => {});"
        " return i.naturalWidth ? null : i.src })).then(a => a.filter(Boolean))"
    )
    assert not broken


@pytest.mark.parametrize("topic", [t for t in TOPICS if t != "index"])
def test_language_switch_keeps_page_and_heading(
    reader: Reader, topic: str
) -> None:
    page = reader.open(address(topic, "zh"))
    anchors = page.eval_on_selector_all(
        ".md-content h2[id]", "all => all.map((h) => h.id)"
    )
    anchor = anchors[len(anchors) // 2]
    page.evaluate("id => document.getElementById(id).scrollIntoView()", anchor)
    page.locator(".md-header .md-select button").hover()
    page.locator(".md-select__link[hreflang=en]").click()
    page.wait_for_url(f"**{address(topic, 'en')}#{anchor}")
    assert page.locator(f"#{anchor}").count() == 1
    page.locator(".md-header .md-select button").hover()
    page.locator(".md-select__link[hreflang=zh]").click()
    page.wait_for_url(f"{reader.base}{address(topic, 'zh')}#{anchor}")
    assert not reader.problems


@pytest.mark.parametrize("path", ADDRESSES)
def test_copied_text_is_the_block(reader: Reader, path: str) -> None:
    page = reader.open(path)
    blocks = page.locator(".md-content .language-python.highlight")
    for index in range(blocks.count()):
        block = blocks.nth(index)
        block.scroll_into_view_if_needed()
        block.locator(".md-code__button[data-md-type=copy]").click(force=True)
        copied = page.evaluate("navigator.clipboard.readText()")
        shown = block.locator("code").evaluate("node => node.textContent")
        assert copied.rstrip("\n") == shown.rstrip("\n")
        assert copied.strip()
        assert "--8<--" not in copied


def search(page: Page, words: str) -> list[str]:
    box = page.locator(".md-search__input")
    page.keyboard.press("Escape")
    box.click()
    box.fill(words)
    page.keyboard.press("Shift")  # fill() alone fires no key event
    page.wait_for_selector("li.md-search-result__item", state="attached")
    page.wait_for_timeout(150)
    found = page.eval_on_selector_all(
        "li.md-search-result__item > a", "all => all.map((a) => a.pathname)"
    )
    return found[:5]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_search_finds_the_page_among_the_first_five(
    reader: Reader, language: str
) -> None:
    missed = {}
    for query, topic in QUERIES[language].items():
        page = reader.open(address("index", language))
        found = search(page, str(query))
        if address(topic, language) not in found:
            missed[query] = found
    assert not missed, json.dumps(missed, ensure_ascii=False, indent=1)
    assert len(QUERIES[language]) >= 30
    assert not reader.problems


def test_lost_address_gets_help_in_both_languages(reader: Reader) -> None:
    page = reader.open("/no/such/page/")
    text = page.locator("article").inner_text()
    assert "找不到这一页" in text
    assert "no page at this address" in text
    page.locator("article a", has_text="首页").click()
    page.wait_for_url(f"{reader.base}/")


def test_printed_page_unfolds_answers_and_hides_the_frame(
    reader: Reader,
) -> None:
    page = reader.open("/")
    page.emulate_media(media="print")
    hidden = page.locator(".md-header, .md-tabs, .md-sidebar, .md-footer")
    for index in range(hidden.count()):
        assert not hidden.nth(index).is_visible()
    answer = page.locator("details > p").first
    assert answer.bounding_box()["height"] > 10  # type: ignore[index]


@pytest.mark.parametrize(
    "reader", [{"java_script_enabled": False}], ids=["no-script"], indirect=True
)
def test_formulas_need_no_script(reader: Reader) -> None:
    page = reader.open("/image_quality/psnr/")
    assert page.locator(".katex-display .katex-html").count() >= 1
    assert page.locator("math").count() >= 1
    assert not page.locator("merror, .katex-error").count()
