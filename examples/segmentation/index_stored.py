"""Read the stored rows of this chapter's experiments."""

import json
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from examples.segmentation.index_models import small_rows


def stored_values(
    experiment: str, rows: Iterable[str] | None = None
) -> dict[str, dict]:
    """What an experiment kept of these rows, by default of all models."""
    root = Path(str(files("examples"))).parent
    folder = root / "docs/_data/segmentation" / experiment
    found = {}
    for row in small_rows() if rows is None else rows:
        path = folder / f"{row}.json"
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            found[row] = json.loads(text)["values"]
    return found
