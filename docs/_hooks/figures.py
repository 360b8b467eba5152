"""MkDocs hook: every figure is drawn by its function while the site is built.

``![…](../assets/figures/<chapter>/<module>_<function>.svg)`` names the
function ``<function>`` of ``examples/<chapter>/<module>.py``, which returns a
Matplotlib figure: SVG for drawings, WebP for photographs. What is drawn is
kept in ``.cache/figures`` under the digest of all that it depends on, and
never committed. ``drawing.py`` does the work.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from drawing import draw_all, named_in
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files


@event_priority(-100)  # any earlier and static-i18n loses its own files
def on_files(files: Files, config: MkDocsConfig) -> Files:
    pages = [
        Path(str(file.abs_src_path))
        for file in files.documentation_pages()
        if file.src_uri.endswith(".md") and file.abs_src_path
    ]
    for uri, path in draw_all(named_in(pages)).items():
        if files.get_file_from_path(uri) is None:
            picture = File.generated(config, uri, abs_src_path=str(path))
            files.append(picture)
    return files
