"""Our code may not call what it is proved against."""

import ast
from collections.abc import Iterator
from pathlib import Path


def called_names(path: Path) -> set[str]:
    """Dotted names that a module uses, aliases resolved, ``main`` left out.

    ``main`` is where a page compares itself with the reference in view.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    alias: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for a in node.names:
                alias[a.asname or a.name.split(".")[0]] = (
                    a.name if a.asname else a.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for a in node.names:
                alias[a.asname or a.name] = f"{node.module}.{a.name}"

    def dotted(node: ast.AST) -> str | None:
        if isinstance(node, ast.Name):
            return alias.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = dotted(node.value)
            return f"{owner}.{node.attr}" if owner else None
        return None

    def outside_main(node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            if not (
                isinstance(child, ast.FunctionDef) and child.name == "main"
            ):
                yield child
                yield from outside_main(child)

    return {name for node in outside_main(tree) if (name := dotted(node))}


def calls_reference(path: Path, reference: str) -> bool:
    last = reference.rpartition(".")[2]
    return any(
        name == reference or name.rpartition(".")[2] == last
        for name in called_names(path)
        if name.split(".")[0] == reference.split(".")[0]
    )
