"""Three blocks against the papers, layer by layer, written with functions."""

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.modules import residual
from examples.modules.residual import (
    Bottleneck,
    PreActivationBlock,
    ResidualBlock,
    start_as_identity,
)
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, randomize

pytestmark = pytest.mark.usefixtures("float64")
Parts = dict[str, Tensor]
# name: class, arguments, channels of x
CASES = {
    "basic, identity": ("ResidualBlock", (6, 6), 6),
    "basic, projection": ("ResidualBlock", (4, 6, 2), 4),
    "basic, more channels": ("ResidualBlock", (4, 6), 4),
    "basic, stride 2, same channels": ("ResidualBlock", (6, 6, 2), 6),
    "bottleneck, identity": ("Bottleneck", (8, 2), 8),
    "bottleneck, projection": ("Bottleneck", (6, 3, 2), 6),
    "pre-activation, identity": ("PreActivationBlock", (6, 6), 6),
    "pre-activation, projection": ("PreActivationBlock", (4, 6, 2), 4),
}


def norm(x: Tensor, p: Parts, at: str, training: bool) -> Tensor:
    """BN by F.batch_norm, on copies of the running statistics."""
    mean, var = (p[f"{at}.running_{k}"].clone() for k in ("mean", "var"))
    return F.batch_norm(
        x, mean, var, p[f"{at}.weight"], p[f"{at}.bias"], training, 0.1, 1e-5
    )


def basic(x: Tensor, p: Parts, stride: int, training: bool) -> Tensor:
    z = F.conv2d(x, p["branch.0.weight"], stride=stride, padding=1)
    z = F.relu(norm(z, p, "branch.1", training))
    z = F.conv2d(z, p["branch.3.weight"], stride=1, padding=1)
    z = norm(z, p, "branch.4", training)
    return F.relu(z + projected(x, p, stride, training))


def bottleneck(x: Tensor, p: Parts, stride: int, training: bool) -> Tensor:
    z = F.conv2d(x, p["branch.0.weight"])
    z = F.relu(norm(z, p, "branch.1", training))
    z = F.conv2d(z, p["branch.3.weight"], stride=stride, padding=1)
    z = F.relu(norm(z, p, "branch.4", training))
    z = norm(F.conv2d(z, p["branch.6.weight"]), p, "branch.7", training)
    return F.relu(z + projected(x, p, stride, training))


def projected(x: Tensor, p: Parts, stride: int, training: bool) -> Tensor:
    if "shortcut.0.weight" not in p:
        return x
    s = F.conv2d(x, p["shortcut.0.weight"], stride=stride)
    return norm(s, p, "shortcut.1", training)


def pre_activation(x: Tensor, p: Parts, stride: int, training: bool) -> Tensor:
    a = F.relu(norm(x, p, "activate.0", training))
    z = F.conv2d(a, p["branch.0.weight"], stride=stride, padding=1)
    z = F.relu(norm(z, p, "branch.1", training))
    z = F.conv2d(z, p["branch.3.weight"], padding=1)
    if "project.weight" not in p:
        return z + x
    return z + F.conv2d(a, p["project.weight"], stride=stride)


BY_HAND = {
    "ResidualBlock": basic,
    "Bottleneck": bottleneck,
    "PreActivationBlock": pre_activation,
}


def compare(m: ModuleType, case: str, training: bool) -> dict[str, float]:
    kind, arguments, channels = CASES[case]
    block = getattr(m, kind)(*arguments).train(training)
    randomize(block)
    stride = arguments[2] if len(arguments) == 3 else 1
    state = {k: v.clone() for k, v in block.state_dict().items()}
    theirs = {k: state[k].requires_grad_() for k, _ in block.named_parameters()}
    x = torch.randn(3, channels, 8, 6)
    return differences(
        block,
        lambda x: BY_HAND[kind](x, state | theirs, stride, training),
        [x],
        [(p, theirs[k]) for k, p in block.named_parameters()],
    )


@pytest.mark.parametrize("kind", BY_HAND)
def test_equals_the_paper(kind: str, proof: Callable[..., None]) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    mine = [case for case in CASES if CASES[case][0] == kind]
    for case in mine:
        for training in (True, False):
            found = compare(residual, case, training)
            worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE
    proof(
        ours=kind,
        reference="torch.nn.functional.conv2d",
        case=f"{len(mine)} shapes, train and eval",
        **worst,
    )


MUTANTS = {
    "ReLU before the sum": (
        "torch.relu(self.branch(x) + self.shortcut(x))",
        "torch.relu(self.branch(x)) + self.shortcut(x)",
        {"basic", "bottleneck"},
    ),
    "no ReLU after the sum": (
        "torch.relu(self.branch(x) + self.shortcut(x))",
        "(self.branch(x) + self.shortcut(x))",
        {"basic", "bottleneck"},
    ),
    "stride on the first 1 × 1": (
        "conv1x1(in_channels, width),",
        "conv1x1(in_channels, width, stride),",
        {"bottleneck"},
    ),
    "stride on the second 3 × 3": (
        "conv3x3(in_channels, out_channels, stride)",
        "conv3x3(in_channels, out_channels)",
        {"basic", "pre-activation"},
    ),
    "no BN on the projection": (
        "nn.BatchNorm2d(out_channels),\n    )",
        "nn.Identity(),\n    )",
        {"basic", "bottleneck"},
    ),
    "no projection for more channels": (
        "if stride == 1 and in_channels == out_channels:",
        "if stride == 1:",
        {"basic"},
    ),
    "no projection for the stride": (
        "if stride == 1 and in_channels == out_channels:",
        "if in_channels == out_channels:",
        {"basic"},
    ),
    "pre-activation adds the activated input": (
        "return x + self.branch(a)",
        "return a + self.branch(a)",
        {"pre-activation"},
    ),
    "pre-activation projects the raw input": (
        "self.project(a)",
        "self.project(x)",
        {"pre-activation"},
    ),
    "the branch reads the raw input": (
        "return x + self.branch(a)",
        "return x + self.branch(x)",
        {"pre-activation"},
    ),
    "the gradient of the shortcut is cut": (
        "self.branch(x) + self.shortcut(x)",
        "self.branch(x) + self.shortcut(x).detach()",
        {"basic", "bottleneck"},
    ),
    "a difference instead of a sum": (
        "self.branch(x) + self.shortcut(x)",
        "self.branch(x) - self.shortcut(x)",
        {"basic", "bottleneck"},
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    old, new, expected = MUTANTS[mutation]
    mutant = mutate(residual, old, new)
    caught = set()
    for case in CASES:
        try:
            gap = max(compare(mutant, case, True).values())
        except (RuntimeError, AssertionError, KeyError):
            gap = float("inf")
        if not gap < TOLERANCE:
            caught.add(case.partition(",")[0])
    assert caught == expected


def network(kind: type, stages: tuple[int, ...]) -> nn.Sequential:
    """The ImageNet network of these blocks: 7 × 7 stem, 1000 classes."""
    layers: list[nn.Module] = [
        nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
    ]
    channels = 64
    for stage, blocks in enumerate(stages):
        width = 64 * 2**stage
        for i in range(blocks):
            stride = 2 if stage and not i else 1
            layers.append(kind(channels, width, stride))
            channels = width * (4 if kind is Bottleneck else 1)
    return nn.Sequential(*layers, nn.Linear(channels, 1000))


@pytest.mark.parametrize(
    ("kind", "stages", "published"),
    [
        (ResidualBlock, (2, 2, 2, 2), 11_689_512),  # ResNet-18
        (ResidualBlock, (3, 4, 6, 3), 21_797_672),  # ResNet-34
        (Bottleneck, (3, 4, 6, 3), 25_557_032),  # ResNet-50
        (Bottleneck, (3, 4, 23, 3), 44_549_160),  # ResNet-101
    ],
)
def test_networks_have_the_published_number_of_parameters(
    kind: type, stages: tuple[int, ...], published: int
) -> None:
    with torch.device("meta"):  # shapes without memory
        model = network(kind, stages)
    assert sum(p.numel() for p in model.parameters()) == published


def size(block: nn.Module) -> int:
    return sum(p.numel() for p in block.parameters())


@pytest.mark.parametrize("c", [4, 8, 20])
def test_parameters_by_formula(c: int) -> None:
    assert size(ResidualBlock(c, c)) == 18 * c**2 + 4 * c
    projection = c * 2 * c + 4 * c
    assert size(ResidualBlock(c, 2 * c, 2)) == 54 * c**2 + 8 * c + projection
    assert size(PreActivationBlock(c, c)) == 18 * c**2 + 4 * c
    assert size(Bottleneck(4 * c, c)) == 17 * c**2 + 12 * c


@pytest.mark.parametrize("training", [True, False])
def test_a_branch_of_zeros_makes_the_block_the_identity(
    training: bool,
) -> None:
    x = torch.randn(2, 8, 5, 5)
    for block in (ResidualBlock(8, 8), Bottleneck(8, 2)):
        randomize(block)
        block.branch[-1].bias.data.zero_()
        start_as_identity(block)
        block.train(training)
        assert torch.equal(block(x.relu()), x.relu())
        assert not torch.equal(block(x), x)  # the ReLU after the sum
    block = PreActivationBlock(8, 8)
    randomize(block)
    start_as_identity(block)
    assert torch.equal(block.train(training)(x), x)  # any sign


def test_a_branch_of_zeros_still_learns() -> None:
    """Gamma is 0 but its gradient is not; the rest follows a step later."""
    block = ResidualBlock(4, 4)
    start_as_identity(block)
    x = torch.randn(4, 4, 6, 6)
    optimizer = torch.optim.SGD(block.parameters(), lr=0.1)
    moved = []
    for _ in range(2):
        optimizer.zero_grad()
        (block(x) * torch.randn_like(x)).sum().backward()
        optimizer.step()
        moved.append(
            [float(torch.abs(p.grad).max()) > 1e-9 for p in block.parameters()]
        )
    assert moved == [[False] * 4 + [True] * 2, [True] * 6]


def test_the_gradient_is_the_incoming_one_plus_that_of_the_branch() -> None:
    block = PreActivationBlock(6, 6).eval()
    randomize(block)
    x = torch.randn(2, 6, 5, 5, requires_grad=True)
    dy = torch.randn(2, 6, 5, 5)
    (whole,) = torch.autograd.grad(block(x), x, dy)
    (branch,) = torch.autograd.grad(block.branch(block.activate(x)), x, dy)
    torch.testing.assert_close(whole, dy + branch, rtol=0, atol=TOLERANCE)


def test_the_stream_of_a_pre_activation_chain_is_a_sum() -> None:
    chain = [PreActivationBlock(4, 4).eval() for _ in range(5)]
    x = y = torch.randn(2, 4, 6, 6)
    total = torch.zeros_like(x)
    for block in chain:
        total = total + block.branch(block.activate(y))
        y = block(y)
    torch.testing.assert_close(y, x + total, rtol=0, atol=TOLERANCE)


def test_post_activation_keeps_the_stream_from_falling_below_zero() -> None:
    x = torch.randn(2, 4, 6, 6)
    assert ResidualBlock(4, 4)(x).min() >= 0
    assert PreActivationBlock(4, 4)(x).min() < 0


def test_a_projection_with_stride_2_reads_a_quarter() -> None:
    x = torch.randn(1, 4, 8, 8, requires_grad=True)
    y = residual.shortcut(4, 8, 2).eval()(x)
    (g,) = torch.autograd.grad(y.square().sum(), x)
    assert (g != 0).double().mean() == 0.25


@pytest.mark.parametrize(
    ("build", "shape", "message"),
    [
        (lambda: ResidualBlock(4, 4), (1, 3, 8, 8), r"not \(b, 4, h, w\)"),
        (lambda: Bottleneck(8, 2), (1, 2, 8, 8), r"x is \(1, 2, 8, 8\)"),
        (lambda: PreActivationBlock(4, 4), (4, 8, 8), r"x is \(4, 8, 8\)"),
        (lambda: ResidualBlock(0, 4), (1, 4, 8, 8), "in_channels is 0"),
        (lambda: ResidualBlock(4, 4, 0), (1, 4, 8, 8), "stride is 0"),
        (lambda: Bottleneck(4, 0), (1, 4, 8, 8), "width is 0"),
    ],
)
def test_bad_input_is_named(
    build: Callable[[], nn.Module], shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        build()(torch.randn(shape))
