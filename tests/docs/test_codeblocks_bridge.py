"""A canary: programs of the pages really run in isolation.

Were the one line that hands them to the fork server to stop working, they
would run inside pytest, where ``__main__`` never runs and everything can be
imported, and would pass all the same.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PASSES = (
    "import os\nfrom pathlib import Path\n"
    "assert not list(Path().iterdir())\n"
    "if __name__ == '__main__':\n    print('ran as main')\n"
)


def run(folder: Path, *blocks: str) -> str:
    page = folder / "page.md"
    page.write_text("\n\n".join(f"```python\n{b}```" for b in blocks), "utf-8")
    expected = (
        "<!--pytest-codeblocks:expected-output-->\n\n```\nran as main\n```\n"
    )
    with page.open("a", encoding="utf-8") as file:
        file.write(f"\n\n{expected}")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--codeblocks", "-q"),
            *("-c", ROOT / "pyproject.toml", "-p", "tests.conftest"),
            *("-p", "no:cacheprovider", "--confcutdir", folder, folder),
        ],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'docs/_hooks'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_programs_run_alone_and_as_main(tmp_path: Path) -> None:
    """Two pass only in isolation; four would pass only outside it."""
    said = run(
        tmp_path,
        "x = 1\n",
        "import examples\n",
        "print(x)\n",
        "assert __name__ != '__main__'\n",
        "raise SystemExit(1)\n",
        PASSES,
    )
    assert "4 failed, 2 passed" in said, said
