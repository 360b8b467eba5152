"""A kernel of several files, as it would be if some of them said otherwise."""

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from unittest import mock

from tests.kernels.harness import Edit, edited


def edited_together(names: Sequence[str], edits: Sequence[Edit]) -> ModuleType:
    """The last of the modules, which import one another in this order."""
    made, used = dict[str, ModuleType](), set[Edit]()
    for name in names:
        module = importlib.import_module(name)
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        here = [edit for edit in edits if edit[0] in source]
        used |= set(here)
        with mock.patch.dict(sys.modules, made):
            made[name] = edited(module, here)
    assert used == set(edits), "an edit that fits nowhere"
    return made[names[-1]]
