"""Gates and gated ResNets against the papers, written with functions."""

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.modules import (
    convolutional_attention,
    convolutional_attention_resnet,
    convolutional_attention_variants,
)
from examples.modules.convolutional_attention import (
    CBAM,
    ChannelAttention,
    SEBlock,
    SpatialAttention,
)
from examples.modules.convolutional_attention_resnet import (
    CBAMResNet,
    SEResNet,
    add_gates,
)
from examples.modules.convolutional_attention_variants import make_gate
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, randomize

pytestmark = pytest.mark.usefixtures("float64")
Parts = dict[str, Tensor]
# class, arguments, x
CASES = {
    "SEBlock": [
        ((8, 2), (3, 8, 5, 7)),
        ((6, 4), (2, 6, 1, 9)),  # 6 // 4 = 1 hidden feature
        ((5, 1), (1, 5, 4, 4)),
    ],
    "ChannelAttention": [
        ((8, 2), (3, 8, 5, 7)),
        ((7, 3), (2, 7, 6, 1)),
        ((16,), (1, 16, 3, 3)),
    ],
    "SpatialAttention": [
        ((), (3, 6, 9, 8)),
        ((3,), (2, 5, 4, 1)),
        ((1,), (4, 2, 3, 3)),
        ((7,), (2, 3, 2, 5)),  # smaller than the kernel
    ],
    "CBAM": [
        ((8, 2), (3, 8, 9, 8)),
        ((6, 3, 5), (2, 6, 4, 7)),
        ((9, 4, 3), (2, 9, 3, 3)),
    ],
}


def mlp(z: Tensor, p: Parts, at: str) -> Tensor:
    hidden = z @ p[f"{at}mlp.0.weight"].T + p[f"{at}mlp.0.bias"]
    hidden = torch.where(hidden > 0, hidden, 0.0)
    return hidden @ p[f"{at}mlp.2.weight"].T + p[f"{at}mlp.2.bias"]


def logistic(z: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-z))


def se(x: Tensor, p: Parts, at: str, training: bool) -> Tensor:
    mean = torch.einsum("bchw->bc", x) / x[0, 0].numel()
    return torch.einsum("bchw,bc->bchw", x, logistic(mlp(mean, p, at)))


def channel(x: Tensor, p: Parts, at: str, training: bool) -> Tensor:
    mean = F.adaptive_avg_pool2d(x, 1).flatten(1)
    peak = F.adaptive_max_pool2d(x, 1).flatten(1)
    gate = logistic(mlp(mean, p, at) + mlp(peak, p, at))
    return torch.einsum("bchw,bc->bchw", x, gate)


def spatial(x: Tensor, p: Parts, at: str, training: bool) -> Tensor:
    """The convolution as one product of windows and weights."""
    b, c, h, w = x.shape
    kernel = p[f"{at}conv.weight"]
    size = kernel.shape[-1]
    maps = torch.stack([x.sum(1) / c, x.max(1).values], dim=1)
    windows = F.unfold(maps, size, padding=(size - 1) // 2)
    z = (kernel.flatten() @ windows).view(b, 1, h, w)
    gate = logistic(norm(z, p, f"{at}norm", training))
    return torch.einsum("bchw,bhw->bchw", x, gate[:, 0])


def norm(x: Tensor, p: Parts, at: str, training: bool) -> Tensor:
    if training:
        mean = x.mean((0, 2, 3), keepdim=True)
        var = x.var((0, 2, 3), correction=0, keepdim=True)
    else:
        mean = p[f"{at}.running_mean"].view(1, -1, 1, 1)
        var = p[f"{at}.running_var"].view(1, -1, 1, 1)
    weight = p[f"{at}.weight"].view(1, -1, 1, 1)
    bias = p[f"{at}.bias"].view(1, -1, 1, 1)
    return (x - mean) / (var + 1e-5).sqrt() * weight + bias


def cbam(x: Tensor, p: Parts, at: str, training: bool) -> Tensor:
    x = channel(x, p, f"{at}channel.", training)
    return spatial(x, p, f"{at}spatial.", training)


BY_HAND = {
    "SEBlock": se,
    "ChannelAttention": channel,
    "SpatialAttention": spatial,
    "CBAM": cbam,
}


def module_gap(
    module: nn.Module,
    by_hand: Callable[[Tensor, Parts], Tensor],
    shape: tuple[int, ...],
) -> dict[str, float]:
    randomize(module)
    for name, bias in module.named_parameters():
        if name.endswith("mlp.0.bias"):
            bias.data -= 1  # of either sign, so that the ReLU clips
    state = {k: v.clone() for k, v in module.state_dict().items()}
    theirs = {
        k: state[k].requires_grad_() for k, _ in module.named_parameters()
    }
    return differences(
        module,
        lambda x: by_hand(x, state | theirs),
        [torch.randn(shape)],
        [(p, theirs[k]) for k, p in module.named_parameters()],
    )


def gate_gap(m: ModuleType, kind: str) -> dict[str, float]:
    worst = {"forward": 0.0, "gradient": 0.0}
    for arguments, shape in CASES[kind]:
        for training in (True, False):
            found = module_gap(
                getattr(m, kind)(*arguments).train(training),
                lambda x, p, t=training: BY_HAND[kind](x, p, "", t),
                shape,
            )
            worst = {k: max(worst[k], found[k]) for k in worst}
    return worst


@pytest.mark.parametrize("kind", BY_HAND)
def test_gate_equals_the_paper(kind: str, proof: Callable[..., None]) -> None:
    worst = gate_gap(convolutional_attention, kind)
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours=kind,
        reference="torch.einsum",
        case=f"{len(CASES[kind])} shapes, train and eval",
        **worst,
    )


GATES = {"SEBlock", "ChannelAttention", "CBAM"}
MUTANTS = {  # old, new, who notices
    "no sigmoid on channels": (
        "torch.sigmoid(self.mlp(squeezed))",
        "self.mlp(squeezed)",
        {"SEBlock"},
    ),
    "a softmax over channels": (
        "torch.sigmoid(self.mlp(squeezed))",
        "torch.softmax(self.mlp(squeezed), dim=1)",
        {"SEBlock"},
    ),
    "twice the sigmoid": (
        "torch.sigmoid(self.mlp(squeezed))",
        "2 * torch.sigmoid(self.mlp(squeezed))",
        {"SEBlock"},
    ),
    "a sum is squeezed": (
        "squeezed = x.mean(",
        "squeezed = x.sum(",
        {"SEBlock"},
    ),
    "the mean over one axis": (
        "squeezed = x.mean(dim=(2, 3))",
        "squeezed = x.mean(dim=3)[..., 0]",
        {"SEBlock"},
    ),
    "the squeeze has no gradient": (
        "squeezed = x.mean(dim=(2, 3))",
        "squeezed = x.detach().mean(dim=(2, 3))",
        {"SEBlock"},
    ),
    "no ReLU between": (
        "nn.ReLU(), nn.Linear(hidden",
        "nn.Identity(), nn.Linear(hidden",
        GATES,
    ),
    "GELU between": (
        "nn.ReLU(), nn.Linear(hidden",
        "nn.GELU(), nn.Linear(hidden",
        GATES,
    ),
    "no biases": (
        "nn.Linear(hidden, channels)",
        "nn.Linear(hidden, channels, bias=False)",
        GATES,
    ),
    "hidden features rounded up": (
        "return channels // reduction",
        "return -(-channels // reduction)",
        set(),  # any width equals the reference that reads it: see counts
    ),
    "the gate is added": (
        "return x * self.gate(x)",
        "return x + self.gate(x)",
        {"SEBlock", "ChannelAttention", "SpatialAttention", "CBAM"},
    ),
    "the gate and what it lets through": (
        "return x * self.gate(x)",
        "return x + x * self.gate(x)",
        {"SEBlock", "ChannelAttention", "SpatialAttention", "CBAM"},
    ),
    "no max over places": (
        "self.mlp(mean) + self.mlp(peak)",
        "self.mlp(mean)",
        {"ChannelAttention", "CBAM"},
    ),
    "pooled before the MLP": (
        "self.mlp(mean) + self.mlp(peak)",
        "self.mlp(mean + peak)",
        {"ChannelAttention", "CBAM"},
    ),
    "averaged": (
        "self.mlp(mean) + self.mlp(peak)",
        "(self.mlp(mean) + self.mlp(peak)) / 2",
        {"ChannelAttention", "CBAM"},
    ),
    "squashed, then summed": (
        "torch.sigmoid(scores)",
        "(self.mlp(mean).sigmoid() + self.mlp(peak).sigmoid())",
        {"ChannelAttention", "CBAM"},
    ),
    "the smallest in place of the largest": (
        "x.amax(dim=(2, 3))",
        "x.amin(dim=(2, 3))",
        {"ChannelAttention", "CBAM"},
    ),
    "two MLPs": (
        "        self.mlp = gate_mlp(channels, reduction)\n\n"
        "    def gate(self, x: Tensor) -> Tensor:  # (b, c, 1, 1)\n"
        "        check_channels(x, self.channels)\n"
        "        mean, peak",
        "        self.mlp = gate_mlp(channels, reduction)\n"
        "        self.second = gate_mlp(channels, reduction)\n\n"
        "    def gate(self, x: Tensor) -> Tensor:  # (b, c, 1, 1)\n"
        "        check_channels(x, self.channels)\n"
        "        mean, peak",
        {"ChannelAttention", "CBAM"},
    ),
    "max first": (
        "torch.cat([mean, peak]",
        "torch.cat([peak, mean]",
        {"SpatialAttention", "CBAM"},
    ),
    "a sum over channels": (
        "x.mean(1, keepdim=True)",
        "x.sum(1, keepdim=True)",
        {"SpatialAttention", "CBAM"},
    ),
    "padding of 2": (
        "padding=kernel // 2",
        "padding=kernel // 2 - 1",
        {"SpatialAttention", "CBAM"},
    ),
    "padding by copies": (
        "padding=kernel // 2,",
        'padding=kernel // 2, padding_mode="replicate",',
        {"SpatialAttention", "CBAM"},
    ),
    "no BN": (
        "self.norm(self.conv(maps))",
        "self.conv(maps)",
        {"SpatialAttention", "CBAM"},
    ),
    "another eps": (
        "nn.BatchNorm2d(1)",
        "nn.BatchNorm2d(1, eps=1e-3)",
        {"SpatialAttention", "CBAM"},
    ),
    "no sigmoid on places": (
        "torch.sigmoid(self.norm(self.conv(maps)))",
        "self.norm(self.conv(maps))",
        {"SpatialAttention", "CBAM"},
    ),
    "places first": (
        "self.spatial(self.channel(x))",
        "self.channel(self.spatial(x))",
        {"CBAM"},
    ),
    "both read x": (
        "self.spatial(self.channel(x))",
        "self.channel(x) * self.spatial.gate(x)",
        {"CBAM"},
    ),
    "no places": ("self.spatial(self.channel(x))", "self.channel(x)", {"CBAM"}),
}


def notices(m: ModuleType, kind: str) -> bool:
    try:
        gap = max(gate_gap(m, kind).values())
    except (RuntimeError, AssertionError, KeyError):
        return True
    return not gap < 1e-9


@pytest.mark.parametrize("mutation", MUTANTS)
def test_gate_comparison_notices_the_mutant(mutation: str) -> None:
    old, new, expected = MUTANTS[mutation]
    mutant = mutate(convolutional_attention, old, new)
    assert {kind for kind in BY_HAND if notices(mutant, kind)} == expected


# layers, width, reduction, x
NETWORKS = {
    "18": (18, 4, 2, (2, 3, 40, 33)),
    "50": (50, 2, 4, (2, 3, 33, 40)),
}


def resnet(x: Tensor, p: Parts, gate: Callable, training: bool) -> Tensor:
    """Our names, the layers of the paper; the gate acts before the sum."""

    def conv(x: Tensor, at: str, stride: int = 1) -> Tensor:
        w = p[f"{at}.weight"]
        return F.conv2d(x, w, None, stride, w.shape[-1] // 2)

    x = F.relu(norm(conv(x, "stem.0", 2), p, "stem.1", training))
    x = F.max_pool2d(x, 3, 2, 1)
    for stage in range(4):
        for block in range(6):
            at = f"stages.{stage}.{block}"
            if f"{at}.branch.0.weight" not in p:
                break
            stride = 2 if stage and not block else 1
            deep = f"{at}.branch.6.weight" in p
            strides = (1, stride, 1) if deep else (stride, 1)
            z = x
            for i, s in enumerate(strides):
                z = conv(z, f"{at}.branch.{3 * i}", s)
                z = norm(z, p, f"{at}.branch.{3 * i + 1}", training)
                z = F.relu(z) if i + 1 < len(strides) else z
            z = gate(z, p, f"{at}.branch.{3 * len(strides) - 1}.", training)
            if f"{at}.shortcut.0.weight" in p:
                x = conv(x, f"{at}.shortcut.0", stride)
                x = norm(x, p, f"{at}.shortcut.1", training)
            x = F.relu(x + z)
    return F.linear(x.mean((2, 3)), p["head.weight"], p["head.bias"])


def network_gap(m: ModuleType, name: str, case: str) -> dict[str, float]:
    layers, width, reduction, shape = NETWORKS[case]
    gate = se if name == "SEResNet" else cbam
    worst = {"forward": 0.0, "gradient": 0.0}
    for training in (True, False):
        model = getattr(m, name)(layers, 5, width, reduction)
        found = module_gap(
            model.train(training),
            lambda x, p, t=training: resnet(x, p, gate, t),
            shape,
        )
        worst = {k: max(worst[k], found[k]) for k in worst}
    return worst


@pytest.mark.parametrize("case", NETWORKS)
@pytest.mark.parametrize("name", ["SEResNet", "CBAMResNet"])
def test_network_equals_the_paper(
    name: str, case: str, proof: Callable[..., None]
) -> None:
    worst = network_gap(convolutional_attention_resnet, name, case)
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours=f"{name}({case})",
        reference="torch.nn.functional.conv2d",
        case="train and eval",
        **worst,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("in stage.children():", "in list(stage.children())[:1]:"),
        ("in stage.children():", "in list(stage.children())[1:]:"),
        ("branch.append(", "branch.insert(2, "),
        ("branch.append(", "shortcut.append("),
        ("network.channels[i + 1]", "network.channels[i]"),
        ("CBAM(channels, reduction)", "CBAM(channels, reduction, 3)"),
    ],
)
def test_network_comparison_notices_the_mutant(old: str, new: str) -> None:
    mutant = mutate(convolutional_attention_resnet, old, new)
    try:
        gap = max(network_gap(mutant, "CBAMResNet", "18").values())
    except (RuntimeError, AssertionError, KeyError, AttributeError, ValueError):
        return
    assert gap > 1e-6 or "3)" in new  # the reference reads any kernel
    if "3)" in new:
        with torch.device("meta"):
            assert count(mutant.CBAMResNet()) != 28_089_624


def count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("kind", "layers", "published"),
    [
        (SEResNet, 18, 11_778_592),
        (SEResNet, 50, 28_088_024),
        (SEResNet, 101, 49_326_872),
        (CBAMResNet, 18, 11_779_392),
        (CBAMResNet, 50, 28_089_624),
    ],
)
def test_networks_have_the_published_number_of_parameters(
    kind: type, layers: int, published: int
) -> None:
    with torch.device("meta"):
        assert count(kind(layers)) == published


@pytest.mark.parametrize(("c", "r"), [(64, 16), (6, 4), (10, 1), (7, 7)])
def test_gates_have_the_parameters_of_the_formula(c: int, r: int) -> None:
    m = c // r
    assert count(SEBlock(c, r)) == 2 * c * m + m + c
    assert count(ChannelAttention(c, r)) == 2 * c * m + m + c
    assert count(CBAM(c, r)) == 2 * c * m + m + c + 2 * 49 + 2
    assert count(SpatialAttention(3)) == 20


@pytest.mark.parametrize("kind", [SEBlock, ChannelAttention, CBAM])
def test_a_gate_lets_through_a_part_and_keeps_every_sign(kind: type) -> None:
    block = kind(8, 2).eval()
    randomize(block)
    x = torch.randn(3, 8, 6, 6)
    y = block(x)
    assert (y.abs() < x.abs()).all() and (y * x >= 0).all()


def test_gates_of_channels_see_no_places_and_the_reverse() -> None:
    x = torch.randn(2, 8, 6, 6)
    pixels = x.flatten(2)[..., torch.randperm(36)].view_as(x)
    channels = x[:, torch.randperm(8)]
    for block in (SEBlock(8, 2), ChannelAttention(8, 2)):
        randomize(block)
        torch.testing.assert_close(block.gate(pixels), block.gate(x))
        assert (block.gate(channels) - block.gate(x)).abs().max() > 1e-3
    block = SpatialAttention().eval()
    randomize(block)
    torch.testing.assert_close(block.gate(channels), block.gate(x))
    assert (block.gate(pixels) - block.gate(x)).abs().max() > 1e-3


def test_spatial_gate_moves_with_its_input() -> None:
    """Equivariant to translation, but for the border."""
    block = SpatialAttention().eval()
    randomize(block)
    x = F.pad(torch.randn(1, 4, 5, 5), [10, 10, 10, 10])
    a, b = block.gate(x), block.gate(torch.roll(x, (2, 3), (2, 3)))
    expected = torch.roll(a, (2, 3), (2, 3))
    torch.testing.assert_close(b[..., 6:-6, 6:-6], expected[..., 6:-6, 6:-6])


def test_ties_for_the_largest_share_the_gradient() -> None:
    """A channel of zeros: amax gives each place a part, a window one place."""
    x = torch.zeros(1, 1, 4, 4, requires_grad=True)
    (shared,) = torch.autograd.grad(x.amax(dim=(2, 3)).sum(), x)
    (one,) = torch.autograd.grad(F.adaptive_max_pool2d(x, 1).sum(), x)
    assert (shared == 1 / 16).all() and shared.sum() == one.sum() == 1
    assert one.max() == 1


def test_batch_norm_fixes_what_the_gates_read_on_average() -> None:
    """Behind BN the squeezed features of a batch have beta as their mean."""
    x = 3 * torch.rand(5, 8, 6, 7) + torch.rand(5, 1, 1, 1)
    for kind, fixed in ((nn.BatchNorm2d, False), (nn.InstanceNorm2d, True)):
        layer = kind(8, affine=True)
        randomize(layer)
        squeezed = layer(x).mean((2, 3))
        torch.testing.assert_close(squeezed.mean(0), layer.bias)
        constant = torch.allclose(squeezed, layer.bias.expand(5, 8))
        assert constant == fixed


def test_zero_weights_give_a_half_and_a_quarter() -> None:
    x = torch.randn(2, 8, 5, 5)
    for block, part in ((SEBlock(8, 2), 0.5), (CBAM(8, 2).eval(), 0.25)):
        for p in block.parameters():
            nn.init.zeros_(p)
        torch.testing.assert_close(block(x), part * x)


def test_a_gate_of_ones_leaves_the_network_unchanged() -> None:
    """Saturated gates: the gated network is the plain one."""
    gated = SEResNet(18, 4, 4, 2).eval()
    randomize(gated)
    state = {k: v for k, v in gated.state_dict().items() if ".mlp." not in k}
    plain = convolutional_attention_resnet.ResNet(18, 4, 4).eval()
    plain.load_state_dict(state)  # the same names
    for module in gated.modules():
        if isinstance(module, SEBlock):
            nn.init.constant_(module.mlp[2].bias, 60.0)
    x = torch.randn(2, 3, 40, 40)
    torch.testing.assert_close(gated(x), plain(x), rtol=0, atol=TOLERANCE)


def test_variants_differ_only_in_what_the_second_gate_reads() -> None:
    x = torch.randn(2, 8, 9, 9)
    made = {}
    for kind in ("cbam", "spatial_first", "parallel"):
        block = make_gate(kind, 8, 2).eval()
        randomize(block)
        made[kind] = block
    one = made["cbam"]
    c, s = one.channel.gate(x), one.spatial.gate(x)
    torch.testing.assert_close(made["parallel"](x), x * c * s)
    later = x * s
    expected = later * one.channel.gate(later)
    torch.testing.assert_close(made["spatial_first"](x), expected)
    torch.testing.assert_close(one(x), x * c * one.spatial.gate(x * c))


def added(x: Tensor, p: Parts) -> Tensor:
    b, c, h, w = x.shape
    told = mlp(torch.einsum("bchw->bc", x) / (h * w), p, "")
    return x + told.view(b, c, 1, 1).expand_as(x)


def added_gap(m: ModuleType) -> dict[str, float]:
    return module_gap(m.AddedContext(8, 2), added, (3, 8, 5, 6))


def test_added_context_equals_a_sum(proof: Callable[..., None]) -> None:
    found = added_gap(convolutional_attention_variants)
    assert max(found.values()) < TOLERANCE
    proof(
        ours="AddedContext",
        reference="torch.einsum",
        case="8 channels",
        **found,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return x + self", "return x * self"),
        ("x.mean(dim=(2, 3))", "x.sum(dim=(2, 3))"),
        ("[..., None, None]", "[..., None, None].sigmoid()"),
    ],
)
def test_added_context_notices_the_mutant(old: str, new: str) -> None:
    mutant = mutate(convolutional_attention_variants, old, new)
    assert max(added_gap(mutant).values()) > 1e-6


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: SEBlock(8, 16), "reduction is 16; must be 1 to 8"),
        (lambda: CBAM(8, 0), "reduction is 0"),
        (lambda: SpatialAttention(4), "kernel is 4; must be odd"),
        (lambda: SpatialAttention(-1), "kernel is -1"),
        (lambda: SEBlock(8, 2)(torch.ones(1, 4, 3, 3)), r"not \(b, 8, h, w\)"),
        (lambda: ChannelAttention(8, 2)(torch.ones(8, 3)), r"x is \(8, 3\)"),
        (lambda: SpatialAttention()(torch.ones(8, 3, 3)), r"be \(b, c, h, w\)"),
        (lambda: make_gate("eca", 8, 2), "kind is 'eca'; must be one of"),
        (lambda: SEResNet(20), "layers is 20"),
    ],
)
def test_bad_input_is_named(run: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run()


def test_gates_are_told_the_channels_of_their_branch() -> None:
    told: list[int] = []

    def note(channels: int) -> nn.Module:
        told.append(channels)
        return nn.Identity()

    with torch.device("meta"):
        add_gates(convolutional_attention_resnet.ResNet(50), note)
    assert told == [256] * 3 + [512] * 4 + [1024] * 6 + [2048] * 3
