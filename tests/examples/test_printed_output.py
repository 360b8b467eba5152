"""Every committed ``.txt`` beside an example is exactly what it prints.

Where a page shows the code, its complete program prints it and is compared
(``expand.py``); what no program covers runs here. ``make golden`` rewrites the
texts; read the diff.
"""

import importlib
from pathlib import Path

import pytest

from tests.expand import ROOT, compared

EXAMPLES = sorted(
    path
    for top in ("examples", "kernels")
    for path in (ROOT / top).rglob("*.py")
    if "\ndef main(" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_output_is_current(
    path: Path,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    text, rewrite = path.with_suffix(".txt"), request.config.option.golden
    if path in compared() and not rewrite:
        assert text.exists()
        return
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    importlib.import_module(name).main()
    printed = capsys.readouterr().out
    if rewrite:
        text.write_text(printed, encoding="utf-8")
    assert printed == text.read_text(encoding="utf-8")


def test_no_text_is_left_without_its_code() -> None:
    for top in ("examples", "kernels"):
        for path in (ROOT / top).rglob("*.txt"):
            assert path.with_suffix(".py") in EXAMPLES
