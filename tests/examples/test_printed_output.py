"""Every committed ``.txt`` beside an example is exactly what it prints.

``make golden`` rewrites them; read the diff.
"""

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(
    path
    for path in (ROOT / "examples").rglob("*.py")
    if "\ndef main(" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_output_is_current(
    path: Path,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    importlib.import_module(name).main()
    printed = capsys.readouterr().out
    golden = path.with_suffix(".txt")
    if request.config.getoption("--golden"):
        golden.write_text(printed, encoding="utf-8")
    assert printed == golden.read_text(encoding="utf-8")
