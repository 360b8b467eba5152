"""The site as a reader meets it, in headless Chromium."""

import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import runnable
import yaml
from playwright.sync_api import Browser, Page
from program import complete

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


COPY_EVERY_BLOCK = (ROOT / "tests/docs/copy_every_block.js").read_text("utf-8")
DONE = re.compile("已复制|Copied")
STILL = "*, ::before, ::after { transition: none !important }"
TOPIC_OF = {
    address(topic, language): topic
    for topic in TOPICS
    for language in ("zh", "en")
}
ADDRESSES = list(TOPIC_OF)


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
        self.page.goto(self.base + path, wait_until="load")
        self.page.evaluate("document.fonts.ready.then(() => null)")
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


def violations(page: Page, only: str = "") -> list[str]:
    options = f"{{runOnly: ['{only}']}}" if only else "{}"
    found = page.evaluate(
        f"axe.run(document, {options}).then(r => r.violations)"
    )
    return [
        f"{v['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for v in found
        for node in v["nodes"][:2]
    ]


# Thousands of spans of code and formulas look alike: one of a kind stays.
ONE_OF_A_KIND = """() => {
  const seen = new Set()
  const spans = ".md-content :is(.highlight code, .katex-html) span"
  for (const span of [...document.querySelectorAll(spans)]) {
    if (seen.has(span.className)) span.replaceWith(...span.childNodes)
    else seen.add(span.className)
  }
}"""


def inaccessible(page: Page) -> list[str]:
    """What axe finds in the light scheme, and of contrast in the dark one."""
    page.evaluate(ONE_OF_A_KIND)
    page.add_script_tag(path=AXE)
    page.add_style_tag(content=STILL)  # or axe sees colors on their way
    light = violations(page)
    page.evaluate("document.body.dataset.mdColorScheme = 'slate'")
    dark = violations(page, only="color-contrast")
    page.evaluate("document.body.dataset.mdColorScheme = 'default'")
    return light + [f"dark: {said}" for said in dark]


def clipboard(page: Page) -> str:
    return page.evaluate("navigator.clipboard.readText()")


def displayed(topic: str) -> list[tuple[str, str]]:
    """The program of each block of a page, and what the page shows of it."""
    path = ROOT / f"docs/zh/{topic}.md"
    if not path.exists():
        return []  # a notebook; its cells are compared with their snippet
    shown = []
    for fence in runnable.FENCE.finditer(path.read_text(encoding="utf-8")):
        file, section = runnable.add(fence["body"])
        code = runnable.as_shown(file, section)
        shown.append((textwrap.dedent(code), runnable.shown[file][section]))
    return shown


def miscopied(page: Page, topic: str) -> list[str]:
    """Blocks whose buttons do not copy, byte for byte, what they promise."""
    expected, blocks = displayed(topic), page.evaluate(COPY_EVERY_BLOCK)
    if len(blocks) != len(expected):
        return [f"{len(blocks)} blocks for {len(expected)} fences"]
    wrong = []
    for index, (block, (shown, program)) in enumerate(
        zip(blocks, expected, strict=True)
    ):
        same = program.strip() == shown.strip()
        if block["copies"].strip("\n") != block["shows"].strip("\n"):
            wrong.append(f"block {index}: copies other text than it shows")
        if block["shows"].split() != shown.split():
            wrong.append(f"block {index}: shows other text than its source")
        if block["programs"] != ([] if same else [program]):
            wrong.append(f"block {index}: the program is not copied as it is")
        if not all(block["says"]):
            wrong.append(f"block {index}: the button does not say it is done")
    return wrong


def complete_programs_miscopied(page: Page, topic: str) -> list[str]:
    path = ROOT / f"docs/zh/{topic}.md"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    paths = runnable.complete_programs(text)
    items = page.locator("ul.programs > li")
    if items.count() != len(paths):
        return [f"{items.count()} complete programs listed, not {len(paths)}"]
    wrong = []
    for index, file in enumerate(paths):
        items.nth(index).locator(".runnable").click()
        done = items.nth(index).locator(".runnable")
        done.filter(has_text=DONE).wait_for()
        if clipboard(page) != complete(ROOT / file, runnable.pinned()):
            wrong.append(f"{file}: the complete program is not copied as it is")
    return wrong


def too_wide(page: Page) -> list[str]:
    desktop = page.viewport_size
    assert desktop
    page.set_viewport_size({"width": 390, "height": 844})
    width = page.evaluate("document.documentElement.scrollWidth")
    broken = page.evaluate(
        "Promise.all([...document.images].map(async (i) => {"
        " i.loading = 'eager';"
        " await i.decode().catch(() => {});"
        " return i.naturalWidth ? null : i.src })).then(a => a.filter(Boolean))"
    )
    page.set_viewport_size(desktop)
    wrong = [f"on a phone the page is {width} wide"] if width > 390 else []
    return wrong + [f"no picture at {source}" for source in broken]


@pytest.mark.parametrize("path", ADDRESSES)
def test_page_is_quiet_closed_accessible_and_copies(
    reader: Reader, path: str
) -> None:
    page, topic = reader.open(path), TOPIC_OF[path]
    wrong = miscopied(page, topic)
    wrong += complete_programs_miscopied(page, topic)
    wrong += too_wide(page)
    wrong += inaccessible(page)  # last, for it thins the page out
    assert not wrong, "\n".join(wrong)
    assert not reader.problems
    assert not reader.outside


@pytest.mark.parametrize(
    ("reader", "scheme"),
    [
        ({"color_scheme": "light"}, "default"),
        ({"color_scheme": "dark"}, "slate"),
    ],
    ids=["light", "dark"],
    indirect=["reader"],
)
def test_scheme_follows_the_system_until_it_is_chosen(
    reader: Reader, scheme: str
) -> None:
    page = reader.open("/")
    body = page.locator("body")
    assert body.get_attribute("data-md-color-scheme") == scheme
    page.locator("form.md-header__option label:visible").click()
    other = {"default": "slate", "slate": "default"}[scheme]
    page.wait_for_selector(f"body[data-md-color-scheme={other}]")
    page.reload()
    assert body.get_attribute("data-md-color-scheme") == other


def test_runnable_button_answers_the_keyboard(reader: Reader) -> None:
    page = reader.open("/image_processing/edges/")
    button = page.locator(".highlight .runnable").first
    button.focus()
    page.keyboard.press("Enter")
    page.locator(".runnable", has_text="已复制").wait_for()
    program = displayed("image_processing/edges")[0][1]
    assert clipboard(page) == program


@pytest.mark.parametrize(
    "reader",
    [{"has_touch": True, "viewport": {"width": 390, "height": 844}}],
    ids=["touch"],
    indirect=True,
)
def test_runnable_button_answers_touch(reader: Reader) -> None:
    page = reader.open("/en/image_processing/edges/")
    page.locator(".highlight .runnable").first.tap()
    page.locator(".runnable", has_text="Copied").wait_for()
    assert clipboard(page) == displayed("image_processing/edges")[0][1]


def test_runnable_button_works_in_a_copy_opened_from_disk(
    browser: Browser, site: Path
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto((site / "image_processing/edges/index.html").as_uri())
    page.locator(".highlight .runnable").first.click()
    page.locator(".runnable", has_text="已复制").wait_for()
    page.evaluate(
        "document.body.append(Object.assign("
        "document.createElement('textarea'), {id: 'paste'}))"
    )
    page.locator("#paste").focus()
    page.keyboard.press("Control+V")
    program = displayed("image_processing/edges")[0][1]
    assert page.locator("#paste").input_value() == program
    context.close()


def test_runnable_button_says_when_it_fails(reader: Reader) -> None:
    page = reader.open("/image_processing/edges/")
    page.route("**/programs/**", lambda route: route.abort())
    page.locator(".highlight .runnable").first.click()
    page.locator(".runnable", has_text="没能复制").wait_for()


def choose(page: Page, language: str) -> None:
    """As a hand does it: a locator's hover and click scroll the page first."""

    def point(selector: str) -> tuple[float, float]:
        box = page.locator(selector).bounding_box()
        assert box
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    page.mouse.move(*point(".md-header .md-select button"))
    page.wait_for_function(
        "getComputedStyle(document.querySelector("
        "'.md-header .md-select__inner')).opacity === '1'"
    )
    page.mouse.click(*point(f".md-select__link[hreflang={language}]"))


@pytest.mark.parametrize("topic", [t for t in TOPICS if t != "index"])
def test_language_switch_keeps_page_and_heading(
    reader: Reader, topic: str
) -> None:
    page = reader.open(address(topic, "zh"))
    anchors = page.evaluate(
        """() => {
          const all = [...document.querySelectorAll(".md-content :is(h2, h3)[id]")]
          const top = (h) => h.getBoundingClientRect().top
          return all.slice(0, -1)
            .filter((h, i) => top(all[i + 1]) - top(h) > innerHeight / 2)
            .map((h) => h.id)
        }"""
    )
    anchor = anchors[len(anchors) // 2]  # a section that fills the window
    page.evaluate("id => document.getElementById(id).scrollIntoView()", anchor)
    choose(page, "en")
    page.wait_for_url(f"**{address(topic, 'en')}#{anchor}")
    assert page.locator(f"#{anchor}").count() == 1
    choose(page, "zh")
    page.wait_for_url(f"{reader.base}{address(topic, 'zh')}#{anchor}")
    assert not reader.problems


def search(page: Page, words: str) -> list[str]:
    """The pages that the search box lists; their sections are folded."""
    box, found = page.locator(".md-search__input"), "li.md-search-result__item"
    for typed in ("", words):
        box.fill(typed)
        page.keyboard.press("Shift")  # fill() alone fires no key event
        state = "attached" if typed else "detached"
        page.wait_for_selector(found, state=state)
    page.wait_for_timeout(150)
    links = page.eval_on_selector_all(
        f"{found} > a", "all => all.map((a) => a.pathname)"
    )
    return list(dict.fromkeys(links))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_search_finds_the_page_among_the_first_five(
    reader: Reader, language: str
) -> None:
    missed = {}
    page = reader.open(address("index", language))
    page.locator(".md-search__input").click()
    for query, topic in QUERIES[language].items():
        found = search(page, str(query))[:5]
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
