"""Terms of the glossary, and the typography of Chinese."""

import re
from pathlib import Path

import autocorrect_py
import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs/zh").rglob("*.md"))
CHINESE = [*PAGES, *sorted((ROOT / "docs/zh").rglob("*.py"))]
TERMS = yaml.safe_load(
    (ROOT / "docs/_data/glossary.yml").read_text(encoding="utf-8")
)
OTHER = {
    word: term["zh"]
    for term in TERMS
    for word in term.get("also", [])
    if re.search(r"[\u4e00-\u9fff]", word)
}


def prose(text: str) -> str:
    text = re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.M | re.S)
    return re.sub(r"`[^`]*`|\$[^$]*\$", "", text)


def misused(text: str) -> list[str]:
    """Words that the glossary does not allow, or not more than once."""
    text = prose(text)
    found = []
    # read as accuracy by some and as precision by others
    if "精度" in text:
        found.append("精度: 写准确率、精确率或数值误差")
    for word, lead in OTHER.items():
        lead_word = lead.split(" ")[0]
        count = text.replace(lead_word, "").count(word)
        if count > 1:
            found.append(f"{word} × {count}: 用{lead_word}")
    return found


@pytest.mark.parametrize("path", CHINESE, ids=lambda p: p.stem)
def test_terms_are_those_of_the_glossary(path: Path) -> None:
    assert not misused(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("模型的精度", ["精度"]),
        ("转置卷积（也叫反卷积）", []),
        ("反卷积之后再反卷积", ["反卷积"]),
        ("`精度` 与 $精度$", []),
        ("批量规范化，也就是批量归一化", []),
    ],
)
def test_the_glossary_bites(text: str, caught: list[str]) -> None:
    assert [
        word.split(":")[0].split(" ×")[0] for word in misused(text)
    ] == caught


@pytest.mark.parametrize("path", CHINESE, ids=lambda p: p.stem)
def test_chinese_typography(path: Path) -> None:
    kind = "markdown" if path.suffix == ".md" else "python"
    text = path.read_text(encoding="utf-8")
    lines = autocorrect_py.lint_for(text, kind).lines
    assert not [f"{line.line}: {line.old} → {line.new}" for line in lines]
