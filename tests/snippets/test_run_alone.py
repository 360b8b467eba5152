"""Every snippet runs exactly as a reader would paste it, and prints its text.

The pages' programs run it and compare its text (``expand.py``); what no page
shows as a block, such as the cells of a notebook, runs here. ``make golden``
rewrites the texts; read the diff.
"""

from pathlib import Path

import pytest

from tests.expand import ROOT, compared
from tests.isolation import FreshInterpreters

SNIPPETS = sorted((ROOT / "snippets").rglob("[!_]*.py"))


@pytest.mark.parametrize("path", SNIPPETS, ids=lambda p: p.stem)
def test_runs_alone(path: Path, request: pytest.FixtureRequest) -> None:
    text, rewrite = path.with_suffix(".txt"), request.config.option.golden
    if path in compared() and not rewrite:
        assert text.exists()
        return
    printed = FreshInterpreters().run(path.read_text(encoding="utf-8"))
    if rewrite:
        text.write_text(printed, encoding="utf-8")
    assert printed == text.read_text(encoding="utf-8")
