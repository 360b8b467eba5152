"""The rows of the comparison, what they cost, and how they are drawn."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from examples.segmentation import index_cost, index_models
from examples.segmentation.diagram import BLUE, Box, Diagram
from examples.segmentation.index_comparison import (
    COLOR_CUE,
    STEPS,
    packed,
    unpacked,
)
from examples.segmentation.index_cost import flops, peak_memory
from examples.segmentation.index_models import (
    PAGES,
    canonical_model,
    page_of_row,
    small_model,
    small_rows,
)
from examples.segmentation.index_segments import PALETTE, compare_segments
from examples.segmentation.index_stored import stored_values
from examples.segmentation.shapes import CLASSES
from examples.segmentation.training import objective
from tests.mutants import mutate

ROOT = Path(__file__).parents[3]


def test_pages_are_the_outlines() -> None:
    outline = yaml.safe_load(
        (ROOT / "docs/_data/outline.yml").read_text(encoding="utf-8")
    )
    (chapter,) = (c for c in outline["chapters"] if c["dir"] == "segmentation")
    named = [page["path"].split("/")[1] for page in chapter["pages"]]
    assert list(PAGES) == [name for name in named if name != "index"]


@pytest.mark.parametrize(
    ("row", "page"),
    [
        ("fcn", "fcn"),
        ("fcn_32s", "fcn"),
        ("deeplab_v3", "deeplab_v3"),
        ("deeplab_v3_plus", "deeplab_v3_plus"),
        ("deeplab_v3_plus_xception", "deeplab_v3_plus"),
        ("setr_pup", "setr"),
    ],
)
def test_rows_belong_to_pages(row: str, page: str) -> None:
    assert page_of_row(row) == page


def test_rows_stand_in_the_outlines_order() -> None:
    rows = small_rows()
    assert {"fcn_32s", "fcn_16s", "fcn_8s"} <= set(rows)
    order = [PAGES.index(page_of_row(row)) for row in rows]
    assert order == sorted(order)
    with pytest.raises(ValueError, match="row is 'vnet'; must begin with"):
        page_of_row("vnet")


@pytest.mark.parametrize("row", small_rows())
def test_small_models_keep_the_contract(row: str) -> None:
    """Logits of the input's size; a loss in training; no bare outputs."""
    model = small_model(row, 5)
    x, y = torch.randn(2, 3, 64, 64), torch.randint(5, (2, 64, 64))
    z = model.eval()(x)
    assert isinstance(z, Tensor) and z.shape == (2, 5, 64, 64)
    loss = objective(model.train(), model(x), y)
    loss.backward()
    assert loss.isfinite() and loss.dim() == 0
    learned = [p for p in model.parameters() if p.requires_grad]
    assert learned and all(p.grad is not None for p in learned)
    assert sum(p.numel() for p in learned) < 3_000_000
    again = small_model(row, 5).state_dict()  # the seed makes it
    first = small_model(row, 5).state_dict()
    assert all(torch.equal(first[k], again[k]) for k in first)


@pytest.mark.parametrize("row", small_rows())
def test_canonical_models_hold_no_memory(row: str) -> None:
    if model := canonical_model(row):
        assert all(p.is_meta for p in model.parameters())


def test_what_is_stored_is_of_this_setting() -> None:
    cost, comparison = map(stored_values, ("index_cost", "index_comparison"))
    assert list(cost) == list(comparison) == small_rows()
    for row, values in comparison.items():
        assert values["parameters"] == cost[row]["parameters"]
        assert values["miou_low"] <= values["miou"] <= values["miou_high"]
        assert 0 < values["miou"] < 1 and len(values["iou"]) == len(CLASSES)
        assert values["seconds"] < 90, "small models train within 90 s"
        masks = unpacked(values["masks"])
        assert masks.shape[1:] == (64, 64) and masks.max() < len(CLASSES)
    assert STEPS == 1000 and 0 <= COLOR_CUE <= 1


def test_masks_survive_packing() -> None:
    masks = torch.randint(7, (3, 64, 64))
    assert np.array_equal(unpacked(packed(masks)), masks.numpy())


class Chain(nn.Module):
    """n sines, each of which keeps its input for the backward pass."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n, self.w = n, nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        x = x * self.w
        for _ in range(self.n):
            x = torch.sin(x)
        return x


def test_memory_by_hand() -> None:
    """Forward: the input of a layer and its output. For training: all."""
    x = torch.randn(1, 3, 16, 16)
    size = x.numel() * 4
    for n in (4, 9):
        assert peak_memory(Chain(n), x, training=False) == 2 * size
        held = peak_memory(Chain(n), x, training=True)
        assert (n + 1) * size < held < (n + 6) * size


def profiled(model: nn.Module, x: Tensor) -> int:
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as p:
        model(x).square().mean().backward()
    now = peak = 0
    results = p.profiler and p.profiler.kineto_results
    assert results
    for event in results.events():
        if event.name() == "[memory]":
            now += event.nbytes()
            peak = max(peak, now)
    model.zero_grad()
    return peak


def test_memory_is_what_the_profiler_sees(proof: Callable[..., None]) -> None:
    model, x = small_model("fcn_8s", 7).train(), torch.randn(2, 3, 64, 64)
    mine, theirs = peak_memory(model, x, True), profiled(model, x)
    assert theirs == pytest.approx(mine, rel=0.1)
    proof(
        ours="peak_memory",
        reference="torch.profiler.profile",
        case="FCN-8s, share of the difference",
        forward=abs(theirs - mine) / theirs,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("if key not in given:", "if key in given:"),
        ("weakref.finalize(storage, self.alive.pop, key, None)", "pass"),
        ("max(self.peak, sum", "max(0, sum"),
        ("storage.nbytes()", "storage.nbytes() * 2"),
    ],
)
def test_profiler_notices_the_mutant(old: str, new: str) -> None:
    mutant = mutate(index_cost, old, new)
    model, x = Chain(4), torch.randn(1, 3, 16, 16)
    found = [mutant.peak_memory(model, x, t) for t in (False, True)]
    expected = [peak_memory(model, x, t) for t in (False, True)]
    assert found != expected


def test_flops_by_hand() -> None:
    model = nn.Sequential(nn.Conv2d(3, 5, 3, 2, 1), nn.Flatten())
    assert flops(model, torch.randn(1, 3, 8, 8)) == 2 * 9 * 3 * 5 * 16


def test_figures_are_drawn_for_stored_rows() -> None:
    figure = compare_segments({"a": "fcn_32s", "b": "fcn_8s"})
    assert len(figure.axes) == 4 * 5
    assert len(PALETTE) == len(CLASSES)
    with pytest.raises(ValueError, match="row is 'none'; must be one of"):
        compare_segments({"a": "none"})


def test_diagram_stands_by_its_middle() -> None:
    d = Diagram(16, 8)
    a, b = d.maps(2, 4, 1, 8), d.maps(8, 4, 4, 64, "x", "y")
    assert a.h > b.h and a.w < b.w and a.right == (2 + a.w / 2, 4)
    assert Box(1, 2, 2, 4).top == (1, 4) and Box(1, 2, 2, 4).bottom == (1, 0)
    d.arrow(a, b, "words")
    d.skip(a, d.node(8, 1), 7, "skip", BLUE)
    d.arrow(d.op(12, 6, "op"), b)
    assert d.figure.get_size_inches().tolist() == [6.4, 3.2]
    width, height = d.axes.get_xlim()[1], d.axes.get_ylim()[1]
    assert (width, height) == (16, 8)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: Diagram(4, 4).maps(1, 1, 0.5, 3), "stride is 0.5"),
        (lambda: Diagram(4, 4).maps(1, 1, 1, 0), "channels 0"),
        (lambda: Diagram(4, 4).node(1, 1, "-"), "sign is '-'"),
        (lambda: index_models.page_of_row("x"), "row is 'x'"),
    ],
)
def test_bad_input_is_named(run: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run()
