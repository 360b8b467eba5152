"""Draws the figures that pages name; ``figures.py`` hands them to MkDocs.

    python docs/_hooks/drawing.py assets/figures/opencv/index_array_figure.webp

prints where the drawing is. The build runs this in two processes at a time.
"""

import importlib
import re
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import experiments
import sources
from mkdocs.exceptions import PluginError

CACHE = sources.ROOT / ".cache/figures"
STYLE = Path(__file__).with_name("figure.mplstyle")
FIGURE = re.compile(
    r"assets/figures/(?P<chapter>\w+)/(?P<name>\w+)\.(?P<kind>svg|webp)\)"
)


def named_in(pages: Iterable[Path]) -> dict[str, str]:
    """Every figure that the pages show, and the place where it is named."""
    found: dict[str, str] = {}
    for page in pages:
        lines = page.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, 1):
            for match in FIGURE.finditer(line):
                place = f"{page.relative_to(sources.ROOT)}:{number}"
                uri = match.group().rstrip(")")
                found.setdefault(uri, place)
    return found


def drawn_by(uri: str) -> tuple[Path, str]:
    """The module and the function that draw a figure."""
    *_, chapter, file = Path(uri).parts
    name = Path(file).stem
    folder = sources.ROOT / "examples" / chapter
    for cut in [m.start() for m in re.finditer("_", name)][::-1]:
        module = folder / f"{name[:cut]}.py"
        if module.is_file():
            return module, name[cut + 1 :]
    raise PluginError(
        f"no module in {folder.relative_to(sources.ROOT)} draws {name}: the "
        "file name is <module>_<function>"
    )


@cache
def versions() -> list[str]:
    return [metadata.version(name) for name in ("matplotlib", "numpy")]


def rests_on(module: Path) -> list[Path]:
    """The module, and the rows of every experiment that it imports."""
    measured = set(sources.closure([module])) & set(experiments.experiments())
    return [
        module,
        *(row for path in measured for row in experiments.kept(path)),
    ]


def cached(uri: str) -> Path:
    module, function = drawn_by(uri)
    style = STYLE.read_text(encoding="utf-8")
    key = sources.digest(rests_on(module), function, style, *versions())[:20]
    return CACHE / f"{Path(uri).stem}.{key}{Path(uri).suffix}"


def draw(uri: str) -> Path:
    """Draw one figure unless it is there, and say where it is."""
    target = cached(uri)
    if target.exists():
        return target
    import matplotlib.pyplot as plt

    sys.path.insert(0, str(sources.ROOT))
    module, function = drawn_by(uri)
    name = ".".join(module.relative_to(sources.ROOT).with_suffix("").parts)
    with plt.style.context(STYLE):
        figure = getattr(importlib.import_module(name), function)()
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_suffix(f".part{target.suffix}")
        if target.suffix == ".svg":
            figure.savefig(unfinished, metadata={"Date": None})
        else:
            figure.savefig(unfinished, pil_kwargs={"quality": 82, "method": 6})
    unfinished.replace(target)
    return target


def draw_all(figures: dict[str, str]) -> dict[str, Path]:
    """Draw what is missing, in two processes; a failure names its page."""
    paths = {uri: cached(uri) for uri in figures}
    missing = [uri for uri, path in paths.items() if not path.exists()]
    halves = [half for half in (missing[::2], missing[1::2]) if half]
    workers = [
        subprocess.Popen(
            [sys.executable, __file__, *half],
            cwd=sources.ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for half in halves
    ]
    said = [worker.communicate() for worker in workers]
    for out, _ in said:
        for line in out.splitlines():
            uri, _, problem = line.partition("\t")
            if uri in figures and problem:
                module, function = drawn_by(uri)
                raise PluginError(
                    f"{figures[uri]}: the figure {Path(uri).name} cannot be "
                    f"drawn: {function}() of "
                    f"{module.relative_to(sources.ROOT)} raised {problem}"
                )
    if any(worker.returncode for worker in workers):
        raise PluginError("".join(error for _, error in said))
    return paths


def main() -> None:
    """Draw each figure named on the command line, say what went wrong."""
    for uri in sys.argv[1:]:
        try:
            print(draw(uri))
        except Exception as problem:
            told = f"{type(problem).__name__}: {problem}".replace("\n", " ")
            print(f"{uri}\t{told}")


if __name__ == "__main__":
    main()
