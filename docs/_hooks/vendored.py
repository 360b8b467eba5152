"""MkDocs hook: KaTeX's styles and fonts, copied from npm's package.

Only woff2, which every browser of today reads; nothing vendored is committed.
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import sources
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

KATEX = sources.ROOT / "node_modules/katex/dist"
OTHER_FORMATS = re.compile(r',url\([^)]*\.(?:woff|ttf)\) format\("\w+"\)')


@event_priority(-100)
def on_files(files: Files, config: MkDocsConfig) -> Files:
    styles = KATEX / "katex.min.css"
    if not styles.is_file():
        raise PluginError("KaTeX is not installed: run 'make install'")
    text = OTHER_FORMATS.sub("", styles.read_text(encoding="utf-8"))
    uri = "assets/katex/katex.min.css"
    if files.get_file_from_path(uri) is None:
        files.append(File.generated(config, uri, content=text))
        for font in sorted((KATEX / "fonts").glob("*.woff2")):
            uri = f"assets/katex/fonts/{font.name}"
            files.append(File.generated(config, uri, abs_src_path=str(font)))
    return files
