"""What every test may use, and the two ways of storing what tests measure.

``proof(...)``    one row of a page's proof table, measured by the test itself
``--results``     run the tests of stale pages and store their proof rows
``--golden``      rewrite the printed outputs instead of comparing them
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import pytest_codeblocks.plugin
import records
import sources
import torch
from hypothesis import settings

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
            code = path.is_relative_to(sources.ROOT / "examples")
            if code and path.suffix == ".py":
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
        stale = {page for page in sources.pages() if records.is_stale(page)}
        config.hook.pytest_deselected(
            items=[i for i in items if page_of_test(i) not in stale]
        )
        items[:] = [i for i in items if page_of_test(i) in stale]


class Recorder:
    """Gathers, in the one process that sees all reports, what to store."""

    def __init__(self) -> None:
        self.passed: dict[str, int] = {}
        self.failed: set[str] = set()
        self.rows: dict[str, dict[int, list[dict]]] = {}  # by test

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
        order = next(v for k, v in properties if k == "order")
        self.rows.setdefault(str(page), {})[int(str(order))] = rows

    def pytest_sessionfinish(self) -> None:
        for page in self.passed.keys() - self.failed:
            by_test = sorted(self.rows.get(page, {}).items())
            rows = [row for _, rows in by_test for row in rows]
            records.store(page, self.passed[page], rows)


def run_programs_in_isolation(config: pytest.Config) -> None:
    """pytest-codeblocks collects and compares; a fork of a server runs.

    The plugin looks ``exec`` up in its own module before the builtins. Should
    an upgrade end that, ``tests/docs/test_codeblocks_bridge.py`` fails.
    """
    server = runner(*PRELOAD)
    config.add_cleanup(server.close)

    def run(code: str, scope: dict) -> None:
        print(server.run(code), end="")

    pytest_codeblocks.plugin.exec = run


def pytest_configure(config: pytest.Config) -> None:
    controls = config.getoption("numprocesses", None) and not hasattr(
        config, "workerinput"
    )
    if config.getoption("--codeblocks") and not controls:
        run_programs_in_isolation(config)
    if config.getoption("--results") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder())
