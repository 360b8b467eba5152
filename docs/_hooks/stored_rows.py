"""MkDocs hook: rows of a table from what the tests measured and stored.

    | 本页 | 参照 | 误差 |
    |---|---|---|
    <!-- rows: ours, reference, error -->

    <!-- made -->

``rows[ours=otsu]:`` takes only the rows whose value matches. ``rows of
kernels/softmax[way=interpret]:`` and ``made of kernels/softmax`` show another
record than the page's own. ``made`` says with which versions, when and on what
code. See ``records.py``. Rows of a stored
experiment, all or one of them, with a format where one is wanted:

    <!-- results segmentation/index_comparison: model, parameters, miou:.2f -->
    <!-- results segmentation/index_comparison[unet]: parameters, miou:.2f -->

Rows of two experiments that have the same names can stand in one line:

    <!-- results segmentation/index_cost + segmentation/index_comparison: … -->

``—`` stands for a value that a row does not have.
"""

import re
import sys
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import experiments
import records
import sources
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

ROWS = re.compile(
    r"^<!-- rows(?: of ([\w/]+))?(?:\[(\w+)=([^\]]+)\])?: ([\w, ]+) -->$", re.M
)
RESULTS = re.compile(
    r"^<!-- results ([\w/]+(?: \+ [\w/]+)*)(?:\[(\w+)\])?: ([\w, :.%]+) -->$",
    re.M,
)
MADE = re.compile(r"^<!-- made(?: of ([\w/]+))? -->$", re.M)


def cell(key: str, value: object) -> str:
    if isinstance(value, float):
        return f'<span class="number">{value:.0e}</span>' if value else "0"
    if isinstance(value, int):
        return f"{value:,}"
    if key in ("ours", "reference"):  # long names break after a dot
        return f"<code>{escape(str(value)).replace('.', '.<wbr>')}</code>"
    return str(value)


def shown(row: dict, key: str, form: str) -> str:
    if row.get(key) is None:
        return "—"
    return format(row[key], form) if form else cell(key, row[key])


def joined(names: list[str]) -> dict[str, dict]:
    """The values of all experiments, row by row, where each has the row."""
    first, *others = (
        {
            row: kept["values"]
            for row, kept in experiments.stored(
                sources.ROOT / f"examples/{name}.py"
            ).items()
        }
        for name in names
    )
    for other in others:
        first = {row: first[row] | other[row] for row in first if row in other}
    return first


def topic(page: Page) -> str:
    """``opencv/tensors`` for both of its pages."""
    path = Path(str(page.file.abs_src_path)).relative_to(sources.ROOT / "docs")
    return Path(*path.parts[1:]).with_suffix("").as_posix()


def on_page_markdown(
    markdown: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    def record(name: str | None) -> dict:
        return records.record(name or topic(page)) or {}

    def stop(at: re.Match[str], why: str) -> PluginError:
        path = Path(str(page.file.abs_src_path))
        source = path.read_text(encoding="utf-8")
        line = source[: source.find(at.group())].count("\n") + 1
        return PluginError(
            f"{path.relative_to(sources.ROOT)}:{line}: {why}: run 'make results'"
        )

    def rows(marker: re.Match[str]) -> str:
        other, key, wanted, columns = marker.groups()
        names = [name.strip() for name in columns.split(",")]
        chosen = [
            row
            for row in record(other).get("proof", [])
            if key is None or str(row.get(key)) == wanted
        ]
        if not chosen:
            raise stop(marker, "no such rows are stored")
        return "\n".join(
            f"| {' | '.join(cell(n, row.get(n, '—')) for n in names)} |"
            for row in chosen
        )

    def results(marker: re.Match[str]) -> str:
        names, wanted, columns = marker.groups()
        kept = joined(names.split(" + "))
        if wanted and wanted not in kept:
            raise stop(marker, f"{names} keeps no row {wanted}")
        if not kept:
            raise stop(marker, f"nothing is kept of {names}")
        cells = [column.strip().partition(":") for column in columns.split(",")]
        return "\n".join(
            "| "
            + " | ".join(shown(row, key, form) for key, _, form in cells)
            + " |"
            for key, row in kept.items()
            if wanted in (None, key)
        )

    def made(marker: re.Match[str]) -> str:
        stored = record(marker[1])
        if not stored:
            raise stop(marker, "nothing is stored for this page")
        versions = (f"{name} {v}" for name, v in stored["versions"].items())
        return (
            f"{' · '.join(versions)} · {stored['date']} · "
            f"sha256 `{stored['sha256'][:12]}`\n{{ .made }}"
        )

    return MADE.sub(made, RESULTS.sub(results, ROWS.sub(rows, markdown)))
