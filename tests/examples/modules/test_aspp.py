"""ASPP against three other ways to compute it, and its published sizes."""

from collections.abc import Callable
from itertools import product
from types import ModuleType

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import Tensor, nn

from examples.modules import aspp, aspp_variants
from examples.modules.aspp import ASPP, RATES, ImagePooling
from examples.modules.aspp_variants import SeparableASPP, SumASPP
from examples.modules.residual import Bottleneck
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, randomize

pytestmark = pytest.mark.usefixtures("float64")
Parts = dict[str, Tensor]
Convolve = Callable[[Tensor, Tensor, int, int], Tensor]  # rate, groups
# in, out, rates, shape of x
CASES = [
    (3, 4, (6, 12, 18), (2, 3, 9, 7)),
    (4, 2, (1, 2), (3, 4, 5, 8)),
    (2, 3, (2, 3, 4, 5), (2, 2, 6, 6)),
    (3, 2, (4,), (4, 3, 1, 5)),
]
BROKEN = (RuntimeError, AssertionError, LookupError, ValueError, TypeError)


def by_torch(x: Tensor, weight: Tensor, rate: int, groups: int) -> Tensor:
    padding = rate * (weight.shape[-1] // 2)
    return F.conv2d(x, weight, None, 1, padding, rate, groups)


def norm_by_torch(x: Tensor, p: Parts, at: str, training: bool) -> Tensor:
    mean, var = (p[f"{at}.running_{k}"].clone() for k in ("mean", "var"))
    scale, shift = p[f"{at}.weight"], p[f"{at}.bias"]
    return F.batch_norm(x, mean, var, scale, shift, training, 0.1, 1e-5)


def by_loops(x: Tensor, weight: Tensor, rate: int, groups: int) -> Tensor:
    """One output pixel after the other, one tap after the other."""
    h, w = x.shape[2:]
    k, columns = weight.shape[-1], []
    for i, j in product(range(h), range(w)):
        total = torch.zeros(len(x), len(weight))
        for u, v in product(range(k), repeat=2):
            row, column = (
                i + rate * (u - k // 2),
                j + rate * (v - k // 2),
            )
            if 0 <= row < h and 0 <= column < w:
                pixel, tap = x[:, :, row, column], weight[:, :, u, v]
                total = total + (
                    torch.einsum("bc,oc->bo", pixel, tap)
                    if groups == 1
                    else pixel * tap[:, 0]
                )
        columns.append(total)
    return torch.stack(columns, -1).unflatten(-1, (h, w))


def norm_by_formula(x: Tensor, p: Parts, at: str, training: bool) -> Tensor:
    mean, var = p[f"{at}.running_mean"], p[f"{at}.running_var"]
    if training:
        n = x.numel() / x.shape[1]
        mean = x.sum((0, 2, 3)) / n
        var = ((x - mean[:, None, None]) ** 2).sum((0, 2, 3)) / n
    scale = p[f"{at}.weight"] / (var + 1e-5) ** 0.5
    shift = p[f"{at}.bias"] - scale * mean
    return x * scale[:, None, None] + shift[:, None, None]


WAYS: dict[str, tuple[Convolve, Callable[..., Tensor]]] = {
    "torch.nn.functional.conv2d": (by_torch, norm_by_torch),
    "torch.einsum": (by_loops, norm_by_formula),
}


def reference(
    x: Tensor,
    p: Parts,
    rates: tuple[int, ...],
    training: bool,
    way: str,
    separable: bool,
) -> Tensor:
    convolve, norm = WAYS[way]

    def step(
        x: Tensor, at: str, kernel: int = 1, rate: int = 1, groups: int = 1
    ) -> Tensor:
        weight, index = p[f"{at}.weight"], int(at.rpartition(".")[2])
        assert weight.shape[1:] == (x.shape[1] // groups, kernel, kernel)
        bn = f"{at.rpartition('.')[0]}.{index + 1}"
        y = convolve(x, weight, rate, groups)
        return norm(y, p, bn, training).clamp(min=0)

    parts = [step(x, "branches.0.0")]
    for i, rate in enumerate(rates, start=1):
        if separable:
            y = step(x, f"branches.{i}.0", 3, rate, groups=x.shape[1])
            parts.append(step(y, f"branches.{i}.3"))
        else:
            parts.append(step(x, f"branches.{i}.0", 3, rate))
    last = len(rates) + 1
    pooled = x.sum((2, 3), keepdim=True) / (x.shape[2] * x.shape[3])
    pooled = step(pooled, f"branches.{last}.unit.0")
    size = list(x.shape[2:])
    parts.append(
        F.interpolate(pooled, size, mode="bilinear", align_corners=False)
    )
    return step(torch.cat(parts, 1), "project.0")


def compare(
    m: ModuleType, kind: str, case: int, training: bool, way: str
) -> dict[str, float]:
    c, o, rates, shape = CASES[case]
    module = getattr(m, kind)(c, o, rates, dropout=0.0).train(training)
    randomize(module)
    state = {k: v.clone() for k, v in module.state_dict().items()}
    theirs = {
        k: state[k].requires_grad_() for k, _ in module.named_parameters()
    }
    torch.manual_seed(case)
    return differences(
        module,
        lambda x: reference(
            x, state | theirs, rates, training, way, kind == "SeparableASPP"
        ),
        [torch.randn(shape)],
        [(p, theirs[k]) for k, p in module.named_parameters()],
    )


@pytest.mark.parametrize(
    ("kind", "m"), [("ASPP", aspp), ("SeparableASPP", aspp_variants)]
)
@pytest.mark.parametrize("way", WAYS)
def test_equals_another_computation(
    kind: str, m: ModuleType, way: str, proof: Callable[..., None]
) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for case, training in product(range(len(CASES)), (True, False)):
        found = compare(m, kind, case, training, way)
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE
    proof(
        ours=kind,
        reference=way,
        case=f"{len(CASES)} shapes, train and eval",
        **worst,
    )


def onnx_graph(module: ASPP, rates: tuple[int, ...], shape: tuple[int, ...]):
    """The same network as an ONNX graph, in evaluation mode."""
    nodes, weights = [], []

    def constant(name: str, value: Tensor) -> str:
        weights.append(numpy_helper.from_array(value.numpy(), name))
        return name

    state = {k: v.detach() for k, v in module.state_dict().items()}

    def step(x: str, at: str, rate: int = 1) -> str:
        kernel = state[f"{at}.0.weight"].shape[-1]
        weight = constant(f"{at}.w", state[f"{at}.0.weight"])
        pads = [rate * (kernel // 2)] * 4
        nodes.append(
            helper.make_node(
                "Conv",
                [x, weight],
                [f"{at}.c"],
                pads=pads,
                dilations=[rate] * 2,
            )
        )
        names = ("weight", "bias", "running_mean", "running_var")
        inputs = [constant(f"{at}.{n}", state[f"{at}.1.{n}"]) for n in names]
        nodes.append(
            helper.make_node(
                "BatchNormalization",
                [f"{at}.c", *inputs],
                [f"{at}.n"],
                epsilon=1e-5,
            )
        )
        nodes.append(helper.make_node("Relu", [f"{at}.n"], [f"{at}.y"]))
        return f"{at}.y"

    parts = [step("x", "branches.0")]
    parts += [step("x", f"branches.{i}", r) for i, r in enumerate(rates, 1)]
    nodes.append(helper.make_node("GlobalAveragePool", ["x"], ["mean"]))
    pooled = step("mean", f"branches.{len(rates) + 1}.unit")
    sizes = torch.tensor([shape[0], module.project[0].out_channels, *shape[2:]])
    constant("sizes", sizes)
    nodes.append(
        helper.make_node(
            "Resize", [pooled, "", "", "sizes"], ["up"], mode="linear"
        )
    )
    nodes.append(helper.make_node("Concat", [*parts, "up"], ["all"], axis=1))
    y = step("all", "project")
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "aspp",
        [value("x", TensorProto.DOUBLE, None)],
        [value(y, TensorProto.DOUBLE, None)],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


def onnx_gap(m: ModuleType, case: int) -> float:
    c, o, rates, shape = CASES[case]
    module = m.ASPP(c, o, rates).eval()
    randomize(module)
    torch.manual_seed(case)
    x = torch.randn(shape)
    session = ReferenceEvaluator(onnx_graph(module, rates, shape))
    (y,) = session.run(None, {"x": x.numpy()})
    assert y.dtype == np.float64
    return gap(module(x), torch.from_numpy(y))


def test_equals_an_onnx_graph(proof: Callable[..., None]) -> None:
    worst = max(onnx_gap(aspp, case) for case in range(len(CASES)))
    assert worst < TOLERANCE
    proof(
        ours="ASPP",
        reference="onnx.reference.ReferenceEvaluator",
        case=f"{len(CASES)} shapes, eval",
        forward=worst,
    )


def sum_differences(m: ModuleType) -> dict[str, float]:
    worst = {"forward": 0.0, "gradient": 0.0}
    for rates, shape in (
        ((6, 12, 18, 24), (2, 3, 9, 26)),
        ((1, 3), (1, 3, 4, 5)),
    ):
        module = m.SumASPP(3, 4, rates)
        randomize(module)
        theirs = [
            p.detach().clone().requires_grad_() for p in module.parameters()
        ]

        def scores(
            x: Tensor, p: list[Tensor] = theirs, rates: tuple[int, ...] = rates
        ) -> Tensor:
            """One convolution: all taps of all rates in one large kernel."""
            reach = max(rates)
            kernel = torch.zeros(4, 3, 2 * reach + 1, 2 * reach + 1)
            for i, r in enumerate(rates):
                place = slice(reach - r, reach + r + 1, r)
                part = torch.zeros_like(kernel)
                part[..., place, place] = p[2 * i]
                kernel = kernel + part
            bias = sum(p[1::2])
            return F.conv2d(x, kernel, bias, padding=reach)

        found = differences(
            module,
            scores,
            [torch.randn(shape)],
            list(zip(module.parameters(), theirs, strict=True)),
        )
        worst = {k: max(worst[k], found[k]) for k in worst}
    return worst


def test_sum_of_rates_is_one_large_sparse_kernel(
    proof: Callable[..., None],
) -> None:
    found = sum_differences(aspp_variants)
    assert max(found.values()) < TOLERANCE
    proof(
        ours="SumASPP",
        reference="torch.nn.functional.conv2d",
        case="2 sets of rates, one kernel",
        **found,
    )


MUTANTS = {
    "padding 1": ("rate * (kernel // 2)", "1 * (kernel // 2)"),
    "no dilation": ('"dilation": rate', '"dilation": 1'),
    "bias": ("kernel, bias=False", "kernel, bias=True"),
    "other eps": ("nn.BatchNorm2d(out_channels)", "nn.BatchNorm2d(out_channels, eps=1e-6)"),
    "no norm": ("nn.BatchNorm2d(out_channels)", "nn.Identity()"),
    "leaky": ("nn.ReLU()", "nn.LeakyReLU(1e-6)"),
    "the maximum for the mean": ("x.mean((2, 3), keepdim=True)", "x.amax((2, 3), keepdim=True)"),
    "the mean of rows": ("x.mean((2, 3), keepdim=True)", "x.mean(2, keepdim=True)"),
    "pooled after the unit": ("self.unit(x.mean((2, 3), keepdim=True))", "self.unit(x).mean((2, 3), keepdim=True)"),
    "pooling cut from the gradient": ("self.unit(x.mean", "self.unit(x.detach().mean"),
    "rates in reverse": ("3, r) for r in rates)", "3, r) for r in reversed(rates))"),
    "rates doubled": ("3, r) for r in rates)", "3, 2 * r) for r in rates)"),
    "5 × 5": ("out_channels, 3, r)", "out_channels, 5, r)"),
    "no 1 × 1": ("unit(in_channels, out_channels),\n                *(", "unit(in_channels, out_channels, 3),\n                *("),
    "concatenated in reverse": ("for b in self.branches], 1", "for b in reversed(self.branches)], 1"),
    "summed": ("torch.cat([b(x) for b in self.branches], 1)", "sum(b(x) for b in self.branches).repeat(1, len(self.branches), 1, 1)"),
}  # fmt: skip
SEPARABLE_MUTANTS = {
    "not depthwise": ("groups=in_channels", "groups=1"),
    "no ReLU between": ("norm, nn.ReLU(), *pointwise", "norm, nn.Identity(), *pointwise"),
    "no norm between": ("depthwise, norm, nn.ReLU()", "depthwise, nn.Identity(), nn.ReLU()"),
    "padding for rate 1": ("padding=rate", "padding=1"),
    "the largest rate everywhere": ("separable_unit(in_channels, out_channels, rate)", "separable_unit(in_channels, out_channels, max(rates))"),
}  # fmt: skip
SUM_MUTANTS = {
    "mean": (".sum(0)", ".mean(0)"),
    "product": (".sum(0)", ".prod(0)"),
    "no bias": ("3, padding=r, dilation=r)", "3, padding=r, dilation=r, bias=False)"),
    "one rate": ("3, padding=r, dilation=r)", "3, padding=rates[0], dilation=rates[0])"),
}  # fmt: skip


def worst_of(compare: Callable[[], dict[str, float]]) -> float:
    try:
        return max(compare().values())
    except BROKEN:
        return float("inf")


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(aspp, *MUTANTS[mutation])
    way = "torch.nn.functional.conv2d"
    worst = max(
        worst_of(lambda c=c, t=t: compare(mutant, "ASPP", c, t, way))
        for c, t in product(range(3), (True, False))
    )
    assert not worst < TOLERANCE


@pytest.mark.parametrize("mutation", SEPARABLE_MUTANTS)
def test_comparison_notices_the_separable_mutant(mutation: str) -> None:
    mutant = mutate(aspp_variants, *SEPARABLE_MUTANTS[mutation])
    way = "torch.nn.functional.conv2d"
    worst = max(
        worst_of(lambda c=c: compare(mutant, "SeparableASPP", c, True, way))
        for c in range(3)
    )
    assert not worst < TOLERANCE


@pytest.mark.parametrize("mutation", SUM_MUTANTS)
def test_comparison_notices_the_mutant_of_the_sum(mutation: str) -> None:
    mutant = mutate(aspp_variants, *SUM_MUTANTS[mutation])
    assert not worst_of(lambda: sum_differences(mutant)) < TOLERANCE


def published_shapes(c: int, o: int, rates: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of torchvision's ASPP, as its source defines them."""
    norm = ("weight", "bias", "running_mean", "running_var")
    shapes: dict[str, tuple[int, ...]] = {}

    def add(conv: str, bn: str, *shape: int) -> None:
        shapes[f"{conv}.weight"] = shape
        shapes.update({f"{bn}.{name}": (shape[0],) for name in norm})
        shapes[f"{bn}.num_batches_tracked"] = ()

    add("convs.0.0", "convs.0.1", o, c, 1, 1)
    for i in range(1, rates + 1):
        add(f"convs.{i}.0", f"convs.{i}.1", o, c, 3, 3)
    last = rates + 1  # its pooling is layer 0, so the others move up by one
    add(f"convs.{last}.1", f"convs.{last}.2", o, c, 1, 1)
    add("project.0", "project.1", o, (rates + 2) * o, 1, 1)
    return shapes


def test_state_has_the_shapes_of_torchvision() -> None:
    with torch.device("meta"):
        ours = ASPP(2048, rates=RATES[8]).state_dict()
    theirs = published_shapes(2048, 256, 3)
    renamed = {}
    for name, value in ours.items():
        name = name.replace("branches.4.unit.1", "convs.4.2")
        name = name.replace("branches.4.unit.0", "convs.4.1")
        renamed[name.replace("branches", "convs")] = tuple(value.shape)
    assert renamed == theirs


def resnet50_without_classifier() -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
    ]
    channels = 64
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for i in range(blocks):
            stride = 2 if stage and not i else 1
            layers.append(Bottleneck(channels, 64 * 2**stage, stride))
            channels = 4 * 64 * 2**stage
    return nn.Sequential(*layers)


def size(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_network_around_it_has_the_published_number_of_parameters() -> None:
    """torchvision publishes 42,004,074 with its auxiliary head."""
    with torch.device("meta"):
        head = nn.Sequential(
            ASPP(2048, rates=RATES[8]),
            nn.Conv2d(256, 256, 3, padding=1, bias=False),
            nn.BatchNorm2d(256),
            nn.Conv2d(256, 21, 1),
        )
        auxiliary = nn.Sequential(
            nn.Conv2d(1024, 256, 3, padding=1, bias=False),
            nn.BatchNorm2d(256),
            nn.Conv2d(256, 21, 1),
        )
        backbone = resnet50_without_classifier()
        assert size(head[0]) == 15_535_104
    assert size(backbone) + size(head) == 39_638_869
    assert size(backbone) + size(head) + size(auxiliary) == 42_004_074


def test_scores_of_v2_cost_no_more_than_four_classifiers() -> None:
    with torch.device("meta"):
        assert size(SumASPP(2048, 21)) == 4 * (9 * 2048 * 21 + 21)


def test_a_rate_beyond_the_map_is_a_1_by_1() -> None:
    """The other eight taps get no gradient, and change nothing."""
    branch = aspp.unit(3, 4, kernel=3, rate=9)
    randomize(branch)
    x = torch.randn(2, 3, 9, 9)
    conv = branch[0]
    assert isinstance(conv, nn.Conv2d)
    (gradient,) = torch.autograd.grad(conv(x).square().sum(), conv.weight)
    used = gradient.abs().amax((0, 1)) > 0
    assert used.tolist() == [[False] * 3, [False, True, False], [False] * 3]
    point = torch.einsum("bchw,oc->bohw", x, conv.weight[:, :, 1, 1])
    torch.testing.assert_close(conv(x), point, rtol=0, atol=TOLERANCE)


def test_pooling_is_the_same_everywhere_and_ignores_where_things_are() -> None:
    layer = ImagePooling(3, 4).eval()
    randomize(layer)
    x = torch.randn(2, 3, 5, 6)
    y = layer(x)
    assert torch.equal(y, y[..., :1, :1].expand_as(y))
    mixed = x.flatten(2)[..., torch.randperm(30)].view_as(x)
    torch.testing.assert_close(y, layer(mixed), rtol=0, atol=TOLERANCE)
    for flag in (True, False):
        small = layer.unit(x.mean((2, 3), keepdim=True))
        up = F.interpolate(small, (5, 6), mode="bilinear", align_corners=flag)
        torch.testing.assert_close(y, up, rtol=0, atol=TOLERANCE)


def test_dropout_works_in_training_only() -> None:
    module = ASPP(2, 3, (2,), dropout=0.5)
    randomize(module)
    x = torch.randn(2, 2, 6, 6)
    assert not torch.equal(module(x), module(x))
    module.eval()
    assert torch.equal(module(x), module(x))


def test_one_image_cannot_train_the_pooling_branch() -> None:
    module = ASPP(2, 3, (2,))
    x = torch.randn(1, 2, 6, 6)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        module(x)
    pooling = module.branches[-1]
    assert isinstance(pooling, ImagePooling)
    pooling.unit[1].eval()  # frozen statistics are the cure
    assert module(x).shape == (1, 3, 6, 6)


def test_two_images_leave_one_bit_a_channel() -> None:
    """Normalized over two values, a channel is +1 and -1, whatever it was."""
    layer = ImagePooling(8, 4)
    x = torch.randn(2, 8, 9, 9) + torch.randn(2, 8, 1, 1)
    values = layer.unit[:2](x.mean((2, 3), keepdim=True))[:, :, 0, 0]
    assert bool((values.abs() > 0.99).all())
    assert bool((values[0] + values[1]).abs().max() < 1e-12)


@pytest.mark.parametrize("kind", [ASPP, SeparableASPP, SumASPP])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 4), "in_channels is 0; must be at least 1"),
        ((3, -1), "out_channels is -1"),
        ((3, 4, ()), r"rates is \(\); each must be 1 or more"),
        ((3, 4, (6, 0)), r"rates is \(6, 0\)"),
    ],
)
def test_bad_sizes_are_named(
    kind: type, arguments: tuple, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        kind(*arguments)


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="dropout is 1; must be in 0 <= p < 1"):
        ASPP(3, 4, dropout=1)
    for shape in ((2, 4, 5, 5), (3, 5, 5)):
        with pytest.raises(ValueError, match=r"not \(b, 3, h, w\)"):
            ASPP(3, 4)(torch.randn(shape))
