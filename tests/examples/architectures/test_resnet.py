"""ResNet against its paper, plain and dilated, under torchvision's names."""

import math
from collections.abc import Callable
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from examples.architectures import cnn_checkpoint, resnet
from examples.architectures.cnn_checkpoint import load_public, resnet_names
from examples.architectures.resnet import ResNet
from examples.architectures.vgg import VGG
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap

pytestmark = pytest.mark.usefixtures("float64")
State = dict[str, Tensor]
BLOCKS = {  # Table 1 of the paper
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
CASES = {  # layers, output stride, multi-grid, training, x
    "18, train": (18, 32, None, True, (2, 3, 65, 40)),
    "18, stride 8, train": (18, 8, None, True, (2, 1, 33, 57)),
    "18, stride 16, multi-grid, eval": (18, 16, (2, 3), False, (1, 3, 64, 50)),
    "34, stride 16, eval": (34, 16, None, False, (1, 3, 64, 47)),
    "50, train": (50, 32, None, True, (2, 3, 64, 35)),
    "50, stride 16, multi-grid, train": (
        50,
        16,
        (1, 2, 4),
        True,
        (2, 3, 33, 65),
    ),
    "50, stride 8, eval": (50, 8, None, False, (2, 3, 57, 64)),
    "50, stride 8, multi-grid, eval": (50, 8, (1, 2, 1), False, (1, 2, 65, 65)),
    "101, stride 8, eval": (101, 8, (1, 2, 4), False, (1, 3, 33, 33)),
    "152, eval": (152, 32, None, False, (1, 3, 32, 49)),
}
WIDTH, CLASSES = 2, 5


def public_state(layers: int, c: int, old: bool = False) -> State:
    """Random weights under the names and shapes of torchvision."""
    state: State = {}

    def conv(name: str, out: int, given: int, k: int) -> None:
        scale = (1 / (given * k * k)) ** 0.5
        state[f"{name}.weight"] = scale * torch.randn(out, given, k, k)

    def norm(name: str, channels: int) -> None:
        for part in ("weight", "bias", "running_mean", "running_var"):
            state[f"{name}.{part}"] = torch.rand(channels) + 0.5
        if not old:
            state[f"{name}.num_batches_tracked"] = torch.tensor(7)

    conv("conv1", WIDTH, c, 7)
    norm("bn1", WIDTH)
    given = WIDTH
    for stage, blocks in enumerate(BLOCKS[layers]):
        inside = WIDTH * 2**stage
        out = 4 * inside if layers >= 50 else inside
        for b in range(blocks):
            at = f"layer{stage + 1}.{b}"
            if layers >= 50:
                plan = (
                    (given, inside, 1),
                    (inside, inside, 3),
                    (inside, out, 1),
                )
            else:
                plan = ((given, inside, 3), (inside, inside, 3))
            for i, (a, z, k) in enumerate(plan, 1):
                conv(f"{at}.conv{i}", z, a, k)
                norm(f"{at}.bn{i}", z)
            if b == 0 and (stage or given != out):
                conv(f"{at}.downsample.0", out, given, 1)
                norm(f"{at}.downsample.1", out)
            given = out
    state["fc.weight"] = torch.randn(CLASSES, given) / given**0.5
    state["fc.bias"] = torch.randn(CLASSES)
    return state


def by_the_paper(
    x: Tensor,
    p: State,
    layers: int,
    output_stride: int,
    grid: tuple[int, ...] | None,
    training: bool,
) -> tuple[Tensor, list[Tensor]]:
    def norm(x: Tensor, at: str) -> Tensor:
        mean, var = (p[f"{at}.running_{k}"].clone() for k in ("mean", "var"))
        w, b = p[f"{at}.weight"], p[f"{at}.bias"]
        return F.batch_norm(x, mean, var, w, b, training, 0.1, 1e-5)

    def conv(x: Tensor, at: str, stride: int = 1, rate: int = 1) -> Tensor:
        w = p[f"{at}.weight"]
        pad = rate * (w.shape[-1] // 2)
        return F.conv2d(x, w, None, stride, pad, rate)

    x = F.relu(norm(conv(x, "conv1", 2), "bn1"))
    maps = [x]
    x = F.max_pool2d(x, kernel_size=3, stride=2, padding=1)
    reached, rate = 4, 1
    for stage, blocks in enumerate(BLOCKS[layers], 1):
        stride, before = (1 if stage == 1 else 2), rate
        if reached * stride > output_stride:
            stride, rate = 1, rate * stride
        reached *= stride
        for b in range(blocks):
            at = f"layer{stage}.{b}"
            s = stride if b == 0 else 1
            one, two = (before if b == 0 else rate), rate
            if stage == 4 and grid:
                one = two = rate * grid[b]
            if layers >= 50:
                z = F.relu(norm(conv(x, f"{at}.conv1"), f"{at}.bn1"))
                z = F.relu(norm(conv(z, f"{at}.conv2", s, one), f"{at}.bn2"))
                z = norm(conv(z, f"{at}.conv3"), f"{at}.bn3")
            else:
                z = F.relu(norm(conv(x, f"{at}.conv1", s, one), f"{at}.bn1"))
                z = norm(conv(z, f"{at}.conv2", 1, two), f"{at}.bn2")
            if f"{at}.downsample.0.weight" in p:
                x = norm(conv(x, f"{at}.downsample.0", s), f"{at}.downsample.1")
            x = F.relu(z + x)
        maps.append(x)
    pooled = F.adaptive_avg_pool2d(x, 1).flatten(1)
    return F.linear(pooled, p["fc.weight"], p["fc.bias"]), maps


def compare(m: ModuleType, case: str, what: str) -> dict[str, float]:
    layers, output_stride, grid, training, shape = CASES[case]
    state = public_state(layers, shape[1])
    model = m.ResNet(layers, CLASSES, WIDTH, output_stride, grid, shape[1])
    model.train(training)
    names = resnet_names(model)
    model.load_state_dict({ours: state[name] for ours, name in names.items()})
    wanted = [
        (n, q)
        for n, q in model.named_parameters()
        if what == "logits" or not n.startswith("head")
    ]
    theirs = {
        names[n]: state[names[n]].clone().requires_grad_() for n, _ in wanted
    }

    def ours(x: Tensor) -> Tensor:
        found = [model(x)] if what == "logits" else model.features(x)
        return torch.cat([t.flatten() for t in found])

    def paper(x: Tensor) -> Tensor:
        logits, maps = by_the_paper(
            x, state | theirs, layers, output_stride, grid, training
        )
        found = [logits] if what == "logits" else maps
        return torch.cat([t.flatten() for t in found])

    pairs = [(q, theirs[names[n]]) for n, q in wanted]
    return differences(ours, paper, [torch.randn(shape)], pairs)


@pytest.mark.parametrize("what", ["logits", "features"])
def test_equals_the_paper(what: str, proof: Callable[..., None]) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for case in CASES:
        found = compare(resnet, case, what)
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours="ResNet" if what == "logits" else "ResNet.features",
        reference="torch.nn.functional.conv2d",
        case=f"{len(CASES)} networks, train and eval",
        **worst,
    )


MUTANTS = {
    "stem padded by 2": ("7, stride=2, padding=3", "7, stride=2, padding=2"),
    "stem without stride": ("7, stride=2, padding=3", "7, stride=1, padding=3"),
    "stem without BN": ("nn.BatchNorm2d(width),", "nn.Identity(),"),
    "pooling of 2 × 2": ("3, stride=2, padding=1)", "2, stride=2)"),
    "pooling not padded": ("3, stride=2, padding=1)", "3, stride=2)"),
    "stem after its pooling": (
        "x = F.max_pool2d(maps[0]",
        "x = maps[0] = F.max_pool2d(maps[0]",
    ),
    "the first stage halves, too": ("2 if i else 1", "2"),
    "basic blocks in 50 layers": ("layers >= 50", "layers > 50"),
    "bottlenecks in 34 layers": ("layers >= 50", "layers >= 34"),
    "one block too few": ("range(blocks - 1)", "range(blocks - 2)"),
    "every block halves": (
        "(kind(out, width) for",
        "(kind(out, width, stride) for",
    ),
    "the strided layer is dilated, too": (
        "            dilate(conv, rate)\n",
        "            dilate(conv, 2 * rate if halves else rate)\n",
    ),
    "dilation forgotten": ("rate *= 2", "rate *= 1"),
    "the shortcut doubles the rate again": (
        "if halves and conv.kernel_size == (3, 3):",
        "if halves:",
    ),
    "padding left at 1": (
        "conv.dilation = conv.padding = (rate, rate)",
        "conv.dilation = (rate, rate)",
    ),
    "only the last stage keeps its size": ("8: (2, 3)", "8: (3,)"),
    "the rate starts anew in each stage": (
        "rate = keep_resolution(stages[i], rate)",
        "rate = keep_resolution(stages[i], 1)",
    ),
    "the grid alone": ("dilate(block, rate * times)", "dilate(block, times)"),
    "the grid added": (
        "dilate(block, rate * times)",
        "dilate(block, rate + times)",
    ),
    "the grid in another stage": ("zip(stages[3], grid", "zip(stages[2], grid"),
    "a maximum in the end": (".mean(dim=(2, 3))", ".amax(dim=(2, 3))"),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(resnet, *MUTANTS[mutation])
    worst = 0.0
    what = "features" if "stem" in mutation else "logits"
    for case in CASES:
        if case.startswith(("101", "152")):
            continue  # longer, not different
        try:
            worst = max(worst, *compare(mutant, case, what).values())
        except (AssertionError, RuntimeError, KeyError, ValueError):
            worst = math.inf
        if worst > 1e-6:
            return
    pytest.fail(f"the largest difference is {worst}")


@pytest.mark.parametrize("layers", [18, 50])
@pytest.mark.parametrize("size", [(64, 64), (65, 33), (97, 71)])
def test_dilation_gives_the_coarse_values_and_those_between(
    layers: int, size: tuple[int, int]
) -> None:
    """In evaluation, at every sampled position, up to the border."""
    state = public_state(layers, 3)
    networks = {}
    for output_stride in (32, 16, 8):
        networks[output_stride] = ResNet(layers, CLASSES, WIDTH, output_stride)
        load_public(networks[output_stride].eval(), state)
    x = torch.randn(2, 3, *size)
    coarse, middle, dense = (networks[s].features(x) for s in (32, 16, 8))
    for a, b in zip(coarse[:3], dense[:3], strict=True):
        assert torch.equal(a, b)
    assert gap(middle[4][..., ::2, ::2], coarse[4]) < TOLERANCE
    assert gap(dense[4][..., ::4, ::4], coarse[4]) < TOLERANCE
    assert gap(dense[3][..., ::2, ::2], coarse[3]) < TOLERANCE
    assert dense[4].shape[2:] == dense[2].shape[2:]


def sampled_gap(m: ModuleType) -> dict[str, float]:
    """Outputs and all gradients, the loss reading the sampled positions."""
    state = public_state(50, 3)
    pair = []
    for kind, output_stride in ((m.ResNet, 8), (ResNet, 32)):
        pair.append(kind(50, CLASSES, WIDTH, output_stride).eval())
        names = resnet_names(pair[-1])
        pair[-1].load_state_dict({o: state[n] for o, n in names.items()})
    dense, coarse = pair
    return differences(
        lambda x: dense.features(x)[-1][..., ::4, ::4],
        lambda x: coarse.features(x)[-1],
        [torch.randn(2, 3, 65, 49)],
        [
            (a, b)
            for (n, a), b in zip(
                dense.named_parameters(), coarse.parameters(), strict=True
            )
            if not n.startswith("head")
        ],
    )


def test_dilated_gradients_are_those_of_the_coarse_network(
    proof: Callable[..., None],
) -> None:
    worst = sampled_gap(resnet)
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours="ResNet, stride 8",
        reference="ResNet, stride 32",
        case="at every 4th, eval",
        **worst,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rate *= 2", "rate *= 1"),
        ("rate *= 2", "rate *= 3"),
        (
            "            dilate(conv, rate)\n",
            "            dilate(conv, 2 * rate if halves else rate)\n",
        ),
    ],
)
def test_sampling_notices_the_mutant(old: str, new: str) -> None:
    assert max(sampled_gap(mutate(resnet, old, new)).values()) > 1e-6


def rates(model: ResNet) -> list[list[int]]:
    return [
        [
            conv.dilation[0]
            for conv in stage.modules()
            if isinstance(conv, torch.nn.Conv2d) and conv.kernel_size == (3, 3)
        ]
        for stage in model.stages
    ]


def test_rates_are_those_of_the_papers() -> None:
    with torch.device("meta"):
        assert rates(ResNet(50, output_stride=16))[3] == [1, 2, 2]
        multi = ResNet(50, output_stride=16, multi_grid=(1, 2, 4))
        assert rates(multi)[3] == [2, 4, 8]  # the example of DeepLab V3
        assert rates(ResNet(50, output_stride=8))[2:] == [
            [1, 2, 2, 2, 2, 2],
            [2, 4, 4],
        ]
        assert rates(ResNet(18, output_stride=8))[2:] == [
            [1, 2, 2, 2],
            [2, 4, 4, 4],
        ]


def test_without_dilation_the_values_are_others() -> None:
    state = public_state(18, 3)
    coarse, careless = (ResNet(18, CLASSES, WIDTH).eval() for _ in range(2))
    for model in (coarse, careless):
        load_public(model, state)
    for conv in careless.stages[3].modules():
        if isinstance(conv, torch.nn.Conv2d):
            conv.stride = (1, 1)
    x = torch.randn(1, 3, 96, 96)
    y = careless.features(x)[-1][..., ::2, ::2]
    assert gap(y, coarse.features(x)[-1]) > 0.1


def count(model: torch.nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("layers", "published"),
    [
        (18, 11_689_512),
        (34, 21_797_672),
        (50, 25_557_032),
        (101, 44_549_160),
        (152, 60_192_808),
    ],
)
def test_parameters_as_published_and_by_formula(
    layers: int, published: int
) -> None:
    with torch.device("meta"):
        assert count(ResNet(layers)) == published
    wide = layers >= 50
    total, given = 3 * 64 * 49 + 2 * 64, 64
    for i, n in enumerate(BLOCKS[layers]):
        c = 64 * 2**i
        out = 4 * c if wide else c
        inner = (
            9 * c * c + c * out + 2 * (2 * c + out)
            if wide
            else 9 * c * c + 4 * c
        )
        enter = 1 if wide else 9
        total += n * inner + enter * c * (given + (n - 1) * out)
        total += (given * out + 2 * out) * (given != out)
        given = out
    assert total + 1000 * (given + 1) == published


@pytest.mark.parametrize("layers", [18, 50])
@pytest.mark.parametrize("old", [False, True])
def test_public_names_load(layers: int, old: bool) -> None:
    state = public_state(layers, 3, old)
    model = ResNet(layers, CLASSES, WIDTH).eval()
    load_public(model, state)
    x = torch.randn(1, 3, 40, 40)
    expected, maps = by_the_paper(x, state, layers, 32, None, False)
    assert gap(model(x), expected) < TOLERANCE
    bare = ResNet(layers, 0, WIDTH).eval()
    load_public(bare, state)  # the classifier's keys stay behind
    assert gap(bare.features(x)[-1], maps[-1]) < TOLERANCE
    assert gap(bare(x), maps[-1].mean((2, 3))) < TOLERANCE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("int(i) // 3 + 1", "int(i) // 3"),
        ('"bn" if int(i) % 3', '"bn" if not int(i) % 3'),
        ("int(stage) + 1", "int(stage)"),
        ('side == "shortcut"', 'side == "branch"'),
        ("('conv1', 'bn1')", "('bn1', 'conv1')"),
    ],
)
def test_a_wrong_name_does_not_load(old: str, new: str) -> None:
    mutant = mutate(cnn_checkpoint, old, new)
    with pytest.raises((ValueError, RuntimeError)):
        mutant.load_public(ResNet(50, CLASSES, WIDTH), public_state(50, 3))


def test_a_foreign_state_is_refused() -> None:
    state = public_state(50, 3)
    with pytest.raises(ValueError, match=r"no 'layer3\.10\.bn1\.bias'"):
        load_public(ResNet(101, CLASSES, WIDTH), state)
    with pytest.raises(ValueError, match=r"state has 'layer1\.0\.bn3\.bias'"):
        load_public(ResNet(34, 0, WIDTH), state | public_state(34, 3))
    with pytest.raises(ValueError, match=r"no 'classifier\.0\.bias'"):
        load_public(VGG(11, CLASSES, WIDTH), state)


def test_features_have_the_promised_strides_and_channels() -> None:
    for output_stride in (8, 16, 32):
        model = ResNet(50, 0, 3, output_stride)
        maps = model.features(torch.randn(2, 3, 64, 96))
        for stride, channels, y in zip(
            (2, 4, 8, 16, 32), model.channels, maps, strict=True
        ):
            s = min(stride, output_stride)
            assert y.shape == (2, channels, 64 // s, 96 // s)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: ResNet(20), "layers is 20; must be one of"),
        (lambda: ResNet(18, width=0), "width is 0"),
        (lambda: ResNet(18, output_stride=4), "output_stride is 4"),
        (lambda: ResNet(50, multi_grid=(1, 2)), r"multi_grid is \(1, 2\)"),
        (lambda: ResNet(18, multi_grid=(0, 1)), "must be 2 positive rates"),
        (lambda: ResNet(18, 0, 2)(torch.ones(1, 1, 32, 32)), r"be \(b, 3, h"),
        (lambda: ResNet(18, 0, 2)(torch.ones(1, 3, 31, 64)), "at least 32"),
    ],
)
def test_bad_input_is_named(run: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run()
