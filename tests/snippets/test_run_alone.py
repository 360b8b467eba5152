"""Every snippet runs exactly as a reader would paste it, and prints its text.

A snippet that prints has its output beside it as ``.txt``; one without says
nothing. ``make golden`` rewrites them; read the diff.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SNIPPETS = sorted((ROOT / "snippets").rglob("[!_]*.py"))


@pytest.mark.parametrize("path", SNIPPETS, ids=lambda p: p.stem)
def test_runs_alone(
    path: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    code = path.read_text(encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-X", "utf8", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    golden = path.with_suffix(".txt")
    if request.config.getoption("--golden"):
        golden.unlink(missing_ok=True)
        if done.stdout:
            golden.write_text(done.stdout, encoding="utf-8")
    expected = golden.read_text(encoding="utf-8") if golden.exists() else ""
    assert done.stdout == expected
