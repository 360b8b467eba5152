"""VGG against its paper, written with functions under torchvision's names."""

import math
from collections.abc import Callable
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from examples.architectures import cnn_checkpoint, vgg
from examples.architectures.cnn_checkpoint import load_public, vgg_names
from examples.architectures.resnet import ResNet
from examples.architectures.vgg import VGG
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap

pytestmark = pytest.mark.usefixtures("float64")
State = dict[str, Tensor]
COLUMNS = {  # Table 1 of the paper: A, B, D, E, in units of the width
    11: "1 M 2 M 4 4 M 8 8 M 8 8 M",
    13: "1 1 M 2 2 M 4 4 M 8 8 M 8 8 M",
    16: "1 1 M 2 2 M 4 4 4 M 8 8 8 M 8 8 8 M",
    19: "1 1 M 2 2 M 4 4 4 4 M 8 8 8 8 M 8 8 8 8 M",
}
CASES = {  # layers, norm, training, x
    "11, train": (11, False, True, (2, 3, 40, 33)),
    "11 BN, train": (11, True, True, (3, 1, 32, 32)),
    "13 BN, eval": (13, True, False, (2, 3, 64, 35)),
    "16, eval": (16, False, False, (1, 3, 65, 65)),
    "16 BN, train": (16, True, True, (2, 3, 48, 64)),
    "19 BN, eval": (19, True, False, (2, 1, 32, 50)),
}
WIDTH, CLASSES = 2, 5


def public_state(layers: int, norm: bool, c: int) -> State:
    """Random weights under the names and shapes of torchvision."""
    state: State = {}

    def weight(*shape: int) -> Tensor:
        return torch.randn(shape) * (2 / math.prod(shape[1:])) ** 0.5

    at = 0
    for step in COLUMNS[layers].split():
        if step == "M":
            at += 1
            continue
        out = WIDTH * int(step)
        state[f"features.{at}.weight"] = weight(out, c, 3, 3)
        state[f"features.{at}.bias"] = torch.randn(out)
        if norm:
            bn = f"features.{at + 1}"
            for name in ("weight", "bias", "running_mean", "running_var"):
                state[f"{bn}.{name}"] = torch.rand(out) + 0.5
            state[f"{bn}.num_batches_tracked"] = torch.tensor(7)
        at, c = at + (3 if norm else 2), out
    fc = 64 * WIDTH
    for i, (a, b) in enumerate(((49 * c, fc), (fc, fc), (fc, CLASSES))):
        state[f"classifier.{3 * i}.weight"] = weight(b, a)
        state[f"classifier.{3 * i}.bias"] = torch.randn(b)
    return state


def by_the_paper(
    x: Tensor, p: State, layers: int, norm: bool, training: bool
) -> tuple[Tensor, list[Tensor]]:
    """Logits, and the maps before each pooling and after the last."""
    at, maps = 0, []
    for step in COLUMNS[layers].split():
        if step == "M":
            maps.append(x)
            x = F.max_pool2d(x, kernel_size=2, stride=2)
            at += 1
            continue
        weight, bias = p[f"features.{at}.weight"], p[f"features.{at}.bias"]
        x = F.conv2d(x, weight, bias, stride=1, padding=1)
        if norm:
            bn = f"features.{at + 1}"
            x = F.batch_norm(
                x,
                p[f"{bn}.running_mean"].clone(),
                p[f"{bn}.running_var"].clone(),
                p[f"{bn}.weight"],
                p[f"{bn}.bias"],
                training,
            )
        x = F.relu(x)
        at += 3 if norm else 2
    maps.append(x)
    x = F.adaptive_avg_pool2d(x, (7, 7)).flatten(1)
    for i in (0, 3, 6):
        x = F.linear(x, p[f"classifier.{i}.weight"], p[f"classifier.{i}.bias"])
        if i < 6:
            x = F.dropout(F.relu(x), 0.5, training)
    return x, maps


def compare(m: ModuleType, case: str, what: str) -> dict[str, float]:
    layers, norm, training, shape = CASES[case]
    state = public_state(layers, norm, shape[1])
    model = m.VGG(layers, CLASSES, WIDTH, norm, shape[1]).train(training)
    names = vgg_names(model)
    model.load_state_dict({ours: state[name] for ours, name in names.items()})
    theirs = {
        name: state[name].clone().requires_grad_()
        for ours, name in names.items()
        if ours in dict(model.named_parameters())
    }

    def flat(logits: Tensor, maps: list[Tensor]) -> Tensor:
        chosen = [logits] if what == "logits" else maps
        return torch.cat([t.flatten() for t in chosen])

    def ours(x: Tensor) -> Tensor:
        torch.manual_seed(3)  # the same dropout on both sides
        if what == "logits":
            return flat(model(x), [])
        return flat(x, model.features(x))

    def paper(x: Tensor) -> Tensor:
        torch.manual_seed(3)
        return flat(*by_the_paper(x, state | theirs, layers, norm, training))

    pairs = [
        (p, theirs[names[n]])
        for n, p in model.named_parameters()
        if what == "logits" or not n.startswith("classifier")
    ]
    return differences(ours, paper, [torch.randn(shape)], pairs)


@pytest.mark.parametrize("what", ["logits", "features"])
def test_equals_the_paper(what: str, proof: Callable[..., None]) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for case in CASES:
        found = compare(vgg, case, what)
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours="VGG" if what == "logits" else "VGG.features",
        reference="torch.nn.functional.conv2d",
        case="6 networks, train and eval",
        **worst,
    )


MUTANTS = {
    "no padding": ("3, padding=1)", "3)"),
    "5 × 5": ("3, padding=1)", "5, padding=2)"),
    "no bias": ("3, padding=1)", "3, padding=1, bias=False)"),
    "no ReLU": ("layers.append(nn.ReLU())", "layers.append(nn.Identity())"),
    "GELU": ("layers.append(nn.ReLU())", "layers.append(nn.GELU())"),
    "another eps": ("BatchNorm2d(out)", "BatchNorm2d(out, eps=1e-3)"),
    "mean pooling": ("F.max_pool2d(maps[-1], 2)", "F.avg_pool2d(maps[-1], 2)"),
    "overlapping pooling": (
        "F.max_pool2d(maps[-1], 2)",
        "F.max_pool2d(maps[-1], 3, 2, 1)",
    ),
    "pooling rounds up": (
        "F.max_pool2d(maps[-1], 2)",
        "F.max_pool2d(maps[-1], 2, ceil_mode=True)",
    ),
    "classifier reads before the last pooling": (
        "self.features(x)[-1]",
        "self.features(x)[-2]",
    ),
    "a maximum before the classifier": (
        "F.adaptive_avg_pool2d",
        "F.adaptive_max_pool2d",
    ),
    "another dropout": ("dropout: float = 0.5", "dropout: float = 0.4"),
    "channels before positions": (
        "last.flatten(1)",
        "last.permute(0, 2, 3, 1).flatten(1)",
    ),
    "a stage too few": (
        "in self.stages:\n            maps",
        "in self.stages[:-1]:\n            maps",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(vgg, *MUTANTS[mutation])
    worst = 0.0
    for case in CASES:
        try:
            worst = max(worst, *compare(mutant, case, "logits").values())
        except (AssertionError, RuntimeError, KeyError):
            worst = math.inf
    assert worst > 1e-6


@pytest.mark.parametrize("layers", [11, 16])
@pytest.mark.parametrize("norm", [False, True])
def test_public_names_load(layers: int, norm: bool) -> None:
    state = public_state(layers, norm, 3)
    model = VGG(layers, CLASSES, WIDTH, norm).eval()
    load_public(model, state)
    x = torch.randn(1, 3, 40, 40)
    expected, maps = by_the_paper(x, state, layers, norm, False)
    assert gap(model(x), expected) < TOLERANCE
    bare = VGG(layers, 0, WIDTH, norm).eval()
    load_public(bare, state)  # the classifier's keys stay behind
    for a, b in zip(bare.features(x), maps, strict=True):
        assert gap(a, b) < TOLERANCE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("start += len(stage) + 1", "start += len(stage)"),
        ("features.{start + j}", "features.{j}"),
        ('f"stages.{i}.{j}"', 'f"stages.{i + 1}.{j}"'),
    ],
)
def test_a_wrong_name_does_not_load(old: str, new: str) -> None:
    mutant = mutate(cnn_checkpoint, old, new)
    with pytest.raises((ValueError, RuntimeError)):
        mutant.load_public(VGG(16, CLASSES, WIDTH), public_state(16, False, 3))


def test_a_foreign_state_is_refused() -> None:
    state = public_state(16, False, 3)
    with pytest.raises(ValueError, match=r"state has no 'features\.16\.bias'"):
        load_public(VGG(19, CLASSES, WIDTH), state)
    with pytest.raises(ValueError, match=r"state has no 'bn1\.bias'"):
        load_public(ResNet(18, CLASSES, WIDTH), state)
    with pytest.raises(ValueError, match=r"state has 'fc\.bias'; the model"):
        load_public(
            VGG(16, CLASSES, WIDTH),
            state | {"fc.bias": state["classifier.6.bias"]},
        )


def count(model: torch.nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("layers", "published", "with_bn"),  # torchvision's own records
    [
        (11, 132_863_336, 132_868_840),
        (13, 133_047_848, 133_053_736),
        (16, 138_357_544, 138_365_992),
        (19, 143_667_240, 143_678_248),
    ],
)
def test_parameters_as_published(
    layers: int, published: int, with_bn: int
) -> None:
    with torch.device("meta"):
        assert count(VGG(layers)) == published
        assert count(VGG(layers, norm=True)) == with_bn
        first = next(VGG(layers).classifier.children()).weight.numel()
    assert first == 7 * 7 * 512 * 4096 == 102_760_448


@pytest.mark.parametrize("c", [4, 7])
def test_stacks_of_3x3_by_formula(c: int) -> None:
    """18 c² against 25 c², 27 c² against 49 c²; equal reach (tested on the
    page of convolution), so the stack saves 28% and 45%."""
    for convs, kernel in ((2, 5), (3, 7)):
        stack = vgg.vgg_stage(c, c, convs, False)
        one = torch.nn.Conv2d(c, c, kernel)
        assert count(stack) == convs * (9 * c**2 + c)
        assert count(one) == kernel**2 * c**2 + c
        x = torch.randn(1, c, 15, 15, requires_grad=True)
        for p in stack.parameters():
            p.data.abs_()  # every path counts
        stack(x.abs())[0, :, 7, 7].sum().backward()
        assert x.grad is not None
        seen = (x.grad[0].abs().sum(0) > 0).nonzero()
        assert seen.amin(0).tolist() == [7 - kernel // 2] * 2
        assert seen.amax(0).tolist() == [7 + kernel // 2] * 2


def test_halving_the_side_and_doubling_the_width_keeps_the_cost() -> None:
    costs = []
    with torch.device("meta"):
        model = VGG(16, 0)
    for stage, side in ((1, 112), (2, 56), (3, 28)):
        layers = list(model.stages[stage].children())
        conv = layers[2]  # the second: as many in as out
        costs.append(conv.weight.numel() * side**2)
    assert costs[0] == costs[1] == costs[2]


def test_he_start_keeps_the_size_through_relu() -> None:
    torch.manual_seed(0)
    model = VGG(16, 0, 16)
    x = torch.randn(1, 3, 64, 64)
    sizes = []
    for stage in model.stages:
        for layer in stage.children():
            x = layer(x)
            if isinstance(layer, torch.nn.Conv2d):
                sizes.append(float(x.detach().square().mean()))
    assert all(0.4 < size / 2 < 2.2 for size in sizes)


def test_features_have_the_promised_strides_and_channels() -> None:
    model = VGG(11, 0, 3)
    maps = model.features(torch.randn(1, 3, 64, 96))
    for stride, channels, y in zip(
        (1, 2, 4, 8, 16, 32), model.channels, maps, strict=True
    ):
        assert y.shape == (1, channels, 64 // stride, 96 // stride)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: VGG(12), "layers is 12; must be one of"),
        (lambda: VGG(11, width=0), "width is 0"),
        (lambda: VGG(11, 0, 2)(torch.ones(1, 1, 32, 32)), r"be \(b, 3, h, w"),
        (lambda: VGG(11, 0, 2)(torch.ones(1, 3, 31, 64)), "at least 32"),
        (lambda: VGG(11, 0, 2)(torch.ones(3, 32, 32)), r"x is \(3, 32, 32\)"),
    ],
)
def test_bad_input_is_named(run: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run()
