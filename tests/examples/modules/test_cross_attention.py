"""Cross-attention against torch in float64, its properties, its cost."""

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from examples.modules import cross_attention, self_attention
from examples.modules.cross_attention import CrossAttention
from examples.modules.self_attention import MultiHeadAttention, padding_mask
from examples.modules.self_attention_cost import (
    mixing_flops,
    projection_flops,
    stored_weights,
)
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, randomize

pytestmark = [
    pytest.mark.usefixtures("float64"),
    pytest.mark.filterwarnings("ignore:Converting a tensor"),  # gap()
]
B, N, M, D, HEADS, WIDTH = 2, 6, 4, 12, 3, 10
LENGTHS = torch.tensor([4, 2])
MASKS = {"no mask": None, "padding": padding_mask(LENGTHS, M)}


def reference_of(ours: MultiHeadAttention) -> nn.MultiheadAttention:
    """torch's layer with the same weights, and its parameters in our order."""
    widths = {"kdim": ours.to_k.in_features, "vdim": ours.to_v.in_features}
    theirs = nn.MultiheadAttention(D, HEADS, batch_first=True, **widths)
    parts = {"q": ours.to_q, "k": ours.to_k, "v": ours.to_v}
    state = {f"{n}_proj_weight": p.weight for n, p in parts.items()}
    state["in_proj_bias"] = torch.cat([p.bias for p in parts.values()])
    state["out_proj.weight"] = ours.to_out.weight
    state["out_proj.bias"] = ours.to_out.bias
    theirs.load_state_dict(state, strict=True)
    return theirs


def compare(
    ours: MultiHeadAttention,
    run: Callable[..., Tensor],
    inputs: list[Tensor],
    allowed: Tensor | None,
) -> dict[str, float]:
    """Outputs, gradients of inputs, of weights and of all biases."""
    randomize(ours)
    theirs = reference_of(ours)
    padding = None if allowed is None else ~allowed[:, 0, 0]
    linears = (ours.to_q, ours.to_k, ours.to_v)
    pairs = [
        (ours.to_q.weight, theirs.q_proj_weight),
        (ours.to_k.weight, theirs.k_proj_weight),
        (ours.to_v.weight, theirs.v_proj_weight),
        (ours.to_out.weight, theirs.out_proj.weight),
        (ours.to_out.bias, theirs.out_proj.bias),
    ]

    def reference(x: Tensor, *context: Tensor) -> Tensor:
        key, value = context[0], context[-1]
        return theirs(x, key, value, key_padding_mask=padding)[0]

    found = differences(lambda *t: run(*t, allowed), reference, inputs, pairs)
    dy = torch.randn(B, N, D)
    mine = torch.autograd.grad(
        run(*inputs, allowed), [p.bias for p in linears], dy
    )
    (expected,) = torch.autograd.grad(
        reference(*inputs), [theirs.in_proj_bias], dy
    )
    found["gradient"] = max(found["gradient"], gap(torch.cat(mine), expected))
    return found


def cross_differences(module: ModuleType) -> dict[str, float]:
    random = torch.Generator().manual_seed(0)
    x = torch.randn(B, N, D, generator=random)
    context = torch.randn(B, M, WIDTH, generator=random)
    worst = {"forward": 0.0, "gradient": 0.0}
    for allowed in MASKS.values():
        ours = module.CrossAttention(D, HEADS, WIDTH)
        for run in (
            ours,
            lambda x, c, a, o=ours: o.recall(x, o.remember(c), a),
        ):
            found = compare(ours, run, [x, context], allowed)
            worst = {k: max(worst[k], found[k]) for k in worst}
    return worst


def test_cross_attention_equals_torch(proof: Callable[..., None]) -> None:
    found = cross_differences(cross_attention)
    assert max(found.values()) < TOLERANCE, found
    proof(
        ours="CrossAttention",
        reference="torch.nn.MultiheadAttention",
        case="kdim = vdim = 10, with and without padding, remembered",
        **found,
    )


def general_differences(module: ModuleType) -> dict[str, float]:
    ours = module.MultiHeadAttention(D, HEADS, 10, 7)
    inputs = [torch.randn(B, N, D), torch.randn(B, M, 10), torch.randn(B, M, 7)]
    worst = {"forward": 0.0, "gradient": 0.0}
    for allowed in MASKS.values():
        found = compare(ours, lambda *t: ours.look(*t)[0], inputs, allowed)
        worst = {k: max(worst[k], found[k]) for k in worst}
    return worst


def test_keys_and_values_of_other_widths_equal_torch(
    proof: Callable[..., None],
) -> None:
    found = general_differences(self_attention)
    assert max(found.values()) < TOLERANCE, found
    proof(
        ours="MultiHeadAttention",
        reference="torch.nn.MultiheadAttention",
        case="kdim 10, vdim 7, with and without padding",
        **found,
    )


MUTANTS = {
    "the context asks": (
        "self.look(x, context, context, allowed)",
        "self.look(context, x, x, allowed)",
    ),
    "the mask is not passed on": (
        "self.look(x, context, context, allowed)",
        "self.look(x, context, context)",
    ),
    "the values come from the keys' weights": (
        "v = split_heads(self.to_v(context)",
        "v = split_heads(self.to_k(context)",
    ),
    "memory ignores the mask": (
        "attend(q, *memory, allowed)",
        "attend(q, *memory)",
    ),
    "keys and values come back swapped": (
        "return k, v",
        "return v, k",
    ),
    "queries are not projected": (
        "q = split_heads(self.to_q(x)",
        "q = split_heads(x",
    ),
    "heads are not merged back": (
        "self.to_out(merge_heads(y))",
        "self.to_out(y.reshape(x.shape))",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_parity_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(cross_attention, *MUTANTS[mutation])
    try:
        noticed = not max(cross_differences(mutant).values()) < TOLERANCE
    except (AssertionError, RuntimeError, ValueError):
        noticed = True
    assert noticed


GENERAL_MUTANTS = {
    "values are as wide as keys": (
        "nn.Linear(value_features or features",
        "nn.Linear(key_features or features",
    ),
    "no division": (" / q.shape[-1] ** 0.5", ""),
    "the mask turned round": ("masked_fill(~allowed", "masked_fill(allowed"),
    "the wrong merge": (
        "x.transpose(-2, -3).flatten(-2)",
        "x.reshape(x.shape[0], x.shape[2], -1)",
    ),
    "values of the keys": (
        "split_heads(self.to_v(value)",
        "split_heads(self.to_v(key)",
    ),
}


@pytest.mark.parametrize("mutation", GENERAL_MUTANTS)
def test_general_parity_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(self_attention, *GENERAL_MUTANTS[mutation])
    try:
        noticed = not max(general_differences(mutant).values()) < TOLERANCE
    except (AssertionError, RuntimeError, ValueError):
        noticed = True
    assert noticed


@pytest.fixture
def layer() -> CrossAttention:
    return CrossAttention(D, HEADS, WIDTH)


def test_queries_do_not_see_one_another(layer: CrossAttention) -> None:
    x, context = torch.randn(B, N, D), torch.randn(B, M, WIDTH)
    alone = layer(x[:, 2:3], context)
    assert gap(layer(x, context)[:, 2:3], alone) < TOLERANCE


def test_the_context_is_a_set(layer: CrossAttention) -> None:
    x, context = torch.randn(B, N, D), torch.randn(B, M, WIDTH)
    moved = layer(x, context[:, torch.randperm(M)])
    assert gap(layer(x, context), moved) < TOLERANCE


def test_padding_is_as_good_as_absence(layer: CrossAttention) -> None:
    x, context = torch.randn(1, N, D), torch.randn(1, M, WIDTH)
    padded = layer(x, context, padding_mask(torch.tensor([2]), M))
    assert gap(padded, layer(x, context[:, :2])) < TOLERANCE


def test_one_token_of_context_is_a_constant(layer: CrossAttention) -> None:
    x, context = torch.randn(1, N, D), torch.randn(1, 1, WIDTH)
    y = layer(x, context)
    constant = layer.to_out(layer.to_v(context))
    assert gap(y, constant.expand_as(y)) < TOLERANCE
    weights = [p.weight for p in (layer.to_q, layer.to_k, layer.to_v)]
    dq, dk, dv = torch.autograd.grad(y.square().sum(), weights)
    assert dq.abs().max() < TOLERANCE and dk.abs().max() < TOLERANCE
    assert dv.abs().max() > 1e-3


def test_self_attention_is_cross_attention_with_itself() -> None:
    ours = CrossAttention(D, HEADS, D)
    same = self_attention.SelfAttention(D, HEADS)
    same.load_state_dict(ours.state_dict())
    x = torch.randn(B, N, D)
    assert gap(ours(x, x), same(x)) < TOLERANCE


def test_one_context_serves_a_whole_batch(layer: CrossAttention) -> None:
    x, context = torch.randn(B, N, D), torch.randn(1, M, WIDTH)
    each = layer(x, context.expand(B, -1, -1))
    assert gap(layer(x, context), each) < TOLERANCE


@pytest.mark.parametrize("n", [6, 12])
def test_flops_and_what_memory_saves(layer: CrossAttention, n: int) -> None:
    x, context = torch.zeros(1, n, D), torch.zeros(1, M, WIDTH)
    every = projection_flops(n, M, D, WIDTH, WIDTH) + mixing_flops(n, M, D)
    with FlopCounterMode(display=False) as counter:
        _, weights = layer.look(x, context, context)
    assert counter.get_total_flops() == every
    assert weights.numel() == stored_weights(n, M, HEADS)
    with FlopCounterMode(display=False) as first:
        memory = layer.remember(context)
    with FlopCounterMode(display=False) as later:
        layer.recall(x, memory)
    assert first.get_total_flops() == 2 * M * D * 2 * WIDTH
    assert later.get_total_flops() == every - first.get_total_flops()
    assert mixing_flops(2 * n, M, D) == 2 * mixing_flops(n, M, D)  # linear


@pytest.mark.parametrize(
    ("x", "context", "message"),
    [
        ((1, 4, 9), (1, 2, WIDTH), r"x is \(1, 4, 9\), not \(b, n, 12\)"),
        ((4, D), (1, 2, WIDTH), r"x is \(4, 12\), not"),
        ((1, 4, D), (1, 2, 9), r"context is \(1, 2, 9\), not \(b, m, 10\)"),
        ((3, 4, D), (2, 2, WIDTH), "context has 2 sequences; x has 3"),
    ],
)
def test_bad_input_is_named(
    x: tuple, context: tuple, message: str, layer: CrossAttention
) -> None:
    with pytest.raises(ValueError, match=message):
        layer(torch.zeros(x), torch.zeros(context))
    with pytest.raises(ValueError, match="heads is 5; it must divide 12"):
        CrossAttention(12, 5, 10)
