"""GoogLeNet against the paper, layer by layer, written with functions."""

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from examples.architectures import (
    inception,
    inception_parts,
    inception_torchvision,
)
from examples.architectures.cnn_cost import alexnet_costs, layer_costs
from examples.architectures.inception import (
    MEGAOPS,
    TABLE_1,
    GoogLeNet,
    Widths,
)
from examples.architectures.inception_torchvision import (
    TorchvisionGoogLeNet,
    from_torchvision,
    torchvision_names,
)
from examples.architectures.vgg import VGG
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, randomize

Proof = Callable[..., None]
Pair = tuple[int, int]
PHOTO = (3, 224, 224)
ROWS = {  # Table 1 of the paper, typed a second time, column by column
    "1×1": (64, 128, 192, 160, 128, 112, 256, 256, 384),
    "3×3 reduce": (96, 128, 96, 112, 128, 144, 160, 160, 192),
    "3×3": (128, 192, 208, 224, 256, 288, 320, 320, 384),
    "5×5 reduce": (16, 32, 16, 24, 24, 32, 32, 32, 48),
    "5×5": (32, 96, 48, 64, 64, 64, 128, 128, 128),
    "pool proj": (32, 64, 64, 64, 64, 64, 128, 128, 128),
}


class ByHand:
    """Layers from functions that read torchvision's keys."""

    thin = 8  # channels in the paper over channels here

    def __init__(self, p: dict[str, Tensor], training: bool) -> None:
        self.p, self.training = p, training
        self.read: set[str] = set()

    def of(self, key: str) -> Tensor:
        self.read.add(key)
        return self.p[key]

    def unit(
        self,
        x: Tensor,
        at: str,
        out: int,
        k: Pair = (1, 1),
        stride: int = 1,
        pad: Pair = (0, 0),
    ) -> Tensor:
        weight = self.of(f"{at}.conv.weight")
        assert weight.shape == (out // self.thin, x.shape[1], *k), at
        if f"{at}.conv.bias" in self.p:  # without BN
            bias = self.of(f"{at}.conv.bias")
            return F.conv2d(x, weight, bias, stride, pad).relu()
        x = F.conv2d(x, weight, None, stride, pad)
        mean, var = (
            self.of(f"{at}.bn.running_{s}").clone() for s in ("mean", "var")
        )
        gamma, beta = (self.of(f"{at}.bn.{s}") for s in ("weight", "bias"))
        self.of(f"{at}.bn.num_batches_tracked")
        return F.batch_norm(
            x, mean, var, gamma, beta, self.training, 0.1, 1e-3
        ).relu()

    def same(self, x: Tensor, at: str, out: int, kh: int, kw: int) -> Tensor:
        pad = ((kh - 1) // 2, (kw - 1) // 2)
        return self.unit(x, at, out, (kh, kw), 1, pad)

    def linear(self, x: Tensor, at: str) -> Tensor:
        return F.linear(x, self.of(f"{at}.weight"), self.of(f"{at}.bias"))


class GoogLeNetByHand(ByHand):
    """The paper's network; with BN, torchvision's variant of it."""

    @property
    def norm(self) -> bool:
        return "conv1.bn.weight" in self.p

    def block(self, x: Tensor, at: str, i: int) -> Tensor:
        one, r3, three, r5, five, pool = (ROWS[name][i] for name in ROWS)
        large = 3 if self.norm else 5
        y3 = self.unit(x, f"{at}.branch2.0", r3)
        y5 = self.unit(x, f"{at}.branch3.0", r5)
        around = F.max_pool2d(F.pad(x, [1] * 4, value=-torch.inf), 3, 1)
        parts = [
            self.unit(x, f"{at}.branch1", one),
            self.same(y3, f"{at}.branch2.1", three, 3, 3),
            self.same(y5, f"{at}.branch3.1", five, large, large),
            self.unit(around, f"{at}.branch4.1", pool),
        ]
        return torch.cat(parts, 1)

    def head(self, x: Tensor, at: str) -> Tensor:
        x = F.adaptive_avg_pool2d(x, 4) if self.norm else F.avg_pool2d(x, 5, 3)
        x = self.unit(x, f"{at}.conv", 128).flatten(1)
        return self.linear(F.relu(self.linear(x, f"{at}.fc1")), f"{at}.fc2")

    def __call__(self, x: Tensor) -> Tensor:
        """The logits of classifier, aux1 and aux2, side by side."""
        x = half(self.unit(x, "conv1", 64, (7, 7), 2, (3, 3)))
        x = half(self.same(self.unit(x, "conv2", 64), "conv3", 192, 3, 3))
        x = self.block(self.block(x, "inception3a", 0), "inception3b", 1)
        x = self.block(half(x), "inception4a", 2)
        heads = [self.head(x, "aux1")] if "aux1.fc1.bias" in self.p else []
        for i, name in ((3, "4b"), (4, "4c"), (5, "4d")):
            x = self.block(x, f"inception{name}", i)
        if heads:
            heads.append(self.head(x, "aux2"))
        x = self.block(x, "inception4e", 6)
        x = half(x, 2) if self.norm else half(x)
        x = self.block(self.block(x, "inception5a", 7), "inception5b", 8)
        return torch.cat([self.linear(x.mean((2, 3)), "fc"), *heads], 1)


def half(x: Tensor, k: int = 3) -> Tensor:
    return F.max_pool2d(x, k, 2, ceil_mode=True)


def gaps(
    model: nn.Module,
    names: dict[str, str],
    by_hand: type[ByHand],
    run: Callable[..., Tensor],
    x: Tensor,
    training: bool,
    ours: Callable[[Tensor], Tensor] | None = None,
) -> dict[str, float]:
    """Of a model, dropout aside, and of ``run(by_hand(keys), x)``."""
    model.train(training)
    for layer in model.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    randomize(model)
    state = {names[k]: v.clone() for k, v in model.state_dict().items()}
    theirs = {
        names[k]: state[names[k]].requires_grad_()
        for k, _ in model.named_parameters()
    }
    reader = by_hand(state | theirs, training)
    found = differences(
        ours or (lambda x: torch.cat(model.all_logits(x), 1)),
        lambda x: run(reader, x),
        [x],
        [(p, theirs[names[k]]) for k, p in model.named_parameters()],
    )
    assert reader.read == state.keys()
    return found


def noticed(compared: Callable[[], dict[str, float]]) -> bool:
    """Whether a comparison fails, by its numbers or before it has any."""
    try:
        found = compared()
    except (RuntimeError, AssertionError, KeyError, ValueError):
        return True
    return not max(found.values()) < TOLERANCE


def compare(
    model: GoogLeNet,
    size: Pair,
    training: bool,
    m: ModuleType = inception_torchvision,
) -> dict[str, float]:
    run = GoogLeNetByHand.__call__
    x = torch.randn(2, 3, *size)
    names = m.torchvision_names(model)
    return gaps(model, names, GoogLeNetByHand, run, x, training)


CASES = {
    "paper, with heads": ("GoogLeNet", (224, 224), True),
    "paper": ("GoogLeNet", (61, 90), False),
    "torchvision's, with heads": ("TorchvisionGoogLeNet", (97, 70), True),
    "torchvision's": ("TorchvisionGoogLeNet", (61, 90), False),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("float64")
def test_equals_the_paper(case: str, proof: Proof) -> None:
    kind, size, heads = CASES[case]
    build = getattr(inception_torchvision, kind)
    worst = {"forward": 0.0, "gradient": 0.0}
    for training in (True, False):
        found = compare(build(7, 8, heads), size, training)
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE
    proof(
        ours=kind,
        reference="torch.nn.functional.conv2d",
        case=f"{'heads, ' if heads else ''}{size[0]} × {size[1]}",
        **worst,
    )


PARTS, VARIANT = inception_parts, inception_torchvision
MUTANTS = [  # module, its source, the mutant's, whether heads are needed
    (inception, "1, 1), u(channels, w.pool)", "1, 1), nn.Identity()", False),
    (inception, "nn.MaxPool2d(3, 1, 1)", "nn.AvgPool2d(3, 1, 1)", False),
    (inception, "nn.MaxPool2d(3, 1, 1)", "nn.MaxPool2d(5, 1, 2)", False),
    (inception, "(*three),\n", "(*five),\n", False),
    (inception, "large, norm = 5, False", "large, norm = 3, False", False),
    (inception, "ceil_mode=True", "ceil_mode=False", False),
    (inception, "nn.MaxPool2d(3, stride=2", "nn.AvgPool2d(3, 2", False),
    (inception, "u(3, width, 7, 2)", "u(3, width, 7, 1)", False),
    (inception, "u(3, width, 7, 2)", "u(3, width, 7, 2, 2)", False),
    (inception, '{"4a": halve()', '{"4b": halve()', False),
    (inception, '"5a": halve()', '"5b": halve()', False),
    (inception, "nn.AdaptiveAvgPool2d", "nn.AdaptiveMaxPool2d", False),
    (inception, "256, 24, 64, 64)", "256, 32, 64, 64)", False),
    (inception, "AvgPool2d(5, stride=3)", "MaxPool2d(5, stride=3)", True),
    (inception, "AvgPool2d(5, stride=3)", "AdaptiveAvgPool2d(4)", True),
    (inception, "            nn.ReLU(),\n", "            nn.GELU(),\n", True),
    (inception, "head(maps[name])", "head(maps[name].detach())", True),
    (
        inception,
        "in self.heads.items()]",
        "in [*self.heads.items()][::-1]]",
        True,
    ),
    (PARTS, "eps=1e-3", "eps=1e-5", False),
    (PARTS, "nn.ReLU())", "nn.Identity())", False),
    (PARTS, "bias=not norm", "bias=True", False),
    (PARTS, "in self.branches", "in reversed(self.branches)", False),
    (PARTS, "[branch(x)", "[branch(x.detach())", False),
    (
        VARIANT,
        "nn.MaxPool2d(2, stride=2, ceil_mode=True)",
        "nn.Identity()",
        True,
    ),
    (VARIANT, "nn.MaxPool2d(2,", "nn.MaxPool2d(3,", True),
    (VARIANT, "nn.MaxPool2d(2,", "nn.AvgPool2d(2,", True),
    (VARIANT, "ceil_mode=True", "ceil_mode=False", True),
    (VARIANT, "AdaptiveAvgPool2d(4)", "AdaptiveMaxPool2d(4)", True),
    (VARIANT, "large, norm = 3, True", "large, norm = 5, True", True),
    (VARIANT, '("conv", "bn")', '("bn", "conv")', True),
    (VARIANT, "branch{i + 1}", "branch{4 - i}", True),
    (VARIANT, '"aux1.fc1"', '"aux2.fc1"', True),
    (VARIANT, '"stem.2": "conv2"', '"stem.2": "conv3"', True),
]


@pytest.mark.parametrize(("module", "old", "new", "heads"), MUTANTS)
@pytest.mark.usefixtures("float64")
def test_comparison_notices_the_mutant(
    module: ModuleType,
    old: str,
    new: str,
    heads: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mutant = mutate(module, old, new)
    names, build, size = VARIANT, TorchvisionGoogLeNet, (61, 90)
    if module is inception:
        build, size = mutant.GoogLeNet, (224, 224) if heads else size
    elif module is PARTS:
        for name in ("unit", "Parallel"):
            monkeypatch.setattr(inception, name, getattr(mutant, name))
    else:
        names, build, size = mutant, mutant.TorchvisionGoogLeNet, (97, 90)
    assert noticed(lambda: compare(build(7, 8, heads), size, True, names))


def test_the_table_is_the_papers() -> None:
    assert list(TABLE_1) == [
        *["3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"]
    ]
    assert list(TABLE_1.values()) == list(zip(*ROWS.values(), strict=True))


def on_meta(build: Callable[[], nn.Module]) -> nn.Module:
    with torch.device("meta"):  # shapes without memory
        return build()


def size(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("build", "published"),
    [
        (lambda: GoogLeNet(heads=False), 6_998_552),  # BVLC's GoogLeNet
        (GoogLeNet, 13_378_280),
        (lambda: TorchvisionGoogLeNet(heads=False), 6_624_904),
        (TorchvisionGoogLeNet, 13_004_888),
    ],
)
def test_parameters_as_published(
    build: Callable[[], nn.Module], published: int
) -> None:
    assert size(on_meta(build)) == published


def counted(model: nn.Module, image: tuple[int, int, int]) -> int:
    with FlopCounterMode(display=False) as counter:
        model.eval()(torch.zeros(1, *image, device="meta"))
    return counter.get_total_flops()


def test_multiply_adds_as_counted_and_published() -> None:
    """torchvision's record says 1.498; the paper designed for 1.5."""
    macs = []
    for build in (GoogLeNet, TorchvisionGoogLeNet):
        model = on_meta(build)
        flops = sum(cost.flops() for cost in layer_costs(model, PHOTO))
        assert flops == counted(model, PHOTO)
        macs.append(flops / 2e9)
    assert round(macs[1], 3) == 1.498
    assert round(macs[0], 2) == 1.58


def test_operations_of_the_blocks_are_the_papers() -> None:
    """In millions, all but that of 5a, where the paper says 54, not 51."""
    costs = layer_costs(on_meta(GoogLeNet), PHOTO)
    for name, ops in zip(TABLE_1, MEGAOPS, strict=True):
        own = [c for c in costs if c.name.startswith(f"blocks.{name}.")]
        macs = sum(cost.flops() for cost in own) / 2e6
        assert (abs(macs - ops) < 0.7) == (name != "5a")
    stem = [c.flops() / 2e6 for c in costs if c.name.startswith("stem")]
    assert abs(sum(stem[1:]) - 360) < 0.5
    assert abs(stem[0] - 118) < 0.1  # the paper says 34, and 2.7 K weights


def test_a_separable_first_layer_explains_the_papers_34_million() -> None:
    """7 × 7 with 8 filters a channel, then 1 × 1 from 24 to 64."""
    weights = 7 * 7 * 3 * 8 + 3 * 8 * 64
    assert 2.6 < weights / 1024 < 2.7
    assert round(weights * 112**2 / 1e6) == 34
    total = 34 + 360 + sum(MEGAOPS) + 1
    assert total == 1502


def test_vgg_16_costs_ten_times_as_much() -> None:
    with torch.device("meta"):
        vgg = sum(c.flops() for c in layer_costs(VGG(16), PHOTO))
        ours = sum(c.flops() for c in layer_costs(GoogLeNet(), PHOTO))
        assert 9.7 < vgg / ours < 9.8
        assert 19 < size(VGG(16)) / size(GoogLeNet(heads=False)) < 20


@pytest.mark.parametrize("kind", [GoogLeNet, TorchvisionGoogLeNet])
@pytest.mark.usefixtures("float64")
def test_heads_work_in_training_only(kind: type[GoogLeNet]) -> None:
    model = kind(7, 8).eval()
    x = torch.randn(2, 3, 224, 224)
    main, *heads = model.all_logits(x)
    assert len(heads) == 2 and torch.equal(model(x), main)
    model.heads.requires_grad_(False)
    for p in model.heads.parameters():
        p.data.fill_(torch.nan)  # nothing of them may reach the answer
    assert torch.equal(model(x), main)


@pytest.mark.usefixtures("float64")
def test_dropout_stands_before_the_last_layers() -> None:
    """At rate 1 nothing but the bias is left."""
    for kind, rate in ((TorchvisionGoogLeNet, 0.2), (GoogLeNet, 0.4)):
        model = kind(7, 8).train()
        rates = [m.p for m in model.modules() if isinstance(m, nn.Dropout)]
        assert rates == [0.7, 0.7, rate]
    for layer in model.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 1.0
    randomize(model)
    main, first, second = model.all_logits(torch.randn(1, 3, 224, 224))
    lasts = (
        model.classifier[-1],
        *(list(head.modules())[-1] for head in model.heads.values()),
    )
    for logits, linear in zip((main, first, second), lasts, strict=True):
        assert torch.equal(logits[0], linear.bias)


def test_both_aux_pools_give_4_by_4_but_read_other_pixels() -> None:
    x = torch.randn(1, 1, 14, 14)
    paper, adapted = F.avg_pool2d(x, 5, 3), F.adaptive_avg_pool2d(x, 4)
    assert paper.shape == adapted.shape == (1, 1, 4, 4)
    assert not torch.allclose(paper, adapted)


def test_width_scales_every_channel() -> None:
    ours = on_meta(lambda: GoogLeNet(classes=125, width=8)).state_dict()
    full = on_meta(GoogLeNet).state_dict()
    for name, tensor in ours.items():
        for small, large in zip(
            tensor.shape[:2], full[name].shape, strict=False
        ):
            assert large == 8 * small or (small == large == 3)


def checkpoint(model: nn.Module, names: dict[str, str]) -> dict[str, Tensor]:
    randomize(model, seed=5)
    return {names[k]: v.clone() for k, v in model.state_dict().items()}


@pytest.mark.usefixtures("float64")
def test_a_checkpoint_loads_with_and_without_heads() -> None:
    whole, other = TorchvisionGoogLeNet(7, 8), TorchvisionGoogLeNet(7, 8)
    state = checkpoint(whole, torchvision_names(whole))
    from_torchvision(other, state)
    x = torch.randn(1, 3, 64, 64)
    assert torch.equal(other.eval()(x), whole.eval()(x))
    headless = TorchvisionGoogLeNet(7, 8, heads=False)
    from_torchvision(headless, state)
    assert torch.equal(headless.eval()(x), whole(x))


def test_a_checkpoint_that_does_not_fit_is_refused() -> None:
    model = TorchvisionGoogLeNet(7, 8)
    state = checkpoint(model, torchvision_names(model))
    key = "inception3a.branch1.conv.weight"
    missing = {k: v for k, v in state.items() if k != key}
    with pytest.raises(ValueError, match=f"no '{key}'"):
        from_torchvision(model, missing)
    with pytest.raises(ValueError, match=r"state has 'fc2\.bias'"):
        from_torchvision(model, state | {"fc2.bias": state["fc.bias"]})
    headless = {k: v for k, v in state.items() if not k.startswith("aux")}
    with pytest.raises(ValueError, match=r"no 'aux1\.conv\.bn\.bias'"):
        from_torchvision(model, headless)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: GoogLeNet(width=0), "width is 0"),
        (lambda: GoogLeNet(width=12), "width is 12; must be 8"),
        (
            lambda: GoogLeNet(7, 8)(torch.zeros(1, 1, 64, 64)),
            r"x is \(1, 1, 64, 64\); must be \(b, 3, h, w\)",
        ),
        (
            lambda: GoogLeNet(7, 8)(torch.zeros(1, 3, 31, 64)),
            "at least 32",
        ),
        (
            lambda: GoogLeNet(7, 8).all_logits(torch.zeros(1, 3, 288, 288)),
            "a head reads 14 × 14",
        ),
    ],
)
def test_bad_input_is_named(build: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_wide_kernels_do_not_steadily_gain_with_depth() -> None:
    """The paper expected it; its own table does not do it."""
    share = {
        name: (w.three + w.five) / (w.one + w.three + w.five + w.pool)
        for name, w in ((n, Widths(*row)) for n, row in TABLE_1.items())
    }
    assert share["4a"] == share["5b"] == 0.5 < 0.6 < share["3a"]
    assert share["4d"] == max(share.values()) == 2 / 3


def test_alexnet_has_nine_times_as_many_parameters() -> None:
    """The paper says 12."""
    assert 8.5 < alexnet_costs()[0] / 6_998_552 < 9
