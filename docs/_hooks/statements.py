"""One of our modules as statements: what each binds, and what each needs.

Names are read by ``ast`` and by ``symtable``, the compiler's own scoping. What
cannot be sliced soundly is refused with ``NotSliceable``: file, line, remedy.
"""

import ast
import re
import symtable
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

OURS = ("examples", "snippets", "kernels")
MARKER = re.compile(r"^\s*#\s*-+8<-+\s*\[(start|end):\s*([\w-]+)\]\s*$")
GUARD = "__name__ == '__main__'"
NO_MEANING = {"__file__", "__doc__", "globals", "locals", "eval", "exec"}
# Calls that only make a value: no file is read, nothing random is drawn.
PURE = {
    "Fraction",
    "NewType",
    "ParamSpec",
    "TypeVar",
    "bool",
    "complex",
    "dict",
    "float",
    "frozenset",
    "int",
    "namedtuple",
    "partial",
    "range",
    "re.compile",
    "slice",
    "str",
    "tuple",
}
PURE_OWNERS = {"math", "np", "jnp"}  # np.array(…), math.sqrt(…)


class NotSliceable(ValueError):
    """A module that no program can be cut from; says where and what to write."""


@dataclass(frozen=True, order=True)
class Import:
    module: str
    name: str  # "" for ``import module``
    bound: str
    line: int = field(default=0, compare=False)

    @property
    def ours(self) -> bool:
        return self.module.split(".")[0] in OURS

    def __str__(self) -> str:
        same = self.bound == (self.name or self.module)
        return (self.name or f"import {self.module}") + (
            "" if same else f" as {self.bound}"
        )


@dataclass(frozen=True)
class Statement:
    module: "Module"
    node: ast.stmt
    first: int  # lines, from 1, the comment right above included
    last: int
    binds: frozenset[str]
    uses: frozenset[str]

    @property
    def is_definition(self) -> bool:
        kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        return isinstance(self.node, kinds)

    @property
    def is_overload(self) -> bool:
        decorators = getattr(self.node, "decorator_list", [])
        return any(ast.unparse(d).endswith("overload") for d in decorators)


@dataclass(eq=False)
class Module:
    path: Path
    source: str = field(repr=False)

    def __post_init__(self) -> None:
        self.lines = self.source.splitlines()
        self.tree = ast.parse(self.source, str(self.path))
        self.is_script = "snippets" in self.path.parts
        self.imports = {
            i.bound: i for node in self.tree.body for i in self._imports(node)
        }
        for node in ast.walk(self.tree):
            self._refuse(node)

    def error(self, line: int, message: str) -> NotSliceable:
        return NotSliceable(f"{self.path}:{line}: {message}")

    def _imports(self, node: ast.AST) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for a in node.names:
                if "." in a.name and not a.asname:
                    raise self.error(
                        node.lineno,
                        f"'import {a.name}' binds its first part only: write "
                        f"'import {a.name} as …' or 'from … import …'",
                    )
                yield Import(a.name, "", a.asname or a.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise self.error(
                    node.lineno,
                    "a relative import: write 'from examples.… import Name'",
                )
            if node.module == "__future__":
                raise self.error(
                    node.lineno,
                    "__future__ changes the whole file: quote the annotation "
                    "that needs it",
                )
            for a in node.names:
                if a.name == "*":
                    raise self.error(
                        node.lineno, "a star import: import the names you use"
                    )
                yield Import(
                    str(node.module), a.name, a.asname or a.name, node.lineno
                )

    def _refuse(self, node: ast.AST) -> None:
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Global):
            raise self.error(
                line,
                "'global' is state of the module: return the value instead",
            )
        if isinstance(node, ast.Name) and node.id in NO_MEANING:
            raise self.error(
                line,
                f"{node.id} means something else in a pasted program: pass what "
                "you need as an argument",
            )
        if isinstance(node, ast.Import | ast.ImportFrom):
            for i in self._imports(node):
                if i.ours and node not in self.tree.body:
                    raise self.error(
                        line, "import our own modules at the top of the file"
                    )
                if i.ours and self.is_script:
                    raise self.error(
                        line, "a snippet imports nothing of ours: write it out"
                    )
                if i.ours and (not i.name or i.bound != i.name):
                    raise self.error(
                        line,
                        "import our own definitions by their own name: "
                        "from module import Name",
                    )

    @cached_property
    def statements(self) -> list[Statement]:
        found, end = [], 0
        for node in self.tree.body:
            decorators = getattr(node, "decorator_list", [])
            start = min([node.lineno, *(d.lineno for d in decorators)])
            while (
                start - 1 > end
                and self.lines[start - 2].startswith("#")
                and not MARKER.match(self.lines[start - 2])
            ):
                start -= 1
            end = node.end_lineno or node.lineno
            while end < len(self.lines) and re.match(r"\s+#", self.lines[end]):
                if MARKER.match(self.lines[end]):
                    break
                end += 1
            if isinstance(node, ast.Import | ast.ImportFrom):
                continue
            if is_docstring(node):
                continue
            if not self.is_script:
                self._only_defines(node)
            segment = "\n".join(self.lines[start - 1 : end])
            binds, uses, unclear = names(segment)
            uses |= quoted(node, self.imports)
            if clash := sorted(unclear & self._known):
                raise self.error(
                    node.lineno,
                    f"{clash[0]!r} is read and bound in one class body, and also "
                    "a name of the module: rename one of them",
                )
            found.append(
                Statement(
                    self, node, start, end, frozenset(binds), frozenset(uses)
                )
            )
        return found

    @cached_property
    def _known(self) -> set[str]:
        names_here = set(self.imports)
        for node in self.tree.body:
            if name := getattr(node, "name", None):
                names_here.add(name)
            for target in getattr(
                node, "targets", [getattr(node, "target", None)]
            ):
                if isinstance(target, ast.Name):
                    names_here.add(target.id)
        return names_here

    def _only_defines(self, node: ast.stmt) -> None:
        """A module defines: its work would be lost or repeated in a program."""
        line = node.lineno
        if is_guard(node):
            return
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(
            node.test
        ):
            raise self.error(
                line, "'if TYPE_CHECKING': import the name plainly, at the top"
            )
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        value = getattr(node, "value", None)
        if isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ):
            own = {n for n in self._known if n not in self.imports}
            for decorator in node.decorator_list:
                owner = (
                    decorator.func
                    if isinstance(decorator, ast.Call)
                    else decorator
                )
                if isinstance(owner, ast.Attribute) and (
                    isinstance(owner.value, ast.Name) and owner.value.id in own
                ):
                    raise self.error(
                        line,
                        f"@{ast.unparse(owner)} registers this with "
                        f"{owner.value.id}, which does not name it: call it by name",
                    )
        elif not isinstance(node, ast.Assign | ast.AnnAssign) or not all(
            isinstance(t, ast.Name | ast.Tuple) for t in targets
        ):
            raise self.error(
                line,
                "a module only defines: move this into a function or into main()",
            )
        elif getattr(value, "elts", getattr(value, "keys", 1)) == []:
            raise self.error(
                line,
                "an empty container here is state, to be filled later (a "
                "registry?): make it inside the function that fills it",
            )
        elif call := working_call(value):
            raise self.error(
                line,
                f"{call}() works when the module is imported: a module only "
                "defines, so call it in a function or in main()",
            )

    @cached_property
    def definitions(self) -> dict[str, list[Statement]]:
        """The statements that make a name: one, or a function with overloads."""
        table: dict[str, list[Statement]] = {}
        for s in self.statements:
            for name in s.binds:
                earlier = table.get(name, [])
                overloaded = earlier and all(e.is_overload for e in earlier)
                if not self.is_script and (
                    name in self.imports or (earlier and not overloaded)
                ):
                    raise self.error(
                        s.first, f"{name!r} is bound twice: give it two names"
                    )
                table.setdefault(name, []).append(s)
        return table

    @cached_property
    def sections(self) -> dict[str, tuple[int, int]]:
        starts: dict[str, int] = {}
        found: dict[str, tuple[int, int]] = {}
        for number, text in enumerate(self.lines, 1):
            if not (mark := MARKER.match(text)):
                continue
            kind, name = mark.groups()
            if kind == "start" and name in starts:
                raise self.error(number, f"section {name!r} starts twice")
            if kind == "end" and name not in starts:
                raise self.error(
                    number, f"section {name!r} ends before it starts"
                )
            if kind == "start":
                starts[name] = number
            else:
                found[name] = (starts[name], number)
        for name, number in starts.items():
            if name not in found:
                raise self.error(number, f"section {name!r} has no end")
        return found

    def covered(self, sections: tuple[str, ...]) -> list[Statement]:
        if not sections:  # the whole program: what runs, or else everything
            guards = [s for s in self.statements if is_guard(s.node)]
            return guards or self.statements
        return [s for name in sections for s in self._covered(name)]

    def _covered(self, section: str) -> list[Statement]:
        if section not in self.sections:
            raise self.error(
                1,
                f"no section {section!r}; there are {', '.join(self.sections)}",
            )
        start, end = self.sections[section]
        if self.is_script:  # straight-line code: everything up to its end
            return [s for s in self.statements if s.first < end]
        touched = [
            s for s in self.statements if s.first < end and s.last > start
        ]
        if not touched:
            raise self.error(start, f"section {section!r} covers no statement")
        if any("main" in s.binds for s in touched):
            touched += [s for s in self.statements if is_guard(s.node)]
        return touched


def is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == GUARD


def working_call(value: ast.AST | None) -> str:
    """The first call of an assignment that may do more than make a value."""
    pending = [value] if value else []
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Lambda):
            continue  # its body runs later
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            owner = name.rpartition(".")[0]
            last = name.rpartition(".")[2]
            if (
                name not in PURE
                and owner not in PURE_OWNERS
                and last not in PURE
            ):
                return name
        pending += ast.iter_child_nodes(node)
    return ""


def names(segment: str) -> tuple[set[str], set[str], set[str]]:
    """Names that one top-level statement binds, the global names it needs, and
    names of which a class body alone cannot tell whether they are global."""
    top = symtable.symtable(segment, "section", "exec")
    binds = {s.get_name() for s in top.get_symbols() if s.is_assigned()}
    unclear: set[str] = set()

    def needed(table: symtable.SymbolTable) -> Iterator[str]:
        for s in table.get_symbols():
            # "not local": CPython takes any function called ``top`` for the module
            if s.is_referenced() and (
                table is top or (s.is_global() and not s.is_local())
            ):
                yield s.get_name()
            if (
                table.get_type() == "class"
                and s.is_referenced()
                and s.is_assigned()
            ):
                unclear.add(s.get_name())
        for child in table.get_children():
            yield from needed(child)

    return binds, set(needed(top)) - {"__name__"}, unclear


def quoted(node: ast.AST, imports: dict[str, Import]) -> set[str]:
    """Names inside quoted types: ``-> "Box"``, ``cast("Box", x)``."""
    found: set[str] = set()
    pending: list[object] = []
    for n in ast.walk(node):
        pending += [getattr(n, f, None) for f in ("annotation", "returns")]
        if isinstance(n, ast.Call):
            called = ast.unparse(n.func).rpartition(".")[2]
            pending += n.args[:1] if called == "cast" else []
            if called == "TypeVar":
                pending += [k.value for k in n.keywords if k.arg == "bound"]
    while pending:
        part = pending.pop()
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            inner = ast.walk(ast.parse(part.value, mode="eval"))
            found |= {n.id for n in inner if isinstance(n, ast.Name)}
        elif isinstance(part, ast.AST):
            origin = imports.get(
                getattr(getattr(part, "value", None), "id", "")
            )
            if not (origin and origin.name in {"Literal", "Annotated"}):
                pending += ast.iter_child_nodes(part)
    return found


@cache
def _load(path: Path, source: str) -> Module:
    return Module(path, source)


def load(path: Path) -> Module:
    return _load(path, path.read_text(encoding="utf-8"))
