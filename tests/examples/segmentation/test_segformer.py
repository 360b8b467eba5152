"""SegFormer: attention, decoder and what its zeros tell about places."""

import math
from collections.abc import Callable
from itertools import product
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.segmentation import (
    segformer_leak,
    segformer_merged,
    segformer_mit,
)
from examples.segmentation.checkpoints import load_renamed
from examples.segmentation.index import color_score, mean_iou
from examples.segmentation.index_comparison import COLOR_CUE
from examples.segmentation.index_stored import stored_values
from examples.segmentation.segformer import (
    SIZES,
    MLPDecoder,
    SegFormer,
    segformer,
)
from examples.segmentation.segformer_checkpoint import (
    authors_names,
    hub_names,
    split_keys_values,
)
from examples.segmentation.segformer_leak import distinct_tokens, one_color
from examples.segmentation.segformer_merged import gflops, merge
from examples.segmentation.segformer_mit import (
    DropPath,
    EfficientAttention,
    MiT,
)
from examples.segmentation.segformer_variants import ROWS, mosaic, variant
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, randomize

pytestmark = pytest.mark.usefixtures("float64")
NARROW = (8, 16, 20, 16)


def by_torch(layer: EfficientAttention) -> nn.MultiheadAttention:
    """PyTorch's attention with the same weights."""
    d = layer.to_q.in_features
    theirs = nn.MultiheadAttention(d, layer.heads, batch_first=True)
    with torch.no_grad():
        parts = (layer.to_q, layer.to_k, layer.to_v)
        theirs.in_proj_weight.copy_(torch.cat([p.weight for p in parts]))
        theirs.in_proj_bias.copy_(torch.cat([p.bias for p in parts]))
    theirs.out_proj.load_state_dict(layer.to_out.state_dict())
    return theirs


def keys_by_hand(layer: EfficientAttention, x: Tensor) -> Tensor:
    """One token for each window of ratio × ratio, what is left over not."""
    r, d = layer.ratio, x.shape[3]
    if r == 1:
        return x.flatten(1, 2)
    kernel, found = layer.reduce, []
    for i, j in product(range(x.shape[1] // r), range(x.shape[2] // r)):
        window = x[:, i * r : (i + 1) * r, j * r : (j + 1) * r]
        token = torch.einsum("bhwd,odhw->bo", window, kernel.weight)
        token = token + kernel.get_parameter("bias")
        found.append(
            F.layer_norm(token, (d,), layer.norm.weight, layer.norm.bias)
        )
    return torch.stack(found, 1)


ATTENTIONS = {  # features, heads, ratio, x
    "ratio 1": (8, 2, 1, (2, 5, 3, 8)),
    "ratio 2": (6, 1, 2, (2, 4, 6, 6)),
    "ratio 3, sides not a multiple": (10, 5, 3, (1, 7, 5, 10)),
    "one key": (4, 4, 4, (2, 4, 7, 4)),
}


def compare_attention(m: ModuleType, case: str) -> dict[str, float]:
    d, heads, ratio, shape = ATTENTIONS[case]
    layer = m.EfficientAttention(d, heads, ratio)
    randomize(layer)
    theirs = by_torch(layer)

    def given(x: Tensor) -> Tensor:
        few = keys_by_hand(layer, x)
        y = theirs(x.flatten(1, 2), few, few, need_weights=False)[0]
        return y.view(shape)

    return differences(layer, given, [torch.randn(shape)])


def test_attention_equals_torch(proof: Callable[..., None]) -> None:
    full = compare_attention(segformer_mit, "ratio 1")
    assert max(full.values()) < TOLERANCE
    reduced = {"forward": 0.0, "gradient": 0.0}
    for case in list(ATTENTIONS)[1:]:
        found = compare_attention(segformer_mit, case)
        reduced = {k: max(reduced[k], found[k]) for k in reduced}
    assert max(reduced.values()) < TOLERANCE
    for case, found in (("R = 1", full), ("R = 2, 3, 4", reduced)):
        proof(
            ours="EfficientAttention",
            reference="torch.nn.MultiheadAttention",
            case=case,
            **found,
        )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("            x = self.norm(x)\n", ""),
        ("self.look(x.flatten(1, 2), few, few)", "self.look(few, few, few)"),
        (
            "if self.ratio > 1:\n            x =",
            "if self.ratio > 2:\n            x =",
        ),
        (
            "x = self.reduce(x.movedim(3, 1))",
            "x = self.reduce(x.permute(0, 3, 2, 1))",
        ),
        ("return x.flatten(1, 2)", "return x.flatten(1, 2)[:, :-1]"),
    ],
)
def test_torch_notices_the_mutant(old: str, new: str) -> None:
    mutant, worst = mutate(segformer_mit, old, new), 0.0
    for case in ATTENTIONS:
        try:
            worst = max(worst, *compare_attention(mutant, case).values())
        except (AssertionError, IndexError, RuntimeError, ValueError):
            worst = math.inf
    assert worst > 1e-6


@pytest.mark.parametrize("ratio", [2, 4])
def test_reduction_loses_nothing_where_blocks_are_constant(ratio: int) -> None:
    """R² equal keys weigh as much as one, when all others are as many."""
    few, all_ = (EfficientAttention(8, 2, r) for r in (ratio, 1))
    randomize(few)
    all_.load_state_dict(few.state_dict(), strict=False)
    mean = torch.eye(8)[..., None, None] / ratio**2
    few.reduce.weight.data = mean.expand(8, 8, ratio, ratio).clone()
    few.reduce.get_parameter("bias").data.zero_()
    few.norm = nn.Identity()  # type: ignore[assignment]
    blocks = torch.randn(2, 3, 4, 8)
    x = blocks.repeat_interleave(ratio, 1).repeat_interleave(ratio, 2)
    assert gap(few(x), all_(x)) < TOLERANCE
    assert gap(few(torch.randn(x.shape)), all_(x)) > 0.01


def test_what_is_left_over_is_never_a_key() -> None:
    layer = EfficientAttention(4, 1, 3)
    x = torch.randn(1, 8, 7, 4, requires_grad=True)
    (g,) = torch.autograd.grad(layer.shorten(x).square().sum(), x)
    assert g[:, :6, :6].ne(0).all() and not g[:, 6:].any()
    assert not g[:, :, 6:].any()


def test_mix_ffn_by_hand(proof: Callable[..., None]) -> None:
    layer = segformer_mit.MixFFN(3, 12)
    randomize(layer)

    def given(x: Tensor) -> Tensor:
        z = x @ layer.widen.weight.T + layer.widen.bias
        h, w = z.shape[1:3]
        y = layer.depth.get_parameter("bias").expand_as(z)
        for u, v in product((-1, 0, 1), repeat=2):
            up, left = max(-u, 0), max(-v, 0)
            near = z[:, max(u, 0) : h + min(u, 0), max(v, 0) : w + min(v, 0)]
            pads = (0, 0, left, max(v, 0), up, max(u, 0))
            kernel = layer.depth.weight[:, 0, u + 1, v + 1]
            y = y + kernel * F.pad(near, pads)
        y = y * (1 + torch.erf(y / 2**0.5)) / 2
        return y @ layer.narrow.weight.T + layer.narrow.bias

    found = differences(layer, given, [torch.randn(2, 4, 5, 3)])
    assert max(found.values()) < TOLERANCE
    proof(ours="MixFFN", reference="torch.erf", case="sums by hand", **found)


def test_paths_are_dropped_for_whole_samples() -> None:
    drop, x = DropPath(0.25), torch.randn(4000, 2, 3)
    y = drop(x)
    kept = y.flatten(1).any(1)
    assert gap(y[kept], x[kept] / 0.75) < TOLERANCE
    assert float(kept.double().mean()) == pytest.approx(0.75, abs=0.03)
    assert torch.equal(drop.eval()(x), x)


def decoder_by_hand(model: SegFormer, maps: list[Tensor]) -> Tensor:
    """As the authors do it, each step by a function."""
    d, training = model.decoder, model.training
    size, same = maps[0].shape[2:], []
    for i in (3, 2, 1, 0):
        layer = d.get_submodule(f"embed.{i}")
        weight = layer.get_parameter("weight")[..., None, None]
        z = F.conv2d(maps[i], weight, layer.get_parameter("bias"))
        same.append(F.interpolate(z, size, mode="bilinear"))
    conv, norm = d.fuse.get_submodule("0"), d.fuse.get_submodule("1")
    z = F.conv2d(torch.cat(same, 1), conv.get_parameter("weight"))
    z = F.batch_norm(
        z,
        norm.get_buffer("running_mean").clone(),
        norm.get_buffer("running_var").clone(),
        norm.get_parameter("weight"),
        norm.get_parameter("bias"),
        training,
    )
    return F.conv2d(z.relu(), d.classify.weight, d.classify.bias)


def compare_decoders(m: ModuleType, training: bool) -> dict[str, float]:
    torch.manual_seed(4)
    model = SegFormer(MiT(NARROW), 12, 5, dropout=0).train(training)
    randomize(model)
    merged = m.merge(model)
    maps = [
        torch.randn(2, c, *s)
        for c, s in zip(NARROW, [(12, 9), (6, 5), (3, 3), (2, 2)], strict=True)
    ]
    return differences(
        lambda *f: merged(list(f)),
        lambda *f: decoder_by_hand(model, list(f)),
        maps,
        [(merged.classify.weight, model.decoder.classify.weight)],
    )


def test_merged_decoder_is_the_same_function(
    proof: Callable[..., None],
) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for training in (True, False):
        found = compare_decoders(segformer_merged, training)
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours="merge",
        reference="torch.nn.functional.conv2d",
        case="the authors' decoder, train and eval",
        **worst,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("shares[::-1]", "shares"),
        ("mine.bias.copy_(share @ theirs.bias)", "mine.bias.zero_()"),
        ("share @ theirs.weight", "share.T @ theirs.weight"),
        ('mode="bilinear")', 'mode="nearest")'),
        ("new.norm.load_state_dict(norm.state_dict())", "pass"),
        ("self.norm(y).relu()", "self.norm(y.relu())"),
    ],
)
def test_the_decoder_notices_the_mutant(old: str, new: str) -> None:
    mutant = mutate(segformer_merged, old, new)
    found = [compare_decoders(mutant, t).values() for t in (True, False)]
    assert max(max(values) for values in found) > 1e-6


def test_merging_halves_b0_and_divides_the_decoder_of_b2_by_twelve() -> None:
    for size, share in (("b0", 0.5), ("b2", 0.4)):
        with torch.device("meta"):
            model, x = segformer(size), torch.empty(1, 3, 512, 512)
            maps = model.encoder.features(x)
            total, decoder = gflops(model, x), gflops(model.decoder, maps)
            merged = gflops(merge(model), maps)
        assert (total - decoder + merged) / total < share
        assert decoder / total > 0.6
    assert decoder / merged > 12  # of b2


PUBLISHED = {"b0": 3.8, "b4": 64.1, "b5": 84.7}  # millions, on ADE20K


def counted(size: str, classes: int = 150) -> int:
    """Layer by layer: kernels, biases, two numbers a feature for a norm."""
    channels, depths, hidden = SIZES[size]
    total, given = 0, 3
    stages = zip(channels, depths, (8, 4, 2, 1), (49, 9, 9, 9), strict=True)
    for d, blocks, r, kernel in stages:
        attention = 4 * (d * d + d)
        reduce = r * r * d * d + d + 2 * d if r > 1 else 0
        feed = d * 4 * d + 4 * d + 9 * 4 * d + 4 * d + 4 * d * d + d
        total += kernel * given * d + d + 2 * d  # patches
        total += blocks * (attention + reduce + feed + 2 * 2 * d) + 2 * d
        total += d * hidden + hidden  # its embedding in the decoder
        given = d
    return total + 4 * hidden**2 + 2 * hidden + hidden * classes + classes


@pytest.mark.parametrize("size", SIZES)
def test_parameters_by_formula(size: str) -> None:
    with torch.device("meta"):
        model = segformer(size)
    count = sum(p.numel() for p in model.parameters())
    assert count == counted(size)
    if size in PUBLISHED:
        assert round(count / 1e6, 1) == PUBLISHED[size]


def kinds(
    labels: list[int], kernel: int, stride: int, zeros: bool
) -> list[int]:
    """Which tokens of a line a convolution can tell apart, by their windows."""
    n, pad, seen = len(labels), kernel // 2, {}
    found = []
    for i in range(0, n, stride):
        places = range(i - pad, i - pad + kernel)
        window = tuple(
            -1 if zeros and not 0 <= p < n else labels[p % n] for p in places
        )
        found.append(seen.setdefault(window, len(seen)))
    return found


def kinds_of_tokens(patches: str, mix: str, side: int) -> list[int]:
    """The same question, of all of MiT, by labels instead of numbers."""
    labels, counts = [0] * side, []
    for stage in range(4):
        kernel, stride = (3, 2) if stage else (7, 4)
        labels = kinds(labels, kernel, stride, patches == "zeros")
        for _ in range(2 if mix else 0):
            labels = kinds(labels, 3, 1, mix == "zeros")
        counts.append(len(set(labels)) ** 2)
    return counts


@pytest.mark.parametrize("case", segformer_leak.CASES)
@pytest.mark.parametrize("side", [128, 256])
def test_tokens_differ_by_their_distance_from_the_edge(
    case: str, side: int
) -> None:
    setting = segformer_leak.CASES[case]
    maps = one_color(segformer_leak.padded(*setting), side)
    expected = kinds_of_tokens(*setting, side)
    assert [distinct_tokens(x) for x in maps] == expected


def test_without_zeros_the_encoder_commutes_with_shifts() -> None:
    x = torch.randn(1, 3, 128, 96)
    moved = x.roll((32, 64), (2, 3))
    for case, same in (("nothing padded", True), ("as published", False)):
        mit = segformer_leak.padded(*segformer_leak.CASES[case])
        pairs = zip(mit.features(x), mit.features(moved), strict=True)
        for i, (a, b) in enumerate(pairs):
            by = 8 >> i
            apart = gap(a.roll((by, 2 * by), (2, 3)), b)
            assert (apart < 1e-10) == same, (case, i, apart)


def test_authors_file_loads_by_its_names() -> None:
    model = SegFormer(MiT(NARROW), 6, 5).eval()
    randomize(model)
    names = authors_names(model)
    state = {names[k]: v.clone() for k, v in model.state_dict().items()}
    for name in [n for n in state if ".attn.k." in n]:
        k, v = state.pop(name), state.pop(name.replace(".k.", ".v."))
        state[name.replace(".k.", ".kv.")] = torch.cat([k, v])
    extra = {f"decode_head.conv_seg.{n}": torch.ones(1) for n in "wb"}
    state |= extra
    assert "backbone.block3.1.attn.kv.weight" in state
    again = SegFormer(MiT(NARROW), 6, 5).eval()
    with pytest.raises(ValueError, match=r"no 'backbone\.block1\.0\.attn\.k"):
        load_renamed(again, state, names)
    parted = split_keys_values(state)
    with pytest.raises(ValueError, match="conv_seg"):
        load_renamed(again, parted, names)
    load_renamed(again, parted, names, ("decode_head.conv_seg",))
    x = torch.randn(1, 3, 64, 64)
    assert torch.equal(again(x), model(x))
    assert len(set(hub_names(model).values())) == len(names)


def test_mosaic_keeps_every_pixel_in_its_scene() -> None:
    x = torch.randn(16, 3, 4, 4)
    for m in (1, 2, 4):
        big = mosaic(x, 4 * m)
        assert big.shape == (16 // m**2, 3, 4 * m, 4 * m)
        for n, i, j in product(range(len(big)), range(m), range(m)):
            tile = big[n, :, 4 * i : 4 * i + 4, 4 * j : 4 * j + 4]
            assert torch.equal(tile, x[(n * m + i) * m + j])
    assert torch.equal(mosaic(x, 8)[:, 0], mosaic(x[:, 0], 8))


def test_codes_are_the_only_difference_of_two_variants() -> None:
    torch.manual_seed(0)
    coded = variant("codes", 5).eval()
    plain = variant("neither", 5).eval()
    state = {
        k.replace(".patches.project", ".project").replace(
            ".patches.norm", ".norm"
        ): v
        for k, v in coded.state_dict().items()
    }
    kept = plain.state_dict().keys()
    plain.load_state_dict({k: v for k, v in state.items() if k in kept})
    x = torch.randn(1, 3, 64, 64)
    assert gap(coded(x), plain(x)) > 1e-4
    for name, p in coded.named_parameters():
        if name.endswith("codes"):
            p.data.zero_()
    assert gap(coded(x), plain(x)) < TOLERANCE


def test_small_one_sees_more_than_colors() -> None:
    stored = stored_values("index_comparison")["segformer"]
    assert stored["miou_low"] > mean_iou(color_score(COLOR_CUE)) + 0.1


def test_what_the_page_says_of_larger_images() -> None:
    stored = stored_values("segformer_variants", ROWS)
    mix, codes, neither = (
        stored[row] for row in ("mix_ffn", "codes", "neither")
    )
    for side in (64, 128, 256):
        key = f"miou_{side}"
        assert mix[key] > neither[key] + 0.04
        assert codes[key] < neither[key]
    for row in (mix, codes, neither):  # all by about a quarter
        assert 0.22 < row["lost"] / row["miou_64"] < 0.3
    full = stored["full_attention"]
    assert abs(full["miou_64"] - mix["miou_64"]) < 0.01
    assert full["lost"] > max(row["lost"] for row in (mix, codes, neither))
    small = stored_values("index_comparison")
    assert small["segformer"]["miou_low"] > small["fcn_8s"]["miou_high"]


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: segformer("b6"), "size is 'b6'; must be one of"),
        (lambda: MLPDecoder((4,), 0, 3), "hidden is 0 and classes is 3"),
        (lambda: MLPDecoder((4,), 3, 0), "hidden is 3 and classes is 0"),
        (lambda: MiT((8, 16)), "of one length"),
        (lambda: MiT((8, 0, 20, 16)), "at least 1"),
        (lambda: MiT((), (), (), ()), "of one length"),
        (lambda: MiT((8, 15, 20, 16)), "heads is 2; it must divide 15"),
        (lambda: MiT(NARROW, drop_path=1.0), r"rate is 1.0; must be in"),
        (lambda: DropPath(-0.1), "rate is -0.1"),
        (
            lambda: MiT(NARROW).features(torch.ones(1, 1, 32, 32)),
            r"x is \(1, 1, 32, 32\); must be \(b, 3, h, w\)",
        ),
        (
            lambda: MiT(NARROW).features(torch.ones(1, 3, 28, 64)),
            "x has 7 × 16 tokens; must be at least 8 each way",
        ),
        (lambda: variant("swin", 3), "row is 'swin'; must be one of"),
    ],
)
def test_bad_input_is_named(run: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run()
