"""MkDocs hook: every figure is drawn by its function while the site is built.

``![…](../assets/figures/<chapter>/<module>_<function>.svg)`` names the
function ``<function>`` of ``examples/<chapter>/<module>.py``, which returns a
Matplotlib figure: SVG for drawings, WebP for photographs. What is drawn is
kept in ``.cache/figures`` under the digest of all that it depends on, and
never committed. ``drawing.py`` does the work.

Pages say how large each picture is, so that text stays where it is while
pictures load, and all but the first load when the reader comes near.
"""

import re
import sys
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from drawing import draw_all, named_in
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from PIL import Image

PICTURE = re.compile(
    r'<img (?P<rest>[^>]*src="[./]*(?P<uri>assets/[^"]+)"[^>]*?)/?>'
)
SIDES = re.compile(r'<svg [^>]*?width="([\d.]+)pt" height="([\d.]+)pt"')
drawn: dict[str, Path] = {}


@event_priority(-100)  # any earlier and static-i18n loses its own files
def on_files(files: Files, config: MkDocsConfig) -> Files:
    pages = [
        Path(str(file.abs_src_path))
        for file in files.documentation_pages()
        if file.src_uri.endswith(".md") and file.abs_src_path
    ]
    drawn.update(draw_all(named_in(pages)))
    for uri, path in drawn.items():
        if files.get_file_from_path(uri) is None:
            picture = File.generated(config, uri, abs_src_path=str(path))
            files.append(picture)
    return files


@cache
def size(path: Path) -> tuple[int, int]:
    """Width and height in CSS pixels."""
    if path.suffix == ".svg":
        start = path.read_text(encoding="utf-8")[:2000]
        width, height = SIDES.findall(start)[0]
        return round(float(width) * 4 / 3), round(float(height) * 4 / 3)
    with Image.open(path) as picture:
        return picture.size


def on_page_content(
    content: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    count = 0

    def measure(picture: re.Match[str]) -> str:
        nonlocal count
        if picture["uri"] not in drawn:
            return picture.group()
        count += 1
        width, height = size(drawn[picture["uri"]])
        lazy = ' loading="lazy"' if count > 1 else ""
        return (
            f'<img {picture["rest"].strip()} width="{width}" '
            f'height="{height}"{lazy}>'
        )

    return PICTURE.sub(measure, content)
