"""Wrong versions of shipped modules, made by editing their source."""

from pathlib import Path
from types import ModuleType


def mutate(module: ModuleType, old: str, new: str) -> ModuleType:
    """The module as it would be if its source said ``new`` for ``old``."""
    path = Path(str(module.__file__))
    source = path.read_text(encoding="utf-8")
    assert old in source, f"{path.name} no longer says {old!r}"
    mutant = ModuleType(f"{module.__name__}_mutant")
    mutant.__file__ = str(path)
    code = compile(source.replace(old, new), f"mutant of {path.name}", "exec")
    exec(code, mutant.__dict__)
    return mutant
