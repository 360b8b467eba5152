"""The layers against torch's in float64, and what the page says of them."""

from collections.abc import Callable
from functools import partial
from itertools import product
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from examples.modules import transformer
from examples.modules.activation import gelu, gelu_tanh, relu
from examples.modules.self_attention import causal_mask, padding_mask
from examples.modules.transformer import (
    DecoderLayer,
    EncoderLayer,
    FeedForward,
    PostNorm,
    PreNorm,
    Stack,
)
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, randomize

pytestmark = pytest.mark.usefixtures("float64")
Parts = dict[str, Tensor]
ACTIVATIONS = {"relu": relu, "gelu": gelu}
NORMS = ("PostNorm", "PreNorm")
# b, n, m, d, heads, hidden
SIZES = ((2, 5, 7, 12, 3, 20), (1, 1, 1, 4, 1, 3), (3, 6, 2, 8, 8, 16))


def theirs_of(ours: Parts, prefix: str = "") -> Parts:
    """Parameters of one of our layers under torch's names."""
    decoder = f"{prefix}cross.norm.affine.gamma" in ours
    norms = ["attention", *(["cross"] if decoder else []), "feed"]
    found = {}
    for i, name in enumerate(norms, 1):
        affine = f"{prefix}{name}.norm.affine"
        found[f"norm{i}.weight"] = ours[f"{affine}.gamma"]
        found[f"norm{i}.bias"] = ours[f"{affine}.beta"]
    for name, theirs in (
        ("attention", "self_attn"),
        ("cross", "multihead_attn"),
    ):
        if name not in norms:
            continue
        for kind in ("weight", "bias"):
            rows = [ours[f"{prefix}{name}.branch.to_{x}.{kind}"] for x in "qkv"]
            found[f"{theirs}.in_proj_{kind}"] = torch.cat(rows)
            out = ours[f"{prefix}{name}.branch.to_out.{kind}"]
            found[f"{theirs}.out_proj.{kind}"] = out
    for name, theirs in (("widen", "linear1"), ("narrow", "linear2")):
        for kind in ("weight", "bias"):
            key = f"{prefix}feed.branch.{name}.{kind}"
            found[f"{theirs}.{kind}"] = ours[key]
    return found


def masks(b: int, n: int, m: int) -> list[tuple[Tensor | None, Tensor | None]]:
    """For the own tokens and for the memory."""
    lengths = torch.arange(b) % n + 1, torch.arange(b) % m + 1
    padding = padding_mask(lengths[0], n), padding_mask(lengths[1], m)
    causal = causal_mask(n)
    return [
        (None, None),
        (causal, None),
        (padding[0], padding[1]),
        (causal & padding[0], padding[1]),
    ]


def blocked(allowed: Tensor | None, b: int, heads: int, shape: tuple) -> object:
    """Our mask as torch wants it: (b × heads, n, m), True is forbidden."""
    if allowed is None:
        return None
    return ~allowed.expand(b, heads, *shape).reshape(b * heads, *shape)


def compare(
    m: ModuleType,
    kind: str,
    norm: str,
    activation: str,
    size: tuple[int, ...],
    which: int,
    training: bool,
    mine: Callable[[Tensor], Tensor] | None = None,
) -> dict[str, float]:
    b, n, k, d, heads, hidden = size
    allowed, readable = masks(b, n, k)[which]
    residual = getattr(m, norm)
    used = mine or ACTIVATIONS[activation]
    ours = getattr(m, kind)(d, heads, hidden, residual, used).train(training)
    settings = {
        "dropout": 0.0,
        "activation": activation,
        "batch_first": True,
        "norm_first": norm == "PreNorm",
    }
    theirs = getattr(nn, f"Transformer{kind}")(d, heads, hidden, **settings)
    theirs.train(training)
    randomize(ours)
    names = [name for name, _ in ours.named_parameters()]
    leaves = [p.detach() for p in ours.parameters()]
    x, memory = torch.randn(b, n, d), torch.randn(b, k, d)
    causal = blocked(allowed, b, heads, (n, n))
    if kind == "EncoderLayer":
        inputs, masks_, theirs_masks = [x], (allowed,), {"src_mask": causal}
    else:
        inputs, masks_ = [x, memory], (allowed, readable)
        hidden_memory = blocked(readable, b, heads, (n, k))
        theirs_masks = {"tgt_mask": causal, "memory_mask": hidden_memory}
    count = len(inputs)

    def run_ours(*given: Tensor) -> Tensor:
        weights = dict(zip(names, given[count:], strict=True))
        return functional_call(ours, weights, (*given[:count], *masks_))

    def run_theirs(*given: Tensor) -> Tensor:
        weights = theirs_of(dict(zip(names, given[count:], strict=True)))
        return functional_call(theirs, weights, given[:count], theirs_masks)

    return differences(run_ours, run_theirs, [*inputs, *leaves])


CASES = list(product(ACTIVATIONS, SIZES, range(4), (True, False)))


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("kind", ["EncoderLayer", "DecoderLayer"])
def test_layers_equal_torch(
    kind: str, norm: str, proof: Callable[..., None]
) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for case in CASES:
        found = compare(transformer, kind, norm, *case)
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours=kind,
        reference=f"torch.nn.Transformer{kind}",
        case=f"{norm}, {len(CASES)} settings",
        **worst,
    )


MUTANTS = {
    "post-norm without the sum": (
        "self.norm(x + self.dropout(self.branch(x, *others)))",
        "self.norm(self.dropout(self.branch(x, *others)))",
        {"PostNorm"},
    ),
    "post-norm normalizes the branch only": (
        "self.norm(x + self.dropout(self.branch(x, *others)))",
        "x + self.norm(self.dropout(self.branch(x, *others)))",
        {"PostNorm"},
    ),
    "post-norm is pre-norm": (
        "self.norm(x + self.dropout(self.branch(x, *others)))",
        "x + self.dropout(self.branch(self.norm(x), *others))",
        {"PostNorm"},
    ),
    "pre-norm without the sum": (
        "x + self.dropout(self.branch(self.norm(x), *others))",
        "self.dropout(self.branch(self.norm(x), *others))",
        {"PreNorm"},
    ),
    "pre-norm adds the normalized input": (
        "x + self.dropout(self.branch(self.norm(x), *others))",
        "self.norm(x) + self.dropout(self.branch(self.norm(x), *others))",
        {"PreNorm"},
    ),
    "pre-norm is post-norm": (
        "x + self.dropout(self.branch(self.norm(x), *others))",
        "self.norm(x + self.dropout(self.branch(x, *others)))",
        {"PreNorm"},
    ),
    "eps of the papers' code": (
        "eps: float = 1e-5",
        "eps: float = 1e-6",
        set(NORMS),
    ),
    "no activation": (
        "self.narrow(self.activation(self.widen(x)))",
        "self.narrow(self.widen(x))",
        set(NORMS),
    ),
    "activation after the second matrix": (
        "self.narrow(self.activation(self.widen(x)))",
        "self.activation(self.narrow(self.widen(x)))",
        set(NORMS),
    ),
    "the mask does not arrive": (
        "self.attention(x, allowed)",
        "self.attention(x)",
        set(NORMS),
    ),
    "the residual's gradient is cut": (
        "x + self.dropout",
        "x.detach() + self.dropout",
        set(NORMS),
    ),
    "a difference instead of a sum": (
        "x + self.dropout",
        "x - self.dropout",
        set(NORMS),
    ),
}
ENCODER_MUTANTS = {
    "FFN before attention": (
        "return self.feed(self.attention(x, allowed))",
        "return self.attention(self.feed(x), allowed)",
        set(NORMS),
    ),
}
DECODER_MUTANTS = {
    "the mask of the memory does not arrive": (
        "self.cross(x, memory, readable)",
        "self.cross(x, memory)",
        set(NORMS),
    ),
    "the memory before the own tokens": (
        "x = self.attention(x, allowed)\n        return "
        "self.feed(self.cross(x, memory, readable))",
        "x = self.cross(x, memory, readable)\n        return "
        "self.feed(self.attention(x, allowed))",
        set(NORMS),
    ),
    "the memory is normalized as well": (
        "self.branch(self.norm(x), *others)",
        "self.branch(self.norm(x), *map(self.norm, others[:1]), *others[1:])"
        "\n        if len(others) > 1 else x + self.branch(self.norm(x), *others)",
        {"PreNorm"},
    ),
    "no FFN": (
        "self.feed(self.cross(x, memory, readable))",
        "self.cross(x, memory, readable)",
        set(NORMS),
    ),
}
TABLE = [
    (kind, name, *row)
    for kind, found in (
        ("EncoderLayer", MUTANTS | ENCODER_MUTANTS),
        ("DecoderLayer", MUTANTS | DECODER_MUTANTS),
    )
    for name, row in found.items()
]


@pytest.mark.parametrize(
    ("kind", "name", "old", "new", "expected"),
    TABLE,
    ids=[f"{kind}: {name}" for kind, name, *_ in TABLE],
)
def test_comparison_notices_the_mutant(
    kind: str, name: str, old: str, new: str, expected: set[str]
) -> None:
    mutant = mutate(transformer, old, new)
    caught = set()
    for norm in NORMS:
        try:
            found = compare(mutant, kind, norm, "relu", SIZES[0], 3, True)
            noticed = not max(found.values()) < TOLERANCE
        except RuntimeError:  # a parameter that nothing uses
            noticed = True
        caught |= {norm} if noticed else set()
    assert caught == expected


@pytest.mark.parametrize("kind", ["EncoderLayer", "DecoderLayer"])
def test_the_other_gelu_is_noticed(kind: str) -> None:
    case = ("PreNorm", "gelu", SIZES[0], 0, True)
    found = compare(transformer, kind, *case, gelu_tanh)
    assert found["forward"] > 1e-6


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("kind", ["EncoderLayer", "DecoderLayer"])
def test_dropout_falls_where_the_paper_says(kind: str, norm: str) -> None:
    """On the output of a sublayer, before the sum; the same random draws."""
    residual = partial(getattr(transformer, norm), dropout=0.3)
    ours = getattr(transformer, kind)(12, 3, 20, residual)
    randomize(ours)
    first = norm == "PreNorm"
    settings = {"dropout": 0.3, "batch_first": True, "norm_first": first}
    theirs = getattr(nn, f"Transformer{kind}")(12, 3, 20, **settings)
    theirs.self_attn.dropout = theirs.dropout.p = 0.0  # torch has more of it
    if kind == "DecoderLayer":
        theirs.multihead_attn.dropout = 0.0
    theirs.load_state_dict(theirs_of(ours.state_dict()), strict=True)
    # one sequence: torch's attention transposes, and draws in memory's order
    inputs = torch.randn(2 if kind == "DecoderLayer" else 1, 1, 5, 12)
    found = []
    for layer in (ours, theirs):
        torch.manual_seed(7)
        found.append(layer(*inputs))
    assert gap(*found) < TOLERANCE
    assert gap(found[0], ours.eval()(*inputs)) > 0.1


def test_torchs_fast_path_agrees() -> None:
    ours = EncoderLayer(12, 2, 20)
    randomize(ours)
    theirs = nn.TransformerEncoderLayer(12, 2, 20, 0.0, batch_first=True)
    theirs.load_state_dict(theirs_of(ours.state_dict()), strict=True)
    x, lengths = torch.randn(2, 5, 12), torch.tensor([5, 3])
    hidden = torch.arange(5) >= lengths[:, None]
    with torch.no_grad():
        fast = theirs.eval()(x, src_key_padding_mask=hidden)
        mine = ours(x, padding_mask(lengths, 5))
    real = ~hidden
    assert gap(fast[real], mine[real]) < TOLERANCE


def test_feed_forward_is_a_convolution_with_kernels_of_one() -> None:
    feed = FeedForward(6, 10)
    randomize(feed)
    x = torch.randn(2, 7, 6)
    wide = nn.functional.conv1d(
        x.mT, feed.widen.weight[..., None], feed.widen.bias
    ).relu()
    narrow = nn.functional.conv1d(
        wide, feed.narrow.weight[..., None], feed.narrow.bias
    )
    assert gap(feed(x), narrow.mT) < TOLERANCE


@pytest.mark.parametrize("norm", [PostNorm, PreNorm])
def test_encoder_is_permutation_equivariant_without_a_mask(
    norm: type[PostNorm],
) -> None:
    stack = Stack([EncoderLayer(12, 3, 20, norm) for _ in range(3)])
    randomize(stack)
    x, order = torch.randn(2, 6, 12), torch.randperm(6)
    assert gap(stack(x[:, order]), stack(x)[:, order]) < TOLERANCE
    mask = causal_mask(6)
    moved = gap(stack(x[:, order], mask), stack(x, mask)[:, order])
    assert moved > 1e-3


@pytest.mark.parametrize("norm", [PostNorm, PreNorm])
def test_decoder_reads_the_memory_as_a_set(norm: type[PostNorm]) -> None:
    layer = DecoderLayer(12, 3, 20, norm)
    randomize(layer)
    x, memory = torch.randn(2, 5, 12), torch.randn(2, 4, 12)
    order = torch.randperm(4)
    y = layer(x, memory, causal_mask(5))
    assert gap(layer(x, memory[:, order], causal_mask(5)), y) < TOLERANCE


def test_only_pre_norm_owes_a_last_norm() -> None:
    x = 5 + 3 * torch.randn(2, 6, 12)
    for norm, last in (
        (PostNorm, nn.Identity),
        (PreNorm, transformer.LayerNorm),
    ):
        stack = Stack([EncoderLayer(12, 3, 20, norm) for _ in range(4)])
        assert type(stack.norm) is last
        y = stack(x)
        assert gap(y.mean(-1), torch.zeros(2, 6)) < 1e-6
        assert gap(y.var(-1, correction=0), torch.ones(2, 6)) < 1e-3
    stack.norm = nn.Identity()
    assert stack(x).var(-1).min() > 2
    eps = partial(PreNorm, eps=0.5)
    assert Stack([EncoderLayer(12, 3, 20, eps)]).norm.eps == 0.5


def test_stack_runs_its_own_layers_in_order() -> None:
    layers = [EncoderLayer(12, 3, 20) for _ in range(3)]
    stack, x = Stack(layers), torch.randn(2, 6, 12)
    y = layers[2](layers[1](layers[0](x, causal_mask(6)), causal_mask(6)))
    assert gap(stack(x), layers[2](layers[1](layers[0](x)))) == 0
    assert gap(stack(x, causal_mask(6)), y) > 1e-3


X = torch.zeros(2, 4, 12, dtype=torch.float64)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FeedForward(4, 0), "hidden is 0; it must be at least 1"),
        (lambda: EncoderLayer(12, 5, 8), "heads is 5; it must divide 12"),
        (
            lambda: EncoderLayer(12, 3, 8)(X[..., :6]),
            r"x is \(2, 4, 6\), not \(b, n, 12\)",
        ),
        (
            lambda: DecoderLayer(12, 3, 8)(X[0], X),
            r"x is \(4, 12\), not \(b, n, 12\)",
        ),
        (
            lambda: DecoderLayer(12, 3, 8)(X, X[..., :5]),
            r"context is \(2, 4, 5\), not \(b, m, 12\)",
        ),
        (
            lambda: EncoderLayer(12, 3, 8)(X, torch.ones(4, 4)),
            "allowed is torch.float",
        ),
        (lambda: Stack([]), "layers is empty"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
