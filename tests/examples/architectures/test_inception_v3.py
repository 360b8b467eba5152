"""Inception v3 and its blocks against the paper, written with functions."""

from collections.abc import Callable
from functools import partial
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from examples.architectures import (
    inception_blocks,
    inception_parts,
    inception_torchvision,
    inception_v3,
)
from examples.architectures.cnn_cost import layer_costs
from examples.architectures.inception_torchvision import (
    from_torchvision,
    torchvision_names,
)
from examples.architectures.inception_v3 import InceptionV3
from tests.examples.architectures.test_inception import ByHand, gaps, noticed
from tests.mutants import mutate
from tests.parity import TOLERANCE, randomize

Proof = Callable[..., None]
Pair = tuple[int, int]
WIDTH = 2  # a sixteenth of every number of channels


class V3ByHand(ByHand):
    """Blocks and network of v3."""

    thin = 16

    def one(self, x: Tensor, at: str, out: int) -> Tensor:
        return self.unit(x, at, out)

    def valid(self, x: Tensor, at: str, out: int, stride: int) -> Tensor:
        return self.unit(x, at, out, (3, 3), stride)

    def pool(self, x: Tensor, at: str, out: int) -> Tensor:
        ninth = F.avg_pool2d(F.pad(x, [1] * 4), 3, 1)  # zeros counted
        return self.one(ninth, f"{at}.branch_pool", out)

    def a(self, x: Tensor, at: str, pool: int) -> Tensor:
        five = self.one(x, f"{at}.branch5x5_1", 48)
        three = self.one(x, f"{at}.branch3x3dbl_1", 64)
        three = self.same(three, f"{at}.branch3x3dbl_2", 96, 3, 3)
        return torch.cat(
            [
                self.one(x, f"{at}.branch1x1", 64),
                self.same(five, f"{at}.branch5x5_2", 64, 5, 5),
                self.same(three, f"{at}.branch3x3dbl_3", 96, 3, 3),
                self.pool(x, at, pool),
            ],
            1,
        )

    def b(self, x: Tensor, at: str) -> Tensor:
        y = self.one(x, f"{at}.branch3x3dbl_1", 64)
        y = self.same(y, f"{at}.branch3x3dbl_2", 96, 3, 3)
        return torch.cat(
            [
                self.valid(x, f"{at}.branch3x3", 384, 2),
                self.valid(y, f"{at}.branch3x3dbl_3", 96, 2),
                F.max_pool2d(x, 3, 2),
            ],
            1,
        )

    def c(self, x: Tensor, at: str, n: int) -> Tensor:
        y = self.one(x, f"{at}.branch7x7_1", n)
        y = self.same(y, f"{at}.branch7x7_2", n, 1, 7)
        y = self.same(y, f"{at}.branch7x7_3", 192, 7, 1)
        z = self.one(x, f"{at}.branch7x7dbl_1", n)
        z = self.same(z, f"{at}.branch7x7dbl_2", n, 7, 1)
        z = self.same(z, f"{at}.branch7x7dbl_3", n, 1, 7)
        z = self.same(z, f"{at}.branch7x7dbl_4", n, 7, 1)
        z = self.same(z, f"{at}.branch7x7dbl_5", 192, 1, 7)
        first = self.one(x, f"{at}.branch1x1", 192)
        return torch.cat([first, y, z, self.pool(x, at, 192)], 1)

    def d(self, x: Tensor, at: str) -> Tensor:
        y = self.one(x, f"{at}.branch3x3_1", 192)
        z = self.one(x, f"{at}.branch7x7x3_1", 192)
        z = self.same(z, f"{at}.branch7x7x3_2", 192, 1, 7)
        z = self.same(z, f"{at}.branch7x7x3_3", 192, 7, 1)
        return torch.cat(
            [
                self.valid(y, f"{at}.branch3x3_2", 320, 2),
                self.valid(z, f"{at}.branch7x7x3_4", 192, 2),
                F.max_pool2d(x, 3, 2),
            ],
            1,
        )

    def e(self, x: Tensor, at: str) -> Tensor:
        y = self.one(x, f"{at}.branch3x3_1", 384)
        z = self.one(x, f"{at}.branch3x3dbl_1", 448)
        z = self.same(z, f"{at}.branch3x3dbl_2", 384, 3, 3)
        return torch.cat(
            [
                self.one(x, f"{at}.branch1x1", 320),
                self.same(y, f"{at}.branch3x3_2a", 384, 1, 3),
                self.same(y, f"{at}.branch3x3_2b", 384, 3, 1),
                self.same(z, f"{at}.branch3x3dbl_3a", 384, 1, 3),
                self.same(z, f"{at}.branch3x3dbl_3b", 384, 3, 1),
                self.pool(x, at, 192),
            ],
            1,
        )

    def head(self, x: Tensor) -> Tensor:
        x = self.one(F.avg_pool2d(x, 5, 3), "AuxLogits.conv0", 128)
        x = self.unit(x, "AuxLogits.conv1", 768, (5, 5))
        return self.linear(x.mean((2, 3)), "AuxLogits.fc")

    def __call__(self, x: Tensor) -> Tensor:
        """Both logits side by side; the head's only where it is."""
        x = self.valid(x, "Conv2d_1a_3x3", 32, 2)
        x = self.valid(x, "Conv2d_2a_3x3", 32, 1)
        x = F.max_pool2d(self.same(x, "Conv2d_2b_3x3", 64, 3, 3), 3, 2)
        x = self.one(x, "Conv2d_3b_1x1", 80)
        x = F.max_pool2d(self.valid(x, "Conv2d_4a_3x3", 192, 1), 3, 2)
        for name, pool in (("5b", 32), ("5c", 64), ("5d", 64)):
            x = self.a(x, f"Mixed_{name}", pool)
        x = self.b(x, "Mixed_6a")
        for name, n in (("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)):
            x = self.c(x, f"Mixed_{name}", n)
        heads = [self.head(x)] if "AuxLogits.fc.bias" in self.p else []
        x = self.d(x, "Mixed_7a")
        x = self.e(self.e(x, "Mixed_7b"), "Mixed_7c")
        return torch.cat([self.linear(x.mean((2, 3)), "fc"), *heads], 1)


# name: builder, its arguments, the same by hand, name in the network
BLOCKS = {
    "A": ("block_a", (12, 48), lambda f, x: f.a(x, "Mixed_5b", 48), "5b"),
    "B": ("block_b", (18,), lambda f, x: f.b(x, "Mixed_6a"), "6a"),
    "C": ("block_c", (10, 144), lambda f, x: f.c(x, "Mixed_6b", 144), "6b"),
    "D": ("block_d", (10,), lambda f, x: f.d(x, "Mixed_7a"), "7a"),
    "E": ("block_e", (14,), lambda f, x: f.e(x, "Mixed_7b"), "7b"),
}


def block_gaps(
    m: ModuleType, kind: str, size: Pair, training: bool
) -> dict[str, float]:
    build, arguments, run, name = BLOCKS[kind]
    model = getattr(m, build)(*arguments, WIDTH)
    frame = InceptionV3(7, WIDTH, heads=False)
    frame.blocks = nn.ModuleDict({name: model})
    names = {
        key.removeprefix(f"blocks.{name}."): theirs
        for key, theirs in torchvision_names(frame).items()
        if key.startswith("blocks.")
    }
    x = torch.randn(2, arguments[0], *size)
    return gaps(model, names, V3ByHand, run, x, training, model)


@pytest.mark.parametrize("kind", BLOCKS)
@pytest.mark.usefixtures("float64")
def test_blocks_equal_the_paper(kind: str, proof: Proof) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for size in ((9, 9), (8, 11), (3, 5)):
        for training in (True, False):
            found = block_gaps(inception_blocks, kind, size, training)
            worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE
    proof(
        ours=BLOCKS[kind][0],
        reference="torch.nn.functional.conv2d",
        case="3 sizes, train and eval",
        **worst,
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("g=1)  #", "g=1, count_include_pad=False)  #", "ACE"),
        ("nn.AvgPool2d(3", "nn.MaxPool2d(3", "ACE"),
        ("nn.MaxPool2d(3, s", "nn.AvgPool2d(3, s", "BD"),
        ("nn.MaxPool2d(3, s", "nn.MaxPool2d(3, ceil_mode=True, s", "BD"),
        ("padding = 0 if stride else None", "padding = None", "BD"),
        ("row, column = (1, 7), (7, 1)", "column, row = (1, 7), (7, 1)", "C"),
        ("(n, row), (n, column), (192", "(n, column), (n, row), (192", "C"),
        ("(192, (1, 7)), (192, (7, 1))", "(192, (7, 1)), (192, (1, 7))", "D"),
        ("(384, (1, 3))", "(384, (3, 3))", "E"),
        ("(64, 1), (96, 3), (96, 3))", "(64, 1), (96, 5), (96, 1))", "A"),
        ("(48, 1), (64, 5)", "(48, 1), (64, 3)", "A"),
        ("(96, 3), (96, 3, 2)", "(96, 3, 2), (96, 3)", "B"),
        ("(320, 3, 2)", "(320, 3, 1)", "D"),
        ("out * width // 32", "out * width // 16", "ABCDE"),
    ],
)
@pytest.mark.usefixtures("float64")
def test_comparison_notices_the_mutant_of_blocks(
    old: str, new: str, expected: str
) -> None:
    mutant = mutate(inception_blocks, old, new)
    caught = [
        kind
        for kind in BLOCKS
        if noticed(partial(block_gaps, mutant, kind, (8, 11), True))
    ]
    assert "".join(caught) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("eps=1e-3", "eps=1e-5"),
        ("(kh // 2, kw // 2)", "(kw // 2, kh // 2)"),
        ("nn.ReLU())", "nn.ReLU6())"),
        ("branch in self.branches", "branch in reversed(self.branches)"),
    ],
)
@pytest.mark.usefixtures("float64")
def test_comparison_notices_the_mutant_of_parts(
    old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = mutate(inception_parts, old, new)
    for name in ("unit", "Parallel"):
        monkeypatch.setattr(inception_blocks, name, getattr(parts, name))
    assert noticed(lambda: block_gaps(inception_blocks, "E", (8, 11), True))


def network_gaps(
    m: ModuleType, size: Pair, heads: bool, training: bool
) -> dict[str, float]:
    model = m.InceptionV3(7, WIDTH, heads)
    names = torchvision_names(as_ours(model))
    x = torch.randn(2 if heads else 6, 3, *size)  # BN of the last maps
    return gaps(model, names, V3ByHand, V3ByHand.__call__, x, training)


def as_ours(model: nn.Module) -> InceptionV3:
    """A mutant's class is another; the mapping asks for this one."""
    twin = InceptionV3.__new__(InceptionV3)
    twin.__dict__ = model.__dict__
    return twin


@pytest.mark.parametrize(
    ("size", "heads"),
    [((299, 299), True), ((75, 75), False), ((122, 91), False)],
)
@pytest.mark.usefixtures("float64")
def test_network_equals_the_paper(
    size: Pair, heads: bool, proof: Proof
) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for training in (True, False):
        found = network_gaps(inception_v3, size, heads, training)
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE
    proof(
        ours="InceptionV3",
        reference="torch.nn.functional.conv2d",
        case=f"{'head, ' if heads else ''}{size[0]} × {size[1]}",
        **worst,
    )


@pytest.mark.parametrize(
    ("old", "new", "heads"),
    [
        ("unit(3, w, 3, 2, padding=0)", "unit(3, w, 3, 2)", False),
        ("unit(w, w, 3, padding=0)", "unit(w, w, 3)", False),
        ("unit(w, 2 * w, 3)", "unit(w, 2 * w, 3, padding=0)", False),
        ("6 * w, 3, padding=0)", "6 * w, 3)", False),
        ("nn.MaxPool2d(3, stride=2)", "nn.AvgPool2d(3, stride=2)", False),
        ("block_c(24 * w, 128, w)", "block_c(24 * w, 160, w)", False),
        ("block_a(6 * w, 32, w)", "block_a(6 * w, 64, w)", False),
        ("nn.AdaptiveAvgPool2d(1)", "nn.AdaptiveMaxPool2d(1)", False),
        ("nn.AvgPool2d(5, stride=3)", "nn.MaxPool2d(5, stride=3)", True),
        ("nn.AvgPool2d(5, stride=3)", "nn.AdaptiveAvgPool2d(5)", True),
        ("24 * width, 5, padding=0)", "24 * width, 5)", True),
        ("head(maps[name])", "head(maps[name].detach())", True),
        ("x = block(x)", "x = block(x).detach()", False),
        ('[self.classifier(maps["7c"])', '[self.classifier(maps["7b"])', True),
    ],
)
@pytest.mark.usefixtures("float64")
def test_comparison_notices_the_mutant_of_the_network(
    old: str, new: str, heads: bool
) -> None:
    mutant = mutate(inception_v3, old, new)
    size = (299, 299) if heads else (123, 91)
    assert noticed(lambda: network_gaps(mutant, size, heads, True))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"branch7x7", "branch7x7dbl"', '"branch7x7dbl", "branch7x7"'),
        ('[-2]}a", f"{numbers[-2]}b"', '[-2]}b", f"{numbers[-2]}a"'),
        ('"stem.1": "Conv2d_2a_3x3"', '"stem.1": "Conv2d_2b_3x3"'),
        ("range(1, len(paths) + 1)", "range(len(paths))"),
        ('("branch3x3", "branch7x7x3")', '("branch7x7x3", "branch3x3")'),
        ('"AuxLogits.conv0"', '"AuxLogits.conv1"'),
    ],
)
@pytest.mark.usefixtures("float64")
def test_comparison_notices_the_mutant_of_the_names(
    old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant = mutate(inception_torchvision, old, new)
    monkeypatch.setitem(
        network_gaps.__globals__, "torchvision_names", mutant.torchvision_names
    )
    assert noticed(lambda: network_gaps(inception_v3, (299, 299), True, False))


def on_meta(heads: bool = True) -> InceptionV3:
    with torch.device("meta"):  # shapes without memory
        return InceptionV3(heads=heads)


def test_parameters_and_multiply_adds_as_published() -> None:
    model = on_meta()
    count = sum(p.numel() for p in model.parameters())
    head = sum(p.numel() for p in model.heads.parameters())
    assert (count, count - head) == (27_161_264, 23_834_568)
    assert sum(p.numel() for p in on_meta(False).parameters()) == count - head
    flops = sum(c.flops() for c in layer_costs(model, (3, 299, 299)))
    with FlopCounterMode(display=False) as counter:
        model.eval()(torch.zeros(1, 3, 299, 299, device="meta"))
    assert counter.get_total_flops() == flops
    assert round(flops / 2e9, 3) == 5.713  # torchvision's record


def test_grids_as_in_the_paper() -> None:
    maps = on_meta().features(torch.zeros(1, 3, 299, 299, device="meta"))
    grids = {name: tuple(y.shape[1:]) for name, y in maps.items()}
    assert grids["5d"] == (288, 35, 35)
    assert grids["6a"] == grids["6e"] == (768, 17, 17)
    assert grids["7a"] == (1280, 8, 8) and grids["7c"] == (2048, 8, 8)


@pytest.mark.usefixtures("float64")
def test_the_head_works_in_training_only() -> None:
    model = InceptionV3(7, WIDTH).eval()
    x = torch.randn(2, 3, 299, 299)
    main, *heads = model.all_logits(x)
    assert len(heads) == 1 and torch.equal(model(x), main)
    model.classifier[-2].p = 1.0
    randomize(model)
    logits = model.train()(torch.randn(2, 3, 91, 91))
    assert torch.equal(logits[0], model.classifier[-1].bias)


@pytest.mark.usefixtures("float64")
def test_a_checkpoint_loads_with_and_without_the_head() -> None:
    whole, other = InceptionV3(7, WIDTH), InceptionV3(7, WIDTH)
    randomize(whole, seed=5)
    names = torchvision_names(whole)
    state = {names[k]: v.clone() for k, v in whole.state_dict().items()}
    from_torchvision(other, state)
    x = torch.randn(1, 3, 91, 91)
    assert torch.equal(other.eval()(x), whole.eval()(x))
    headless = InceptionV3(7, WIDTH, heads=False)
    from_torchvision(headless, state)
    assert torch.equal(headless.eval()(x), whole(x))
    del state["Mixed_6e.branch7x7dbl_4.bn.running_var"]
    with pytest.raises(ValueError, match=r"no 'Mixed_6e\.branch7x7dbl_4"):
        from_torchvision(other, state)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: InceptionV3(width=0), "width is 0"),
        (lambda: InceptionV3(width=5), "width is 5; must be 2"),
        (
            lambda: InceptionV3(7, 2)(torch.zeros(1, 3, 74, 80)),
            r"x is \(1, 3, 74, 80\).*at least 75",
        ),
        (lambda: InceptionV3(7, 2)(torch.zeros(3, 80, 80)), "x is"),
        (
            lambda: InceptionV3(7, 2).all_logits(torch.zeros(2, 3, 91, 91)),
            "a head reads 17 × 17",
        ),
    ],
)
def test_bad_input_is_named(build: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
