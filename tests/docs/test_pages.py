"""What every page has, in both languages."""

import re
from pathlib import Path

import pytest
import timeline
import twins
import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LANGUAGES = ("zh", "en")
TOPICS = sorted(
    p.relative_to(DOCS / "zh").as_posix() for p in (DOCS / "zh").rglob("*.md")
)
FENCE = re.compile(r"^( *)```(\w*)(.*)\n((?:.*\n)*?)\1```$", re.M)
INCLUDE = re.compile(r'^--8<-- "([\w/.]+?)(?::([\w-]+))?"$')
OUTLINE = {
    page["path"]: page
    for chapter in yaml.safe_load(
        (DOCS / "_data/outline.yml").read_text(encoding="utf-8")
    )["chapters"]
    for page in chapter["pages"]
}


def read(language: str, topic: str) -> str:
    return (DOCS / language / topic).read_text(encoding="utf-8")


def front_matter(language: str, topic: str) -> dict:
    return yaml.safe_load(read(language, topic).split("---\n")[1])


def test_every_page_has_its_twin() -> None:
    assert not twins.missing(DOCS)


@pytest.mark.parametrize("topic", TOPICS)
def test_both_languages_share_everything_but_prose(topic: str) -> None:
    assert not twins.differences(topic, DOCS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", TOPICS)
def test_nothing_is_typed_into_a_fence(topic: str, language: str) -> None:
    for indent, kind, title, body in FENCE.findall(read(language, topic)):
        if kind == "console":  # a command that a reader types
            continue
        assert kind in {"python", "text"}, f"a fence of {kind or 'no kind'}"
        lines = [line.removeprefix(indent) for line in body.splitlines()]
        included = [INCLUDE.match(line) for line in lines if line.strip()]
        assert included and all(included), f"typed into a fence:\n{body}"
        files = {found[1] for found in included if found}
        assert len(files) == 1, f"a block of several files: {files}"
        if kind == "python":
            assert title == f' title="{files.pop()}"'


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", TOPICS)
def test_every_include_exists(topic: str, language: str) -> None:
    for *_, body in FENCE.findall(read(language, topic)):
        for line in body.splitlines():
            if found := INCLUDE.match(line.strip()):
                text = (ROOT / found[1]).read_text(encoding="utf-8")
                if found[2]:
                    assert f"[start:{found[2]}]" in text
                    assert f"[end:{found[2]}]" in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", TOPICS)
def test_front_matter_says_what_readers_ask(topic: str, language: str) -> None:
    matter, page = front_matter(language, topic), OUTLINE[topic[:-3]]
    assert matter["title"] == page[language], "the outline names it otherwise"
    assert len(matter["description"]) >= 15
    if topic != "index.md":
        assert matter["difficulty"] in (1, 2, 3)
        assert all(f"{path}.md" in TOPICS for path in matter["before"])
        assert topic[:-3] not in matter["before"]


@pytest.mark.parametrize("topic", TOPICS)
def test_twins_agree_on_what_to_read_first(topic: str) -> None:
    zh, en = (front_matter(language, topic) for language in LANGUAGES)
    assert zh.keys() == en.keys()
    shared = ("difficulty", "before", "hide", *timeline.KEYS)
    for key in set(shared) - {"idea"}:  # which is prose
        assert zh.get(key) == en.get(key)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "path", [path for path, page in OUTLINE.items() if "year" in page]
)
def test_pages_of_papers_say_when_and_where(path: str, language: str) -> None:
    assert not timeline.problems(language, OUTLINE[path])


@pytest.mark.parametrize("topic", TOPICS)
def test_pages_end_with_questions_and_sources(topic: str) -> None:
    text = read("en", topic)
    anchors = re.findall(r"\{ #([a-z0-9-]+) \}$", text, re.M)
    assert {"interview", "sources"} <= set(anchors)
    questions = re.findall(r'^\?\?\? question "(★+) .+"\n {4}\S', text, re.M)
    assert len(questions) >= 3
    assert len(set(questions)) >= 2, "questions are graded, easy ones first"
    assert questions == sorted(questions, key=len)


def test_navigation_follows_the_outline() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = re.findall(r"^ +- (\S+)\.md$", text[text.index("\nnav:") :], re.M)
    assert sorted(f"{topic}.md" for topic in named) == TOPICS
    inside: dict[str, list[str]] = {}
    for topic in named:
        inside.setdefault(topic.rpartition("/")[0], []).append(topic)
    for topics in inside.values():
        assert topics == [t for t in OUTLINE if t in topics]


def test_every_chapter_of_the_navigation_has_an_english_name() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    chapters = re.findall(r"^  - (\S+):$", text[text.index("\nnav:") :], re.M)
    translated = text.partition("nav_translations:")[2].partition("\n\n")[0]
    assert re.findall(r"^ +(\S+): ", translated, re.M) == chapters


@pytest.mark.parametrize(
    "path", sorted(DOCS.glob("zh/**/*.py")), ids=lambda p: p.stem
)
def test_notebook_cells_are_a_tested_snippet(path: Path) -> None:
    chapter, name = path.parent.name, path.stem
    cells = []
    for language in LANGUAGES:
        text = (DOCS / language / chapter / path.name).read_text("utf-8")
        parts = re.split(r"^# %%(.*)\n", text, flags=re.M)[1:]
        marks, bodies = parts[::2], parts[1::2]
        cells.append(
            [
                body.strip("\n")
                for mark, body in zip(marks, bodies, strict=True)
                if "[markdown]" not in mark
            ]
        )
    assert cells[0] == cells[1]
    (snippet,) = (ROOT / "snippets" / chapter).glob(f"{name}_*.py")
    assert "\n\n".join(cells[0]) + "\n" == snippet.read_text(encoding="utf-8")
