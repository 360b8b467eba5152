"""LeNet-5 against its paper: equations, Table I and the published counts."""

import math
from collections.abc import Callable
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from examples.architectures import cnn
from examples.architectures.cnn_codes import digit_codes
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, randomize

pytestmark = pytest.mark.usefixtures("float64")
TABLE = [
    "X...XXX..XXXX.XX",
    "XX...XXX..XXXX.X",
    "XXX...XXX..X.XXX",
    ".XXX..XXXX..X.XX",
    "..XXX..XXXX.XX.X",
    "...XXX..XXXX.XXX",
]  # Table I: a row for each map of S2, a column for each of C3
SIZES = ((2, 32, 32), (1, 33, 47), (1, 40, 36))
Parts = dict[str, Tensor]


def f(a: Tensor) -> Tensor:
    return 1.7159 * torch.tanh(a * 2 / 3)


def by_the_paper(x: Tensor, p: Parts, codes: Tensor) -> Tensor:
    """Sums by convolution, C3 as one masked kernel, distances expanded."""

    def subsample(x: Tensor, at: str) -> Tensor:
        w, b = p[f"{at}.weight"], p[f"{at}.bias"]
        kernel = w[:, None, None, None].expand(-1, 1, 2, 2)
        return F.conv2d(x, kernel, b, stride=2, groups=len(w))

    x = f(F.conv2d(x, p["c1.weight"], p["c1.bias"]))
    x = f(subsample(x, "s2"))
    dense = torch.zeros(16, 6, 5, 5)
    for m in range(16):
        reads = [s for s in range(6) if TABLE[s][m] == "X"]
        dense[m, reads] = p[f"c3.maps.{m}.weight"][0]
    bias = torch.cat([p[f"c3.maps.{m}.bias"] for m in range(16)])
    x = f(F.conv2d(x, dense, bias))
    x = f(subsample(x, "s4"))
    x = f(F.conv2d(x, p["c5.weight"], p["c5.bias"]))
    x = f(F.conv2d(x, p["f6.weight"], p["f6.bias"]))
    along = F.conv2d(x, codes[:, :, None, None])
    norms = codes.square().sum(1)[:, None, None]
    return x.square().sum(1, keepdim=True) - 2 * along + norms


def compare(m: ModuleType, classes: int = 10) -> dict[str, float]:
    worst = {"forward": 0.0, "gradient": 0.0}
    for b, h, w in SIZES:
        codes = torch.randn(classes, 84).sign()
        model = m.LeNet5(codes)
        randomize(model)
        model.codes = codes  # random, but of ±1
        theirs = {
            k: p.detach().clone().requires_grad_()
            for k, p in model.named_parameters()
        }
        found = differences(
            lambda x, m=model: m(x) / 84,  # of order one
            lambda x, p=theirs, c=codes: by_the_paper(x, p, c) / 84,
            [torch.randn(b, 1, h, w)],
            [(p, theirs[k]) for k, p in model.named_parameters()],
        )
        worst = {k: max(worst[k], found[k]) for k in worst}
    return worst


def test_lenet_equals_the_paper(proof: Callable[..., None]) -> None:
    worst = compare(cnn)
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours="LeNet5",
        reference="torch.nn.functional.conv2d",
        case="3 sizes, masked C3",
        **worst,
    )


MUTANTS = {
    "another amplitude": ("1.7159", "1.716"),
    "another slope": ("2 / 3 * a", "a"),
    "a mean in place of the sum": ("4 * F.avg_pool2d", "F.avg_pool2d"),
    "a maximum": ("4 * F.avg_pool2d", "F.max_pool2d"),
    "subsampling without its bias": (" + self.bias.view(shape)", ""),
    "one coefficient for all maps": (
        "self.weight.view(shape)",
        "self.weight[0]",
    ),
    "the biases of other maps": (
        "self.bias.view(shape)",
        "self.bias.flip(0).view(shape)",
    ),
    "two rows of the table swapped": (
        "(0, 1, 2), (1, 2, 3)",
        "(1, 2, 3), (0, 1, 2)",
    ),
    "one entry of the table wrong": ("(0, 2, 3, 5)", "(0, 2, 3, 4)"),
    "maps read in another order": (
        "(0, 1, 2, 3, 4, 5)",
        "(5, 4, 3, 2, 1, 0)",
    ),
    "F6 before C5 is squashed": (
        "x = squash(layer(x))",
        "x = layer(x) if layer is self.c5 else squash(layer(x))",
    ),
    "no squashing after subsampling": (
        "x = squash(layer(x))",
        "x = layer(x) if layer is self.s2 else squash(layer(x))",
    ),
    "distances, not squared": ("apart.square().sum", "apart.abs().sum"),
    "a mean over the 84": (".sum(dim=2)", ".mean(dim=2)"),
    "C5 padded": (
        "nn.Conv2d(16, 120, 5)",
        "nn.Conv2d(16, 120, 5, padding=1)",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(cnn, *MUTANTS[mutation])
    try:
        error = max(compare(mutant).values())
    except (AssertionError, RuntimeError):  # a shape, or a weight unused
        error = math.inf
    assert error > 1e-6


def loss_gap(m: ModuleType) -> dict[str, float]:
    labels = torch.tensor([2, 0, 1, 2])

    def equation_9(y: Tensor) -> Tensor:
        wrong = torch.cat([torch.full((4, 1), -3.5), -y], 1)
        return (y[range(4), labels] + wrong.logsumexp(1)).mean()

    y = 8 * torch.rand(4, 3)
    return differences(
        lambda y: m.map_loss(y, labels, 3.5)[None],
        lambda y: equation_9(y)[None],
        [y],
    )


def test_loss_is_equation_9(proof: Callable[..., None]) -> None:
    worst = loss_gap(cnn)
    assert max(worst.values()) < TOLERANCE
    proof(
        ours="map_loss",
        reference="torch.logsumexp",
        case="equation 9, j = 3.5",
        **worst,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("logits = -torch.cat", "logits = torch.cat"),
        ("(len(penalties), 1), j)", "(len(penalties), 1), -j)"),
        (
            "F.cross_entropy(logits, labels)",
            "F.cross_entropy(logits[:, :-1], labels)",
        ),
        (
            "F.cross_entropy(logits, labels)",
            "F.cross_entropy(logits, labels) / 2",
        ),
    ],
)
def test_equation_9_notices_the_mutant(old: str, new: str) -> None:
    assert max(loss_gap(mutate(cnn, old, new)).values()) > 1e-6


def test_fixed_codes_are_a_fixed_linear_layer() -> None:
    """Of equal norms, and without the rubbish class: softmax of 2 codes x."""
    codes = digit_codes().to(torch.float64)
    x, labels = torch.randn(5, 84), torch.tensor([1, 2, 3, 0, 9])
    penalties = (x[:, None] - codes).square().sum(2)
    linear = F.cross_entropy(2 * x @ codes.T, labels)
    found = cnn.map_loss(penalties, labels, j=1e9)
    assert gap(found, linear) < 1e-10


def test_a_wide_image_gets_an_answer_for_every_window() -> None:
    model = cnn.LeNet5(digit_codes().to(torch.float64))
    randomize(model)
    x = torch.randn(2, 1, 40, 48)
    y = model(x)
    assert y.shape == (2, 10, 3, 5)
    for i in range(3):
        for j in range(5):
            window = x[..., 4 * i : 4 * i + 32, 4 * j : 4 * j + 32]
            assert gap(model(window)[..., 0, 0], y[..., i, j]) < TOLERANCE


def count(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_counts_are_those_of_the_paper() -> None:
    model = cnn.LeNet5(digit_codes())
    found = {name: count(part) for name, part in model.named_children()}
    assert found == {
        "c1": 6 * (25 + 1),
        "s2": 6 * 2,
        "c3": sum(row.count("X") for row in TABLE) * 25 + 16,
        "s4": 16 * 2,
        "c5": 120 * (16 * 25 + 1),
        "f6": 84 * (120 + 1),
    }
    assert found["c3"] == 1_516 and sum(found.values()) == 60_000
    today = 6 * 26 + 16 * (6 * 25 + 1) + 120 * 401 + 84 * 121 + 10 * 85
    assert count(cnn.modern_lenet()) == today == 61_706


def test_start_is_within_2_4_over_the_fan_in() -> None:
    model = cnn.LeNet5(digit_codes())
    for conv in (model.c1, model.c5, model.f6, *model.c3.maps):
        bound = 2.4 * len(conv.weight) / conv.weight.numel()
        assert 0.8 * bound < conv.weight.abs().max() <= bound


def test_squashing_keeps_one_at_one() -> None:
    ends = cnn.squash(torch.tensor([-1.0, 1.0]))
    assert gap(ends, torch.tensor([-1.0, 1.0])) < 1e-4


def test_codes_of_look_alikes_are_close() -> None:
    codes = digit_codes().to(torch.float64)
    assert codes.shape == (10, 84) and set(codes.unique().tolist()) == {-1, 1}
    apart = torch.cdist(codes, codes)
    apart.fill_diagonal_(torch.inf)
    assert apart.min() > 4  # all differ
    assert apart[8, [0, 6, 9]].max() < apart[8, [1, 4, 7]].min()


@pytest.mark.parametrize(
    ("build", "shape", "message"),
    [
        (lambda: cnn.LeNet5(torch.ones(10, 80)), (1, 1, 32, 32), r"\(10, 80\)"),
        (lambda: cnn.LeNet5(torch.ones(10, 84)), (1, 3, 32, 32), r"\(1, 3, 32"),
        (lambda: cnn.LeNet5(torch.ones(10, 84)), (1, 1, 28, 28), "at least 32"),
        (lambda: cnn.LeNet5(torch.ones(10, 84)), (1, 32, 32), r"x is \(1, 32"),
    ],
)
def test_bad_input_is_named(
    build: Callable[[], torch.nn.Module], shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        build()(torch.randn(shape))
