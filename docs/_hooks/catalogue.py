"""MkDocs hook: the tables of the kernel catalogue, out of the stored records.

``<!-- kernels: errors -->``    a line for each kernel: what it is held against,
                               the largest error in each type, how many tests
``<!-- kernels: launches -->``  a line for each benchmark: what is launched, and
                               what was measured on a card, see ``cards.py``
"""

import re
import sys
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import cards
import records
import sources
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from page_facts import language
from stored_rows import cell

MARKER = re.compile(r"^<!-- kernels: (errors|launches) -->$", re.M)
DTYPES = ("float32", "bfloat16", "float16")
LOWERED = "lowered for CUDA"
WORDS = {
    "zh": {
        "kernel": "核函数",
        "reference": "torch 的",
        "both": "前向 / 梯度",
        "tests": "测试",
        "size": "规模",
        "launches": "降级所得的启动",
        "measured": "GPU 实测",
        "not measured": "尚未测量",
        "forward": "前向",
        "backward": "反向",
        "row": "{direction} {p50}，屋顶线的 {share:.0%}（{rivals}）",
        "colon": "：",
        "comma": "，",
    },
    "en": {
        "kernel": "Kernel",
        "reference": "torch's",
        "both": "forward / gradient",
        "tests": "Tests",
        "size": "Size",
        "launches": "Launches, as lowered",
        "measured": "On a GPU",
        "not measured": "not measured yet",
        "forward": "forward",
        "backward": "backward",
        "row": "{direction} {p50}, {share:.0%} of the roofline ({rivals})",
        "colon": ": ",
        "comma": ", ",
    },
}


@cache
def shown_on(kernel: str) -> str | None:
    """The page with a section on a kernel: ``modules/normalization``."""
    for page in sources.pages():
        path = sources.ROOT / f"docs/zh/{page}.md"
        text = path.read_text("utf-8") if path.exists() else ""
        if "{ #kernel }" in text and f'"{kernel}.py:kernel"' in text:
            return page
    return None


def name(kernel: str) -> str:
    """Its name, linked to the page that explains it."""
    code = f"`{kernel.rpartition('/')[2]}`"
    page = shown_on(kernel)
    return f"[{code}](../{page}.md#kernel)" if page else code


def short(reference: str) -> str:
    """``layer_norm`` for ``torch.nn.functional.layer_norm``."""
    name = reference.rpartition(".")[2]
    return f"<code>{name.replace('_', '_<wbr>')}</code>"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def errors(kernels: tuple[str, ...], words: dict[str, str]) -> str:
    parts = ("forward", "gradient")
    head = [words["kernel"], words["reference"]]
    head += [f"{dtype}<br>{words['both']}" for dtype in DTYPES]
    rows = []
    for kernel in kernels:
        record = records.record(kernel) or {"proof": [], "tests": 0}
        found = {
            row["dtype"]: row
            for row in record["proof"]
            if row.get("way") == "triton_ir"
        }
        if set(found) != set(DTYPES):
            raise PluginError(f"{kernel}: no error of each type is stored")
        rows.append(
            [
                name(kernel),
                short(found["float32"]["reference"]),
                *(
                    " / ".join(cell(part, found[dtype][part]) for part in parts)
                    for dtype in DTYPES
                ),
                str(record["tests"]),
            ]
        )
    return table([*head, words["tests"]], rows)


def measured(kernel: str, benchmark: str, words: dict[str, str]) -> str:
    """For each card: our median time and share of the roofline, the others'
    times in parentheses, won or lost."""
    lines = []
    for card, rows in cards.fresh(kernel, benchmark).items():
        said = []
        for direction in ("forward", "backward"):
            times = {
                row["rival"]: row
                for row in rows
                if row["direction"] == direction
            }
            ours = times.pop("ours", None)
            if ours is None:
                continue
            rivals = words["comma"].join(
                f"{row.get('library', rival)} {microseconds(row)}"
                for rival, row in times.items()
            )
            text = words["row"].format(
                direction=words[direction],
                p50=microseconds(ours),
                share=ours["share"],
                rivals=rivals,
            )
            said.append(text.removesuffix("()").removesuffix("（）").strip())
        if said:
            lines.append(card + words["colon"] + "<br>".join(said))
    nothing = f'<span class="number">{words["not measured"]}</span>'
    return "<br>".join(lines) or nothing


def microseconds(row: dict) -> str:
    return f"{row['p50']:,.1f} µs"


def launches(kernels: tuple[str, ...], words: dict[str, str]) -> str:
    head = [words[w] for w in ("kernel", "size", "launches", "measured")]
    rows = [
        [
            name(kernel),
            row["benchmark"],
            "<br>".join(row["kernels"]),
            measured(kernel, row["benchmark"], words),
        ]
        for kernel in kernels
        for row in records.rows(kernel)
        if row["reference"] == LOWERED
    ]
    return table(head, rows)


def on_page_markdown(
    markdown: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    if not MARKER.search(markdown):
        return markdown
    kernels, words = sources.kernels(), WORDS[language(page)]
    made = {"errors": errors, "launches": launches}
    return MARKER.sub(lambda found: made[found[1]](kernels, words), markdown)
