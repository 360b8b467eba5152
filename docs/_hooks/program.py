"""A shown section as a whole program: it runs where this repository is not.

    program(ROOT / "examples/pooling/spp.py", "pyramid")

keeps the statements that the section covers, every top-level statement they
need, here or in our other modules, and the imports that those use. Statements
keep the order in which Python itself runs them (a module before the modules
that import it, a line before the next), so the block appears as it was shown.
"""

import ast
import builtins
import re
import sys
from pathlib import Path

from statements import (
    MARKER,
    OURS,
    Import,
    Module,
    NotSliceable,
    Statement,
    load,
)

__all__ = [
    "OURS",
    "NotSliceable",
    "complete",
    "load",
    "program",
    "requirements",
]

WIDTH = 80
# Where the name that is imported is not the name that is installed.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "cv2": "opencv-python",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
}


def find(module: Module, imported: Import) -> list[Statement]:
    """The statements of another of our modules that define a name."""
    root = next(p.parent for p in module.path.parents if p.name in OURS)
    path = root / (imported.module.replace(".", "/") + ".py")
    if not path.is_file():
        raise module.error(
            imported.line,
            f"{imported.module} is not a file of ours: import definitions by "
            "name, from the module that defines them",
        )
    other = load(path)
    if imported.name in other.definitions:
        return other.definitions[imported.name]
    if imported.name in other.imports:
        origin = other.imports[imported.name].module
        raise module.error(
            imported.line,
            f"{imported.module} only re-exports {imported.name}: import it "
            f"from {origin}",
        )
    raise module.error(
        imported.line, f"{imported.module} does not define {imported.name}"
    )


def order(
    module: Module, done: list[Module], path: tuple[Module, ...]
) -> list[Module]:
    """A module after every module of ours that it imports."""
    if module in path:
        circle = " → ".join(m.path.stem for m in (*path, module))
        raise module.error(
            1,
            f"modules import in a circle, {circle}: move what both need apart",
        )
    if module not in done:
        for imported in module.imports.values():
            if imported.ours:
                other = find(module, imported)[0].module
                order(other, done, (*path, module))
        done.append(module)
    return done


def close(wanted: list[Statement]) -> tuple[set[Statement], set[Import]]:
    """Everything that the wanted statements need, and they themselves."""
    pending, kept = list(wanted), set[Statement]()
    imports: set[Import] = set()
    owner: dict[str, object] = {}
    builtin: dict[str, Statement] = {}

    def claim(name: str, meaning: object, by: Statement) -> None:
        if owner.setdefault(name, meaning) != meaning:
            raise by.module.error(
                by.first,
                f"{name!r} means two things in one program, {owner[name]} and "
                f"{meaning}: rename one of them",
            )

    while pending:
        s = pending.pop()
        if s in kept:
            continue
        kept.add(s)
        for name in s.binds:
            claim(name, str(s.module.path), s)
            pending += [] if s.module.is_script else s.module.definitions[name]
        for name in sorted(s.uses):
            imported = s.module.imports.get(name)
            if name in s.module.definitions:
                if not s.module.is_script:
                    pending += s.module.definitions[name]
            elif imported and imported.ours:
                pending += find(s.module, imported)
            elif imported:
                claim(name, imported, s)
                imports.add(imported)
            elif hasattr(builtins, name):
                builtin[name] = s
            else:
                raise s.module.error(
                    s.first,
                    f"{name!r} is defined nowhere that can be followed: import "
                    "it or define it at the top level",
                )
    for name in builtin.keys() & owner.keys():
        raise builtin[name].module.error(
            builtin[name].first,
            f"{name!r} is a builtin here and hidden by {owner[name]}: rename "
            "that one",
        )
    return kept, imports


def import_block(imports: set[Import]) -> str:
    """Merged and sorted as ruff sorts them: standard library, then the rest."""
    groups: dict[bool, list[str]] = {True: [], False: []}
    modules = sorted({i.module for i in imports}, key=str.lower)
    for plain in (True, False):  # "import x" before "from x import y"
        for module in modules:
            group = groups[module.split(".")[0] in sys.stdlib_module_names]
            found = [i for i in imports if i.module == module]
            if plain:
                group += sorted(str(i) for i in found if not i.name)
            elif members := sorted(
                (i for i in found if i.name), key=lambda i: member_key(i.name)
            ):
                line = f"from {module} import {', '.join(map(str, members))}"
                if len(line) > WIDTH:
                    inner = "".join(f"    {m},\n" for m in members)
                    line = f"from {module} import (\n{inner})"
                group.append(line)
    return "\n\n".join("\n".join(group) for group in groups.values() if group)


def member_key(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, as isort does."""
    if name.isupper() and len(name) > 1:
        return 0, name
    return (1 if name[:1].isupper() else 2), name


def body(module: Module, kept: list[Statement]) -> str:
    """The kept statements of one module with the comments between them."""
    text, previous = "", None
    for s in kept:
        if previous:
            at = module.statements.index(previous)
            if module.statements[at + 1] is s:  # neighbours keep their distance
                between = module.lines[previous.last : s.first - 1]
                text += "".join(
                    f"\n{ln}" for ln in between if not MARKER.match(ln)
                )
            elif s.is_definition or previous.is_definition:
                text += "\n\n"
        lines = module.lines[s.first - 1 : s.last]
        text += "".join(f"\n{ln}" for ln in lines if not MARKER.match(ln))
        previous = s
    return re.sub(r"\n{4,}", "\n\n\n", text).strip("\n")


def program(path: Path, *sections: str) -> str:
    """The sections and all they need; without any, what the module runs."""
    module = load(path)
    if module.is_script and not sections:
        kept = [ln for ln in module.lines if not MARKER.match(ln)]
        return "\n".join(kept).rstrip("\n") + "\n"
    statements, imports = close(module.covered(sections))
    bodies = [
        body(m, [s for s in m.statements if s in statements])
        for m in order(module, [], ())
    ]
    head = import_block(imports)
    whole = "\n\n\n".join(part for part in bodies if part)
    code = re.sub(r"\A(#.*\n)+", "", whole)
    defines = code.startswith(("def ", "class ", "@", "async "))
    gap = "\n\n\n" if defines else "\n\n"  # as formatters want it
    return (f"{head}{gap}{whole}" if head else whole) + "\n"


def requirements(code: str, pinned: dict[str, str]) -> list[str]:
    """What a program must find installed, with the versions tested here."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    wanted = sorted(
        DISTRIBUTIONS.get(name, name)
        for name in found - sys.stdlib_module_names
    )
    return [f"{name}=={pinned[name]}" for name in wanted]


def complete(path: Path, pinned: dict[str, str]) -> str:
    """A page's program with the header that ``uv run`` and ``pipx run`` read."""
    code = program(path)
    needs = "".join(f'#   "{r}",\n' for r in requirements(code, pinned))
    header = (
        '# /// script\n# requires-python = ">=3.11"\n# dependencies = [\n'
        f"{needs}# ]\n# ///\n"
    )
    docstring = ast.get_docstring(load(path).tree, clean=False)
    told = f'"""{docstring}"""\n\n' if docstring else ""
    return f"{header}\n{told}{code}"
