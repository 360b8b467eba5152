"""What every test may use, and the two ways of storing what tests measure.

``proof(...)``    one row of a page's proof table, measured by the test itself
``--results``     run the tests of stale pages and store their proof rows; a page
                  some of whose tests were left out keeps what is stored
``--golden``      rewrite the printed outputs instead of comparing them
``--oracles``     run the tests of ``test_*_oracle.py``, and no others: they need
                  the environment that ``make oracles`` makes
"""

import ast
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import pytest_codeblocks.plugin
import records
import sources
import torch
from hypothesis import settings

from tests import torchvision_shim
from tests.independence import calls_reference
from tests.isolation import PRELOAD, runner

settings.register_profile(
    "ci", max_examples=30, derandomize=True, deadline=None
)
settings.register_profile("long", max_examples=200, deadline=None)
settings.load_profile("ci")


@pytest.fixture
def float64() -> Iterator[None]:
    """New tensors are float64 and seeded; put back afterwards."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="rewrite outputs")
    parser.addoption("--results", action="store_true", help="store proofs")
    parser.addoption("--oracles", action="store_true", help="oracles only")


def pytest_ignore_collect(
    collection_path: Path, config: pytest.Config
) -> bool | None:
    """A file of oracles cannot even be imported in the other environment."""
    if not collection_path.is_file():
        return None
    wanted = config.getoption("--oracles")
    return True if sources.is_oracle(collection_path) != wanted else None


def pytest_report_header(config: pytest.Config) -> str:
    files = list((sources.ROOT / "tests").rglob("test_*_oracle.py"))
    verb = "runs" if config.getoption("--oracles") else "leaves"
    return f"{verb} the {len(files)} files of 'make oracles'"


def page_of_test(item: pytest.Item) -> str | None:
    callspec = getattr(item, "callspec", None)
    shown = callspec.params.get("path") if callspec else None
    return sources.page_of(shown if isinstance(shown, Path) else item.path)


@pytest.fixture
def proof(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Put one row into the proof table of the page that this test belongs to.

    ``ours`` names what is proved and ``reference`` the dotted name of what it
    was compared with; all other values are what was measured. A run without
    ``--results`` demands that the very row is stored, figures aside.
    """
    page = page_of_test(request.node)
    assert page, f"{request.node.path.name} belongs to no page"

    def note(*, ours: str, reference: str, **measured: object) -> None:
        for path in sources.belonging(page):
            top = path.relative_to(sources.ROOT).parts[0]
            if top in ("examples", "kernels") and path.suffix == ".py":
                assert not calls_reference(path, reference), (
                    f"{path.name} calls {reference}, its own reference"
                )
        row = {"ours": ours, "reference": reference} | measured
        request.node.user_properties.append(("proof", json.dumps(row)))
        if not request.config.getoption("--results"):
            stored = [records.identity(r) for r in records.rows(page)]
            assert records.identity(row) in stored, (
                f"{page}: no stored row for {ours}: run 'make results'"
            )

    return note


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    for order, item in enumerate(items):
        if page := page_of_test(item):
            item.user_properties += [("page", page), ("order", order)]
    if config.getoption("--results"):
        oracle = config.getoption("--oracles")
        stale = {p for p in sources.topics() if records.is_stale(p, oracle)}
        config.hook.pytest_deselected(
            items=[i for i in items if page_of_test(i) not in stale]
        )
        items[:] = [i for i in items if page_of_test(i) in stale]


class Recorder:
    """Gathers, in the one process that sees all reports, what to store."""

    def __init__(self, oracle: bool) -> None:
        self.oracle = oracle
        self.passed: dict[str, int] = {}
        self.failed: set[str] = set()
        self.rows: dict[str, dict[int, list[dict]]] = {}  # by test
        self.seen: dict[str, set[Path]] = {}  # files of tests
        self.partial: dict[str, list[str]] = {}  # files that were left out

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        properties = report.user_properties
        page = next((v for k, v in properties if k == "page"), None)
        if page is None or (report.when != "call" and report.passed):
            return
        if not report.passed:
            self.failed.add(str(page))
            return
        self.passed[str(page)] = self.passed.get(str(page), 0) + 1
        rows = [json.loads(str(v)) for k, v in properties if k == "proof"]
        file = sources.ROOT / report.nodeid.partition("::")[0]
        self.seen.setdefault(str(page), set()).add(file)
        order = next(v for k, v in properties if k == "order")
        self.rows.setdefault(str(page), {})[int(str(order))] = rows

    def pytest_sessionfinish(
        self, session: pytest.Session, exitstatus: int
    ) -> None:
        if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return  # interrupted: the rest of a page was not run
        for page in sorted(self.passed.keys() - self.failed):
            wanted = set(records.counted(page, self.oracle))
            if left_out := wanted - self.seen[page]:
                self.partial[page] = sorted(
                    file.relative_to(sources.ROOT).as_posix()
                    for file in left_out
                )
                session.exitstatus = pytest.ExitCode.USAGE_ERROR
                continue
            by_test = sorted(self.rows.get(page, {}).items())
            rows = [row for _, rows in by_test for row in rows]
            records.store(page, self.passed[page], rows, self.oracle)

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        for page, files in self.partial.items():
            terminalreporter.write_line(
                f"{page}: nothing is stored, {', '.join(files)} did not run"
            )


def run_programs_in_isolation(config: pytest.Config) -> None:
    """pytest-codeblocks collects and compares; a fork of a server runs.

    The plugin looks ``exec`` up in its own module before the builtins. Should
    an upgrade end that, ``tests/docs/test_codeblocks_bridge.py`` fails. A block
    with ``main`` is often the complete program but for its header: the same
    statements are run once.
    """
    server = runner(*PRELOAD)
    config.add_cleanup(server.close)
    printed: dict[str, str] = {}

    def run(code: str, scope: dict) -> None:
        statements = ast.parse(code).body
        if statements and sources.is_docstring(statements[0]):
            del statements[0]
        same = "\n".join(map(ast.dump, statements))
        if same not in printed:
            printed[same] = server.run(code)
        print(printed[same], end="")

    pytest_codeblocks.plugin.exec = run


def pytest_configure(config: pytest.Config) -> None:
    controls = config.getoption("numprocesses", None) and not hasattr(
        config, "workerinput"
    )
    if config.getoption("--codeblocks") and not controls:
        run_programs_in_isolation(config)
    if config.getoption("--results") and not hasattr(config, "workerinput"):
        single = [a for a in config.args if "::" in a]
        if single or config.option.keyword or config.option.markexpr:
            raise pytest.UsageError(
                "--results stores what all tests of a page measure: "
                "no -k, no -m, no single tests"
            )
        oracle = config.getoption("--oracles")
        config.pluginmanager.register(Recorder(oracle))
    if config.getoption("--oracles"):
        torchvision = torchvision_shim.declare()
        config.add_cleanup(torchvision.clear)
