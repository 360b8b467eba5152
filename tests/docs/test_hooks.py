"""The build's own machinery, piece by piece."""

import re
from pathlib import Path
from types import ModuleType, SimpleNamespace

import cards
import catalogue
import chinese_lines
import drawing
import experiments
import formulas
import only
import pytest
import records
import search_index
import sources
import stored_rows
import timeline
import twins
from mkdocs.exceptions import PluginError

from tests.conftest import Recorder


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("均值，\n方差", "均值，方差"),
        ("均值。\nBN 很好", "均值。BN 很好"),
        ("用 BN\n训练", "用 BN\n训练"),
        ("一段。\n\n二段", "一段。\n\n二段"),
        ("如下：\n\n- 甲", "如下：\n\n- 甲"),
        ("| 甲 |\n| 乙 |", "| 甲 |\n| 乙 |"),
        ("one\ntwo", "one\ntwo"),
        ("```text\n甲，\n乙\n```", "```text\n甲，\n乙\n```"),
        ("对 $c$。", '对 <span class="tied">$c$。</span>'),
        ("$a$ 与 $b$ 都，$c$", "$a$ 与 $b$ 都，$c$"),
        ("$$\na，\n$$", "$$\na，\n$$"),
    ],
)
def test_chinese_lines_join_where_a_reader_would_see_a_gap(
    source: str, expected: str
) -> None:
    assert chinese_lines.on_page_markdown(source) == expected


def test_formula_becomes_html_with_mathml() -> None:
    made = formulas.render(r"\frac{a}{b}", True)
    assert "<math" in made
    assert "katex-display" in made


@pytest.mark.parametrize(
    "tex", [r"\frac{a}", r"\nosuchcommand x", "a_b_c", "x}"]
)
def test_unreadable_formula_is_refused(tex: str) -> None:
    with pytest.raises(ValueError, match="KaTeX parse error"):
        formulas.render(tex, False)


@pytest.mark.parametrize(
    ("uri", "module", "function"),
    [
        ("image_processing/edges_stages_figure", "edges", "stages_figure"),
        (
            "image_quality/ssim_equal_mse_damage_figure",
            "ssim_equal_mse",
            "damage_figure",
        ),
    ],
)
def test_figure_name_tells_module_and_function(
    uri: str,
    module: str,
    function: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "examples" / Path(uri).parent
    folder.mkdir(parents=True)
    for name in ("edges", "ssim", "ssim_equal_mse"):
        (folder / f"{name}.py").touch()
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    found = drawing.drawn_by(f"assets/figures/{uri}.svg")
    assert (found[0].stem, found[1]) == (module, function)


def test_figure_without_a_module_is_refused() -> None:
    with pytest.raises(
        PluginError, match=r"no module in .* draws nothing_here"
    ):
        drawing.drawn_by("assets/figures/opencv/nothing_here.svg")


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("error", 1.23e-15, '<span class="number">1e-15</span>'),
        ("error", 0.0, "0"),
        ("pixels", 1048576, "1,048,576"),
        ("reference", "cv2.Canny", "<code>cv2.<wbr>Canny</code>"),
        ("case", "five photographs", "five photographs"),
    ],
)
def test_stored_value_as_a_cell(key: str, value: object, shown: str) -> None:
    assert stored_rows.cell(key, value) == shown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("图像去噪", ["图像", "去噪"]),
        ("转置卷积层", ["转置", "卷积", "层"]),
        ("双边滤波器", ["滤波"]),
        ("边缘检测", ["边缘", "检测"]),
    ],
)
def test_long_chinese_words_fall_apart(text: str, words: list[str]) -> None:
    pieces = search_index.cut(text).split(search_index.BREAK)
    assert "".join(pieces) == text
    for word in words:
        assert any(piece.startswith(word) for piece in pieces), pieces


def test_search_knows_the_other_words_of_a_term() -> None:
    documents = [{"location": "a/", "title": "转置卷积", "text": "上采样"}]
    text = search_index.prepared(documents, "zh")[0]["text"]
    assert "反卷积" in text.replace(search_index.BREAK, "")


@pytest.mark.parametrize(
    ("file", "page"),
    [
        ("examples/image_processing/edges.py", "image_processing/edges"),
        ("examples/image_processing/edges_x.py", "image_processing/edges"),
        ("snippets/opencv/read_write_flags.py", "opencv/read_write"),
        ("snippets/home/index_first.py", "index"),
        (
            "tests/examples/image_quality/test_ssim_equal_mse.py",
            "image_quality/ssim",
        ),
        ("tests/docs/test_pages.py", None),
        ("kernels/layer_norm.py", "kernels/layer_norm"),
        ("kernels/layer_norm.txt", "kernels/layer_norm"),
        ("tests/kernels/test_layer_norm.py", "kernels/layer_norm"),
        ("kernels/launch.py", None),
        ("tests/kernels/harness.py", None),
        ("examples/image_processing/nothing.py", None),
    ],
)
def test_path_alone_tells_the_page(file: str, page: str | None) -> None:
    assert sources.page_of(sources.ROOT / file) == page


def test_a_kernel_rests_on_its_code_tests_and_what_they_import() -> None:
    files = sources.belonging("kernels/layer_norm")
    names = {file.relative_to(sources.ROOT).as_posix() for file in files}
    assert names == {
        "kernels/layer_norm.py",
        "kernels/layer_norm.txt",
        "tests/kernels/test_layer_norm.py",
    }
    closure = {file.stem for file in sources.closure(files)}
    assert {"launch", "tiles", "harness", "triton_ir", "subject"} <= closure
    assert "softmax" not in closure


def test_the_longer_name_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subjects = tmp_path / "tests/kernels/subjects"
    subjects.mkdir(parents=True)
    for name in ("conv", "conv_depthwise"):
        (subjects / f"{name}.py").touch()
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    sources.kernels.cache_clear()
    try:
        for file, kernel in (
            ("kernels/conv_depthwise.py", "kernels/conv_depthwise"),
            ("kernels/conv_extra.py", "kernels/conv"),
            ("kernels/convolution.py", None),
        ):
            assert sources.page_of(tmp_path / file) == kernel
    finally:
        sources.kernels.cache_clear()


def test_rows_of_another_record(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {
        "kernels/a": [{"ours": "a", "way": "x", "forward": 0.5}],
        "c/p": [{"ours": "p", "way": "x", "forward": 0.25}],
    }
    monkeypatch.setattr(
        records, "record", lambda name: {"proof": rows.get(name, [])}
    )
    path = sources.ROOT / "docs/zh/c/p.md"
    page = SimpleNamespace(file=SimpleNamespace(abs_src_path=path))

    def shown(marker: str) -> str:
        made = stored_rows.on_page_markdown(marker, page, None, None)
        return re.sub("<.+?>", "", made)

    assert shown("<!-- rows: ours, forward -->") == "| p | 2e-01 |"
    other = "<!-- rows of kernels/a[way=x]: ours, forward -->"
    assert shown(other) == "| a | 5e-01 |"


def catalogue_of(
    monkeypatch: pytest.MonkeyPatch, proof: list[dict], marker: str
) -> list[str]:
    """The lines that the English catalogue makes of one kernel's rows."""
    monkeypatch.setattr(
        records, "record", lambda name: {"proof": proof, "tests": 7}
    )
    monkeypatch.setattr(sources, "kernels", lambda: ("kernels/softmax",))
    path = sources.ROOT / "docs/en/gpu/catalogue.md"
    page = SimpleNamespace(file=SimpleNamespace(abs_src_path=path))
    made = catalogue.on_page_markdown(
        f"<!-- kernels: {marker} -->", page, None, None
    )
    return made.splitlines()


def errors_by_type(*dtypes: str) -> list[dict]:
    found = {"ours": "softmax", "reference": "torch.softmax"}
    found |= {"forward": 0.5, "gradient": 0.25}
    return [found | {"dtype": d, "way": "triton_ir"} for d in dtypes] + [
        found | {"dtype": "float32", "way": "interpret", "forward": 1.0}
    ]


def test_catalogue_of_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = errors_by_type("float32", "bfloat16", "float16")
    head, _, line = catalogue_of(monkeypatch, rows, "errors")
    assert head.startswith(
        "| Kernel | torch's | float32<br>forward / gradient |"
    )
    numbers = ["5e-01 / 2e-01"] * 3
    cells = [cell.strip() for cell in line.strip("| ").split("|")]
    shown = [re.sub("<.+?>", "", cell) for cell in cells]
    assert shown[1:] == ["softmax", *numbers, "7"]


def test_catalogue_leaves_no_type_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PluginError, match="kernels/softmax: no error of each"):
        catalogue_of(monkeypatch, errors_by_type("float32"), "errors")


def test_catalogue_of_launches(monkeypatch: pytest.MonkeyPatch) -> None:
    lowered = {"ours": "softmax", "reference": catalogue.LOWERED}
    lowered |= {"benchmark": "4×8 float32", "kernels": ["a 1×1×1", "b 2×1×1"]}
    rows = [*errors_by_type("float32"), lowered]
    *_, line = catalogue_of(monkeypatch, rows, "launches")
    wanted = "| 4×8 float32 | a 1×1×1b 2×1×1 | not measured yet |"
    assert re.sub("<.+?>", "", line).endswith(wanted)


CARD = "NVIDIA Made-Up 100"
SIZE = "4×8 float32"


def card_row(direction: str, rival: str, p50: float, **more: object) -> dict:
    key = cards.key("kernels/softmax", SIZE, direction, rival)
    facts = {"kernel": "kernels/softmax", "benchmark": SIZE, "run": "first"}
    facts |= {"sha256": "the code", "direction": direction, "rival": rival}
    return {key: facts | {"p50": p50, "share": 0.845} | more}


def seen_on_a_card(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rows: dict
) -> str:
    """The last cell of the catalogue's line."""
    monkeypatch.setattr(records, "DATA", tmp_path)
    monkeypatch.setattr(cards, "digest", lambda kernel: "the code")
    cards.save({"card": CARD, "runs": {"first": {}}, "rows": rows})
    lowered = {"ours": "softmax", "reference": catalogue.LOWERED}
    lowered |= {"benchmark": SIZE, "kernels": ["a 1×1×1"]}
    *_, line = catalogue_of(monkeypatch, [lowered], "launches")
    return re.sub("<.+?>", " ", line.split("|")[-2]).strip()


def test_catalogue_of_what_a_card_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rows = card_row("forward", "ours", 1234.56)
    rows |= card_row("forward", "xla", 1300.0)
    rows |= card_row("forward", "library", 100.04, library="cuDNN")
    rows |= card_row("backward", "ours", 50.0)
    rows |= card_row("backward", "xla", 9.0, failed="out of memory")
    assert seen_on_a_card(monkeypatch, tmp_path, rows) == (
        f"{CARD}: forward 1,234.6 µs, 84% of the roofline "
        "(xla 1,300.0 µs, cuDNN 100.0 µs) "
        "backward 50.0 µs, 84% of the roofline"
    )


@pytest.mark.parametrize(
    "rows",
    [
        {},
        card_row("forward", "ours", 9.0, sha256="older code"),
        card_row("forward", "ours", 9.0, failed="out of memory"),
        card_row("forward", "ours", 9.0, benchmark="4×9 float32"),
        card_row("forward", "xla", 9.0),
    ],
    ids=["no row", "stale", "failed", "another size", "only rivals"],
)
def test_what_no_fresh_row_tells_is_not_measured(
    rows: dict, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = seen_on_a_card(monkeypatch, tmp_path, rows)
    assert found == "not measured yet"


def test_the_catalogue_says_it_in_chinese_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rows = card_row("forward", "ours", 9.0)
    seen_on_a_card(monkeypatch, tmp_path, rows)
    words = catalogue.WORDS["zh"]
    cell = catalogue.measured("kernels/softmax", SIZE, words)
    assert cell == f"{CARD}：前向 9.0 µs，屋顶线的 84%"
    assert set(words) == set(catalogue.WORDS["en"])


def test_a_kernel_is_linked_to_the_page_that_shows_it() -> None:
    assert catalogue.shown_on("kernels/gelu") == "modules/activation"
    assert catalogue.shown_on("kernels/nothing") is None


def test_digest_sees_code_and_not_comments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    path = tmp_path / "m.py"

    def digest(text: str) -> str:
        path.write_text(text, encoding="utf-8")
        return sources.digest([path])

    base = digest('"""Doc."""\nA = 1\n')
    assert digest('"""Other."""\n# why\nA = 1  # one\n') == base
    assert digest('"""Doc."""\nA = 2\n') != base


def test_digest_follows_our_own_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    (tmp_path / "examples").mkdir()
    inner = tmp_path / "examples/inner.py"
    outer = tmp_path / "examples/outer.py"
    inner.write_text("A = 1\n", encoding="utf-8")
    outer.write_text("from examples.inner import A\nB = A\n", encoding="utf-8")
    before = sources.digest([outer])
    inner.write_text("A = 2\n", encoding="utf-8")
    assert sources.digest([outer]) != before


@pytest.mark.parametrize("oracle", [False, True], ids=["own", "oracle"])
@pytest.mark.parametrize("page", sorted(sources.topics()))
def test_stored_results_belong_to_this_code(page: str, oracle: bool) -> None:
    assert not records.is_stale(page, oracle), "run 'make results'"


def test_a_record_counts_these_files_of_tests() -> None:
    def names(page: str, oracle: bool = False) -> list[str]:
        return [file.name for file in records.counted(page, oracle)]

    shared = ["test_run_alone.py", "test_printed_output.py"]
    assert names("kernels/softmax") == ["test_softmax.py", *shared[1:]]
    assert names("modules/residual")[-2:] == shared
    assert names("modules/residual", oracle=True) == ["test_residual_oracle.py"]
    assert names("index") == shared[:1]


@pytest.mark.parametrize(
    ("ran", "stored"),
    [
        (["kernels/test_softmax.py", "examples/test_printed_output.py"], 1),
        (["kernels/test_softmax.py"], 0),
        (["examples/test_printed_output.py"], 0),
    ],
)
def test_results_of_a_part_of_the_tests_are_not_stored(
    ran: list[str],
    stored: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(records, "DATA", tmp_path)
    recorder, lines = Recorder(oracle=False), []
    for order, file in enumerate(ran):
        properties = [("page", "kernels/softmax"), ("order", order)]
        report = SimpleNamespace(
            nodeid=f"tests/{file}::test_x[a::b]",
            user_properties=properties,
            when="call",
            passed=True,
        )
        recorder.pytest_runtest_logreport(report)
    session = SimpleNamespace(exitstatus=pytest.ExitCode.OK)
    recorder.pytest_sessionfinish(session, session.exitstatus)
    recorder.pytest_terminal_summary(SimpleNamespace(write_line=lines.append))
    assert len(list(tmp_path.rglob("*.json"))) == stored
    assert len(lines) == 1 - stored
    assert (session.exitstatus == pytest.ExitCode.OK) == bool(stored)
    if lines:
        assert lines[0].startswith("kernels/softmax: nothing is stored, tests/")


@pytest.mark.parametrize(
    "path", experiments.experiments(), ids=lambda p: p.stem
)
def test_stored_experiments_belong_to_this_code(path: Path) -> None:
    assert not experiments.stale(path), "run 'make results'"
    assert not experiments.left_over(path), "run 'make results'"


EXPERIMENT = '''"""Counts."""


def rows() -> list[str]:
    return ["a", "b"]


def depends(row: str) -> list[str]:
    return [f"examples.c.{row}_small"]


def measure(row: str) -> dict:
    if row == "b":
        raise KeyboardInterrupt
    return {"model": row.upper(), "parameters": 1234, "miou": 0.5678}
'''


@pytest.fixture
def experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (experiments, sources):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(records, "DATA", tmp_path / "docs/_data")
    path = tmp_path / "examples/c/m.py"
    path.parent.mkdir(parents=True)
    path.write_text(EXPERIMENT, encoding="utf-8")
    for row in ("a", "b"):
        small = path.with_name(f"{row}_small.py")
        small.write_text('"""Small."""\n', encoding="utf-8")
    module = ModuleType("m")
    exec(EXPERIMENT, module.__dict__)
    monkeypatch.setattr(experiments, "module_of", lambda _: module)
    monkeypatch.setattr("sys.argv", ["experiments.py", str(path)])
    return path


def test_an_experiment_goes_on_where_it_was_stopped(experiment: Path) -> None:
    assert experiments.stale(experiment) == ["a", "b"]
    with pytest.raises(KeyboardInterrupt):
        experiments.main()
    assert experiments.stale(experiment) == ["b"]


def test_only_the_row_whose_code_changed_is_stale(experiment: Path) -> None:
    for row in ("a", "b"):
        experiments.keep(experiment, row, {})
    assert not experiments.stale(experiment)
    experiment.with_name("b_small.py").write_text("N = 1\n", encoding="utf-8")
    assert experiments.stale(experiment) == ["b"]


@pytest.mark.parametrize(
    ("options", "measured"),
    [([], []), (["--again", "--row", "a"], ["a"]), (["--row", "a"], [])],
)
def test_rows_are_measured_once_or_when_asked(
    options: list[str],
    measured: list[str],
    experiment: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for row in ("a", "b"):
        experiments.keep(experiment, row, {})
    monkeypatch.setattr(
        "sys.argv", ["experiments.py", str(experiment), *options]
    )
    experiments.main()
    values = {k: v["values"] for k, v in experiments.stored(experiment).items()}
    assert [row for row, value in values.items() if value] == measured


def test_a_row_that_nobody_names_is_refused(
    experiment: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["", str(experiment), "--row", "nobody"])
    with pytest.raises(SystemExit):
        experiments.main()
    assert "--row is nobody; must be one of" in capsys.readouterr().err


def test_a_row_that_is_no_longer_named_goes(
    experiment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for row in ("b", "a"):
        experiments.keep(experiment, row, {})
    folder = experiments.data_of(experiment)
    (folder / "gone.json").write_text("{}", encoding="utf-8")
    assert list(experiments.stored(experiment)) == ["a", "b"]
    assert [f.stem for f in experiments.left_over(experiment)] == ["gone"]
    experiments.main()
    assert not experiments.left_over(experiment)


def test_a_figure_is_drawn_anew_when_an_experiment_is_measured(
    experiment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiments, "experiments", lambda: (experiment,))
    monkeypatch.setattr(drawing, "versions", list)
    plot = experiment.with_name("plot.py")
    plot.write_text("from examples.c.m import rows\n", encoding="utf-8")
    uri = "assets/figures/c/plot_a_figure.svg"
    before = drawing.cached(uri)
    experiments.keep(experiment, "a", {"miou": 0.5})
    assert drawing.cached(uri) != before


def test_stored_experiment_as_rows_of_a_table(
    experiment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for row in ("a", "b"):
        values = experiments.module_of(experiment).measure("a")
        experiments.keep(experiment, row, values | {"model": row})
    page = SimpleNamespace(
        file=SimpleNamespace(
            abs_src_path=experiment.parents[2] / "docs/zh/c/p.md"
        )
    )

    def shown(marker: str) -> str:
        return stored_rows.on_page_markdown(marker, page, None, None)

    columns = "model, parameters, miou:.2f"
    assert (
        shown(f"<!-- results c/m[b]: {columns} -->") == "| b | 1,234 | 0.57 |"
    )
    assert len(shown(f"<!-- results c/m: {columns} -->").splitlines()) == 2
    both = shown("<!-- results c/m + c/m[a]: model, flops, miou:.3f -->")
    assert both == "| a | — | 0.568 |"
    page.file.abs_src_path.parent.mkdir(parents=True)
    marker = "<!-- results c/m[z]: model -->"
    page.file.abs_src_path.write_text(marker, encoding="utf-8")
    with pytest.raises(PluginError, match=r"c/m keeps no row z: run 'make"):
        shown(marker)


def test_timeline_has_the_outlines_order_and_links_what_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    paper = {"en": "B", "year": 2016, "path": "c/b"}
    pages = [
        {"path": "c/index", "en": "C"},
        {**paper, "en": "A", "path": "c/a"},
    ]
    chapter = {"dir": "c", "pages": [*pages, paper]}
    monkeypatch.setattr(timeline, "outline", lambda: [chapter])
    path = tmp_path / "docs/en/c/a.md"
    path.parent.mkdir(parents=True)
    keys = {"year": 2016, "first": "2015-11", "venue": "CVPR", "idea": "x > y"}

    def write(**changed: object) -> list[str]:
        lines = {"title": "A", "arxiv": '"1511.00001"'} | keys | changed
        text = "\n".join(f"{k}: {v}" for k, v in lines.items())
        path.write_text(f"---\n{text}\n---\n# A\n", encoding="utf-8")
        return timeline.problems("en", pages[1])

    assert timeline.problems("en", paper) == []  # not written yet
    assert write(year=2015) == ["year is 2015, not 2016"]
    assert "first is" in write(first="2015")[0]
    assert "arxiv is" in write(arxiv="1511.0001")[0]  # a number, by YAML
    assert write() == []
    page = SimpleNamespace(
        file=SimpleNamespace(
            abs_src_path=tmp_path / "docs/en/c/index.md",
            src_uri="en/c/index.md",
        ),
        url="en/c/",
    )
    written = {"c/a.md": SimpleNamespace(url="en/c/a/")}
    files = SimpleNamespace(get_file_from_path=written.get)
    made = timeline.on_page_markdown("<!-- timeline -->", page, None, files)
    first, second = made.split("</li>")[:2]
    assert '<a href="a/">A</a>' in first and "2016" in first
    assert "arxiv.org/abs/1511.00001" in first and "x &gt; y" in first
    assert "unwritten" in second and "2016" not in second


def test_no_record_outlives_its_page() -> None:
    stored = set(records.DATA.rglob("*.json")) - set(cards.files())
    for path in experiments.experiments():
        stored -= set(experiments.kept(path))
    pages = sources.topics()
    own = {records.path_of(page) for page in pages}
    assert stored <= own | {records.path_of(p, oracle=True) for p in pages}


ZH = '# 甲 { #a }\n\n$$x$$\n\n![图](f.svg)\n\n```python\n--8<-- "e.py:s"\n```\n'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "{ #a }",
            "{ #b }",
            r"docs/en/p.md:1: heading|docs/zh/p.md:1: heading",
        ),
        ("{ #a }", "", "docs/en/p.md:1: a heading without an anchor"),
        ("$$x$$", "$$y$$", "docs/zh/p.md:3: formula 'x' stands against 'y'"),
        ("$$x$$", "", "docs/zh/p.md:3: formula 'x' stands against 'nothing'"),
        ("f.svg", "g.svg", "docs/zh/p.md:5: figure"),
        ("e.py:s", "e.py:t", "docs/zh/p.md:8: include"),
    ],
)
def test_twins_that_differ_are_named_with_their_line(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    for language, text in (("zh", ZH), ("en", ZH.replace(old, new))):
        (tmp_path / language).mkdir()
        (tmp_path / language / "p.md").write_text(text, encoding="utf-8")
    problems = twins.differences("p.md", tmp_path)
    assert any(re.match(message, problem) for problem in problems), problems


def test_twins_that_agree_pass(tmp_path: Path) -> None:
    for language in ("zh", "en"):
        (tmp_path / language).mkdir()
        (tmp_path / language / "p.md").write_text(ZH, encoding="utf-8")
    assert not twins.differences("p.md", tmp_path)


def test_only_keeps_home_and_one_chapter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nav = ["index.md", {"甲": ["a/index.md", "a/x.md"]}, {"乙": ["b/index.md"]}]
    monkeypatch.setenv("ONLY", "b")
    config = SimpleNamespace(nav=nav)
    assert only.on_config(config).nav == ["index.md", {"乙": ["b/index.md"]}]
    monkeypatch.setenv("ONLY", "c")
    with pytest.raises(PluginError, match="must be one of a, b"):
        only.on_config(SimpleNamespace(nav=nav))
