"""MkDocs hook: notebook pages that look and weigh like the other pages.

mkdocs-jupyter executes ``docs/<language>/…/laboratory.py`` and wraps it in
half a megabyte of styles and scripts, one of which loads from a CDN. Here its
cells become the site's own markup: blocks with the copy button, pictures as
files, formulas for ``formulas.py``. A picture's alternative text stands in the
cell's mark, ``# %% alt="…"``.

MkDocs asks each file whether it is a page. mkdocs-jupyter answers for its own
file objects, static-i18n then makes new ones, and the notebook would silently
be published as raw text, without twin, sitemap entry or search. So the answer
is given where all of them get it: ``File.is_documentation_page``.
"""

import base64
import os
import re
import sys
from hashlib import sha256
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import jupytext
from bs4 import BeautifulSoup, Tag
from chinese_lines import BREAK
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import get_toc
from mkdocs.utils import get_relative_url, is_markdown_file
from PIL import Image

NOTEBOOK = "/laboratory.py"
STYLE = Path(__file__).with_name("figure.mplstyle")
FORMULA = re.compile(r"\$\$(?P<block>.+?)\$\$|\$(?P<inline>[^$\n]+)\$", re.S)
DOWNLOAD = {"zh": "下载这份笔记本", "en": "Download this notebook"}


def is_page(file: File) -> bool:
    return is_markdown_file(file.src_uri) or file.src_uri.endswith(NOTEBOOK)


File.is_documentation_page = is_page


@event_priority(-200)  # after static-i18n has set the language
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    os.environ["MATPLOTLIBRC"] = str(STYLE)  # the kernel draws in our style
    plugin = config.plugins["mkdocs-jupyter"]
    language = config.theme["language"]  # or each build evicts the other's
    plugin.config["cache_dir"] = f".cache/notebooks/{language}"
    return config


def formulas(text: str) -> str:
    """Dollar signs as the markup that arithmatex makes on other pages."""

    def mark(match: re.Match[str]) -> str:
        if match["block"]:
            return (
                f'<div class="arithmatex">\\[{match["block"].strip()}\\]</div>'
            )
        return f'<span class="arithmatex">\\({match["inline"]}\\)</span>'

    marked = FORMULA.sub(mark, text)
    return re.sub(
        r"<p>(<div class=\"arithmatex\">.*?</div>)</p>", r"\1", marked
    )


def prose(cell: Tag) -> str:
    for anchor in cell.select("a.anchor-link"):
        anchor.decompose()
    return BREAK.sub("", formulas(cell.decode_contents()))


def code(cell: Tag, number: int) -> str:
    source = cell.select_one(".highlight-ipynb pre")
    assert source is not None
    return (
        f'<div class="highlight"><pre id="__cell_{number}">'
        f"<code>{source.decode_contents().rstrip()}\n</code></pre></div>"
    )


def outputs(cell: Tag, number: int, page: Page, alt: str | None) -> str:
    parts = []
    for output in cell.select(".jp-OutputArea-output"):
        if picture := output.select_one("img"):
            if not alt:
                raise PluginError(
                    f'{page.file.src_uri}: code cell {number} draws: write alt="…" '
                    "after its # %%"
                )
            data = base64.b64decode(str(picture["src"]).partition(",")[2])
            name = f"{sha256(data).hexdigest()[:12]}.png"
            uri = f"assets/figures/notebooks/{name}"
            parts.append((uri, data, alt))
        elif text := output.select_one("pre"):
            parts.append(
                '<div class="highlight"><pre><code>'
                f"{text.decode_contents().rstrip()}\n</code></pre></div>"
            )
    made = ""
    for part in parts:
        if isinstance(part, str):
            made += part
        else:
            uri, data, words = part
            address = get_relative_url(uri, page.url)
            with Image.open(BytesIO(data)) as picture:
                sides = 'width="{}" height="{}"'.format(*picture.size)
            made += f'<p><img alt="{words}" src="{address}" {sides}></p>'
            PICTURES[uri] = data
    return made


PICTURES: dict[str, bytes] = {}


def on_page_content(
    content: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    if "jupyter-wrapper" not in content:
        return content
    path = Path(str(page.file.abs_src_path))
    notebook = jupytext.read(path)
    alts = [
        c.metadata.get("alt") for c in notebook.cells if c.cell_type == "code"
    ]
    html = BeautifulSoup(content, "html.parser")
    parts, number = [], 0
    for cell in html.select(".jp-MarkdownCell, .jp-CodeCell .jp-CodeCell"):
        if "jp-MarkdownCell" in cell.get_attribute_list("class"):
            text = cell.select_one(".jp-RenderedMarkdown")
            assert text is not None
            parts.append(prose(text))
        else:
            number += 1
            parts.append(code(cell, number))
            parts.append(outputs(cell, number, page, alts[number - 1]))
    for uri, data in PICTURES.items():
        if files.get_file_from_path(uri) is None:
            files.append(File.generated(config, uri, content=data))
    language = str(config.theme["language"])
    download = f"{page.file.dest_uri.rpartition('/')[0]}/{path.stem}.ipynb"
    for count, notebook_cell in enumerate(notebook.cells, 1):
        notebook_cell["id"] = f"cell-{count}"  # or each build writes another
    source = jupytext.writes(notebook, fmt="ipynb")
    files.append(File.generated(config, download, content=source))
    link = (
        f'<p><a href="{path.stem}.ipynb" download>{DOWNLOAD[language]}</a></p>'
    )
    whole = re.sub(
        r'<h1 id="[^"]*">', f'<h1 id="{path.stem}">', "\n".join(parts)
    )
    page.toc = get_toc(
        [
            {"level": 2, "id": anchor, "name": name, "children": []}
            for anchor, name in re.findall(
                r'<h2 id="([\w-]+)">(.*?)</h2>', whole
            )
        ]
    )
    return f"{whole}\n{link}"
