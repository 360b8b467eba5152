"""Every block is a program: closed, tidy, faithful to the page, and collected.

The programs themselves are run by pytest-codeblocks over the expanded pages
(``make test``); here stands what holds for them without running, and a sample
of 20, chosen by the commit, in true fresh interpreters.
"""

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import program
import pytest
import runnable

from tests.expand import ROOT, Case, cases, expand
from tests.isolation import ForkServer, FreshInterpreters

CASES = list(cases())
BLOCKS = [c for c in CASES if not c.code.startswith("# /// script")]
SAMPLE = 20
IN_VIEW = 40  # lines of a section
COLUMNS = 76  # more hides behind the copy button


def name(case: Case) -> str:
    return f"{case.path}:{case.section}" if case.section else case.path


def test_there_are_programs() -> None:
    assert len(CASES) > 50


def test_programs_are_closed_and_tidy(tmp_path: Path) -> None:
    """No undefined name, no unused import, imports sorted: ruff says so."""
    for number, case in enumerate(CASES):
        file = tmp_path / f"program_{number}.py"
        file.write_text(f"{case.code}# {name(case)}\n", encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache"]
    rules = "F,E9,I001"
    done = subprocess.run(
        [*ruff, "--select", rules, "--line-length", "80", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("case", CASES, ids=name)
def test_block_stands_in_its_program_as_shown(case: Case) -> None:
    shown = runnable.as_shown(case.path, case.section)
    kept = [line.strip() for line in case.code.splitlines() if line.strip()]
    for line in shown.splitlines():
        text = line.strip()
        if text and not text.startswith(("import ", "from ")):
            assert text in kept
    assert "--8<--" not in case.code
    assert not re.search(
        r"^\s*(from|import) (examples|kernels|snippets)\b", case.code, re.M
    )


@pytest.mark.parametrize("case", BLOCKS, ids=name)
def test_blocks_stay_in_view_and_clear_of_the_copy_button(case: Case) -> None:
    for section in case.section.split("+"):
        lines = runnable.as_shown(case.path, section).splitlines()
        assert sum(bool(line.strip()) for line in lines) <= IN_VIEW
        wide = [line for line in lines if len(line) > COLUMNS]
        assert not wide


def test_as_many_collected_as_displayed(tmp_path: Path) -> None:
    count = expand(tmp_path)
    blocks = sum(
        len(re.findall(r"^ *```python\b", page.read_text("utf-8"), re.M))
        for page in (ROOT / "docs/zh").rglob("*.md")
    )
    complete = sum(
        len(runnable.complete_programs(page.read_text("utf-8")))
        for page in (ROOT / "docs/zh").rglob("*.md")
    )
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--codeblocks", "--collect-only"),
            *("-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    collected = re.findall(r"^\S+\.md::line \d+$", done.stdout, re.M)
    assert len(collected) == count == blocks + complete


def commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "no commit"


@pytest.mark.parametrize(
    "case", random.Random(commit()).sample(CASES, SAMPLE), ids=name
)
def test_sample_runs_in_a_fresh_interpreter(case: Case) -> None:
    printed = FreshInterpreters().run(case.code)
    if case.expected is not None:
        assert printed == case.expected


def test_complete_programs_name_what_they_need() -> None:
    for case in CASES:
        if case.section or not case.code.startswith("# /// script"):
            continue
        header = case.code.partition("# ///\n")[0]
        named = set(re.findall(r'"([\w-]+)==', header))
        used = {
            r.partition("==")[0]
            for r in program.requirements(case.code, runnable.pinned())
        }
        assert named == used


def test_notebook_holds_the_whole_program() -> None:
    for case in CASES:
        if not case.section:
            code = program.program(ROOT / case.path)
            book = json.loads(runnable.notebook(code))
            sources = [cell["source"] for cell in book["cells"]]
            joined = "\n".join(sources).replace("\n", "").replace(" ", "")
            bare = code.replace('if __name__ == "__main__":', "")
            assert joined == bare.replace("\n", "").replace(" ", "")


def test_every_section_is_shown_somewhere() -> None:
    shown: dict[str, set[str]] = {}
    for case in CASES:
        shown.setdefault(case.path, set()).update(case.section.split("+"))
    for path, sections in shown.items():
        if "" in sections and path.startswith("snippets/"):
            continue
        marked = set(program.load(ROOT / path).sections)
        assert marked <= sections, f"{path} marks sections that no page shows"


@pytest.fixture(scope="module")
def isolated():
    server = (
        ForkServer("json") if sys.platform == "linux" else FreshInterpreters()
    )
    yield server
    server.close()


class TestIsolation:
    """What one program does, no other can see."""

    def test_folder_is_empty_and_new(self, isolated) -> None:
        look = "from pathlib import Path\nprint(sorted(Path().iterdir()))\n"
        assert isolated.run(look + "Path('x').touch()\n") == "[]\n"
        assert isolated.run(look) == "[]\n"

    def test_state_of_modules_does_not_leak(self, isolated) -> None:
        isolated.run("import json\njson.leak = 1\n")
        assert isolated.run("import json\nprint(hasattr(json, 'leak'))\n") == (
            "False\n"
        )

    @pytest.mark.parametrize(
        "ours", ["examples", "snippets", "kernels", "tests"]
    )
    def test_our_modules_cannot_be_imported(self, isolated, ours: str) -> None:
        with pytest.raises(RuntimeError, match="ModuleNotFoundError"):
            isolated.run(f"import {ours}.opencv\n")

    def test_failure_is_told_with_its_line(self, isolated) -> None:
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            isolated.run("a = 1\nprint(a / 0)\n")

    def test_warning_is_a_failure(self, isolated) -> None:
        with pytest.raises(RuntimeError, match="DeprecationWarning"):
            isolated.run(
                "import warnings\nwarnings.warn('old', DeprecationWarning)\n"
            )

    def test_words_on_stderr_are_a_failure(self, isolated) -> None:
        with pytest.raises(RuntimeError, match="complaint"):
            isolated.run("import sys\nprint('complaint', file=sys.stderr)\n")

    def test_endless_program_is_stopped(self, isolated) -> None:
        with pytest.raises(RuntimeError, match="longer than 1 s"):
            isolated.run("while True: pass\n", limit=1)

    def test_killed_program_does_not_stop_the_next(self, isolated) -> None:
        with pytest.raises(RuntimeError, match="exit"):
            isolated.run(
                "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
            )
        assert isolated.run("print(1)\n") == "1\n"

    def test_main_guard_runs(self, isolated) -> None:
        assert isolated.run(
            "if __name__ == '__main__':\n    print('ran')\n"
        ) == ("ran\n")

    def test_input_is_closed(self, isolated) -> None:
        with pytest.raises(RuntimeError, match="EOFError"):
            isolated.run("input()\n")
