"""MkDocs hook: ``ONLY=opencv`` keeps the home page and one chapter.

For a quick eye while writing; links into other chapters lead nowhere then, so
``make serve ONLY=…`` is not strict.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import Files


def chapter_of(entry: object) -> str:
    """``opencv`` for a chapter of the navigation, empty for the home page."""
    while not isinstance(entry, str):
        entry = next(iter(entry.values() if isinstance(entry, dict) else entry))
    return entry.rpartition("/")[0]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    if only := os.environ.get("ONLY"):
        chapters = [chapter_of(entry) for entry in config.nav or []]
        if only not in chapters:
            raise PluginError(
                f"ONLY is {only!r}; it must be one of "
                f"{', '.join(filter(None, chapters))}"
            )
        config.nav = [
            entry
            for entry, chapter in zip(config.nav or [], chapters, strict=True)
            if chapter in ("", only)
        ]
    return config


@event_priority(100)  # before anything draws or executes what is left out
def on_files(files: Files, config: MkDocsConfig) -> Files:
    if only := os.environ.get("ONLY"):
        for file in list(files):
            language, _, rest = file.src_uri.partition("/")
            chapter = rest.rpartition("/")[0]
            if language in ("zh", "en") and chapter not in ("", only):
                files.remove(file)
    return files
