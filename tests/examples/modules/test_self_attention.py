"""Attention against torch in float64, its gradients, and its properties."""

from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from examples.modules import (
    self_attention,
    self_attention_cost,
    self_attention_heads,
)
from examples.modules.self_attention import (
    MultiHeadAttention,
    SelfAttention,
    attend,
    causal_mask,
    merge_heads,
    padding_mask,
    softmax,
    split_heads,
)
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, randomize

pytestmark = [
    pytest.mark.usefixtures("float64"),
    pytest.mark.filterwarnings("ignore:Converting a tensor"),  # gap()
]
B, N, M, D, HEADS = 2, 5, 7, 12, 3


def masks(n: int, m: int) -> dict[str, Tensor | None]:
    lengths = torch.tensor([m, m - 2])
    found = {"no mask": None, "padding": padding_mask(lengths, m)}
    if n <= m:
        found["causal"] = causal_mask(n, m)
        found["both"] = causal_mask(n, m) & padding_mask(lengths, m)
    return found


def worst_of(found: Iterator[dict[str, float]]) -> dict[str, float]:
    worst = {"forward": 0.0, "gradient": 0.0}
    for one in found:
        worst = {k: max(worst[k], one[k]) for k in worst}
    return worst


def attend_differences(module: ModuleType) -> dict[str, float]:
    random = torch.Generator().manual_seed(0)

    def found() -> Iterator[dict[str, float]]:
        for n, m in ((N, N), (N, M), (M, N), (1, M)):
            sizes = ((n, 4), (m, 4), (m, 6))
            inputs = [
                torch.randn(B, HEADS, *size, generator=random) for size in sizes
            ]
            for allowed in masks(n, m).values():
                yield differences(
                    lambda *t, a=allowed: module.attend(*t, a),
                    lambda *t, a=allowed: (
                        functional.scaled_dot_product_attention(*t, attn_mask=a)
                    ),
                    inputs,
                )

    return worst_of(found())


def test_attend_equals_torch(proof: Callable[..., None]) -> None:
    found = attend_differences(self_attention)
    assert max(found.values()) < TOLERANCE, found
    proof(
        ours="attend",
        reference="torch.nn.functional.scaled_dot_product_attention",
        case="4 sizes, causal, padding, both",
        **found,
    )


def stacked(weights: dict[str, Tensor], bias: bool) -> dict[str, Tensor]:
    """Our parameters in the arrangement of torch.nn.MultiheadAttention."""
    parts = ("to_q", "to_k", "to_v")
    found = {
        "in_proj_weight": torch.cat([weights[f"{p}.weight"] for p in parts]),
        "out_proj.weight": weights["to_out.weight"],
    }
    if bias:
        found["in_proj_bias"] = torch.cat([weights[f"{p}.bias"] for p in parts])
        found["out_proj.bias"] = weights["to_out.bias"]
    return found


def layer_differences(
    module: ModuleType, allowed: Tensor | None, bias: bool
) -> dict[str, float]:
    """Inputs and all parameters are leaves that both sides share."""
    ours = module.SelfAttention(D, HEADS, bias=bias)
    theirs = nn.MultiheadAttention(D, HEADS, bias=bias, batch_first=True)
    randomize(ours)
    names = [name for name, _ in ours.named_parameters()]
    leaves = [p.detach() for p in ours.parameters()]
    x = torch.randn(B, N, D, generator=torch.Generator().manual_seed(0))
    blocked = None
    if allowed is not None:
        full = allowed.expand(B, HEADS, N, N)
        blocked = ~full.reshape(B * HEADS, N, N)

    def mine(x: Tensor, *values: Tensor) -> Tensor:
        weights = dict(zip(names, values, strict=True))
        return functional_call(ours, weights, (x, allowed))

    def reference(x: Tensor, *values: Tensor) -> Tensor:
        weights = stacked(dict(zip(names, values, strict=True)), bias)
        settings = {"attn_mask": blocked}
        return functional_call(theirs, weights, (x, x, x), settings)[0]

    return differences(mine, reference, [x, *leaves])


@pytest.mark.parametrize("bias", [True, False])
def test_self_attention_equals_torch(
    bias: bool, proof: Callable[..., None]
) -> None:
    found = worst_of(
        layer_differences(self_attention, allowed, bias)
        for allowed in masks(N, N).values()
    )
    assert max(found.values()) < TOLERANCE, found
    proof(
        ours="SelfAttention",
        reference="torch.nn.MultiheadAttention",
        case=f"4 masks, {'bias' if bias else 'no bias'}",
        **found,
    )


def test_weights_of_every_head_equal_torch() -> None:
    ours = SelfAttention(D, HEADS)
    theirs = nn.MultiheadAttention(D, HEADS, batch_first=True)
    randomize(ours)
    theirs.load_state_dict(stacked(ours.state_dict(), True), strict=True)
    x = torch.randn(B, N, D)
    _, expected = theirs(x, x, x, average_attn_weights=False)
    assert gap(ours.look(x, x, x)[1], expected) < TOLERANCE
    _, padded = theirs(
        x, x, x, key_padding_mask=torch.arange(N) >= torch.tensor([[N], [3]])
    )
    mine = ours.look(x, x, x, padding_mask(torch.tensor([N, 3]), N))[1]
    assert gap(mine.mean(1), padded) < TOLERANCE


MUTANTS = {
    "no division": (" / q.shape[-1] ** 0.5", ""),
    "divided by d, not its root": ("q.shape[-1] ** 0.5", "q.shape[-1]"),
    "divided by the root of the keys": (
        "q.shape[-1] ** 0.5",
        "k.shape[-2] ** 0.5",
    ),
    "the mask turned round": ("masked_fill(~allowed", "masked_fill(allowed"),
    "masked scores are zero, not minus infinity": (
        'float("-inf")',
        "0.0",
    ),
    "softmax over the queries": (
        "weights = softmax(scores)",
        "weights = softmax(scores.mT).mT",
    ),
    "softmax forgets the sum": (
        "return e / e.sum(-1, keepdim=True)",
        "return e",
    ),
    "the wrong split": (
        "x.unflatten(-1, (heads, -1)).transpose(-2, -3)",
        "x.reshape(*x.shape[:-2], heads, x.shape[-2], -1)",
    ),
    "heads take every third feature": (
        "x.unflatten(-1, (heads, -1)).transpose(-2, -3)",
        "x.unflatten(-1, (-1, heads)).movedim(-1, -3)",
    ),
    "the wrong merge": (
        "x.transpose(-2, -3).flatten(-2)",
        "x.reshape(x.shape[0], x.shape[2], -1)",
    ),
    "values are keys": (
        "v = split_heads(self.to_v(value)",
        "v = split_heads(self.to_k(value)",
    ),
    "queries and keys swapped": (
        "attend(q, k, v, allowed)",
        "attend(k, q, v, allowed)",
    ),
    "no projection at the end": (
        "self.to_out(merge_heads(y))",
        "merge_heads(y)",
    ),
    "the mask is not passed on": (
        "self.look(x, x, x, allowed)",
        "self.look(x, x, x)",
    ),
    "the weights are cut from the gradient": (
        "return weights @ v, weights",
        "return weights.detach() @ v, weights",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_parity_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(self_attention, *MUTANTS[mutation])

    def compare() -> float:
        found = [
            layer_differences(mutant, allowed, True)
            for allowed in masks(N, N).values()
        ]
        return max(max(one.values()) for one in found)

    try:
        noticed = not compare() < TOLERANCE
    except (AssertionError, RuntimeError, ValueError):
        noticed = True
    assert noticed


def test_softmax_equals_torch(proof: Callable[..., None]) -> None:
    scores = torch.randn(B, N, M)
    found = differences(softmax, lambda s: s.softmax(-1), [scores])
    far = differences(softmax, lambda s: s.softmax(-1), [1e4 * scores])
    worst = worst_of(iter([found, far]))
    assert max(worst.values()) < TOLERANCE
    assert scores.mul(1e4).exp().isinf().any()  # the naive way overflows
    assert gap(softmax(scores + 1e3), softmax(scores)) < 1e-12
    proof(
        ours="softmax",
        reference="torch.softmax",
        case="scores up to 10⁴ and more",
        **worst,
    )


def test_softmax_notices_the_naive_way() -> None:
    naive = mutate(self_attention, "(scores - top).exp()", "scores.exp()")
    assert naive.softmax(torch.tensor([1e4, 0.0])).isnan().any()
    assert not softmax(torch.tensor([1e4, 0.0])).isnan().any()


def test_one_by_one_equals_all_at_once(proof: Callable[..., None]) -> None:
    layer = SelfAttention(D, HEADS)
    theirs = nn.MultiheadAttention(D, HEADS, batch_first=True)
    randomize(layer)
    theirs.load_state_dict(stacked(layer.state_dict(), True), strict=True)
    found = differences(
        lambda x: self_attention_heads.one_by_one(layer, x),
        lambda x: theirs(x, x, x)[0],
        [torch.randn(B, N, D)],
    )
    assert max(found.values()) < TOLERANCE
    proof(
        ours="one_by_one",
        reference="torch.nn.MultiheadAttention",
        case="a loop over the heads",
        **found,
    )


def grouped_differences(module: ModuleType) -> dict[str, float]:
    random = torch.Generator().manual_seed(0)

    def found() -> Iterator[dict[str, float]]:
        for groups in (1, 2, 6):
            q = torch.randn(B, 6, N, 4, generator=random)
            k, v = torch.randn(2, B, groups, M, 4, generator=random)
            yield differences(
                module.attend_grouped,
                lambda *t: functional.scaled_dot_product_attention(
                    *t, enable_gqa=True
                ),
                [q, k, v],
            )

    return worst_of(found())


def test_grouped_keys_equal_torch(proof: Callable[..., None]) -> None:
    found = grouped_differences(self_attention_heads)
    assert max(found.values()) < TOLERANCE
    proof(
        ours="attend_grouped",
        reference="torch.nn.functional.scaled_dot_product_attention",
        case="enable_gqa, 1, 2 and 6 groups",
        **found,
    )


HEAD_MUTANTS = {
    "groups interleaved": (
        "q.unflatten(1, (groups, -1))",
        "q.unflatten(1, (-1, groups)).transpose(1, 2)",
    ),
    "outputs interleaved": (
        "y.flatten(1, 2)",
        "y.transpose(1, 2).flatten(1, 2)",
    ),
    "values of the keys": ("v[:, :, None])", "k[:, :, None])"),
}


@pytest.mark.parametrize("mutation", HEAD_MUTANTS)
def test_groups_notice_the_mutant(mutation: str) -> None:
    mutant = mutate(self_attention_heads, *HEAD_MUTANTS[mutation])
    try:
        noticed = not max(grouped_differences(mutant).values()) < TOLERANCE
    except RuntimeError:  # v is not used at all
        noticed = True
    assert noticed


def test_reshaping_cuts_the_sequence_into_blocks_or_leaks() -> None:
    layers = self_attention_heads
    x = torch.randn(1, 4, 6)
    wrong = self_attention.depends(layers.WrongSplit(6, 2), x)
    block = torch.ones(2, 2, dtype=torch.bool)
    assert wrong.equal(torch.block_diag(block, block).bool())
    leaks = self_attention.depends(layers.WrongMerge(6, 2), x, causal_mask(4))
    assert leaks[0, 1] and not causal_mask(4)[0, 1]
    right = self_attention.depends(SelfAttention(6, 2), x, causal_mask(4))
    assert right.equal(causal_mask(4))


def test_permuting_tokens_permutes_outputs() -> None:
    layer, x = SelfAttention(D, HEADS), torch.randn(B, N, D)
    order = torch.randperm(N)
    assert gap(layer(x[:, order]), layer(x)[:, order]) < TOLERANCE
    mask = causal_mask(N)
    moved = layer(x.flip(1), mask)
    assert gap(moved, layer(x, mask).flip(1)) > 1e-3  # a mask knows order


def test_a_query_that_may_see_nothing_is_nan_and_poisons_gradients() -> None:
    x = torch.randn(1, N, D, requires_grad=True)
    layer, allowed = SelfAttention(D, HEADS), torch.ones(N, N).bool()
    allowed[1] = False
    y = layer(x, allowed)
    assert y[0, 1].isnan().all() and not y[0, [0, 2, 3, 4]].isnan().any()
    weights = (layer.to_v.weight, layer.to_q.weight)
    dv, dq = torch.autograd.grad(y[0, [0, 2]].sum(), weights)
    assert dv.isnan().any()  # 0 × NaN in weights.T @ dy
    assert not dq.isnan().any()  # masked_fill stops it
    q, k, v = torch.randn(3, 1, N, 4)
    safe = functional.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
    assert (safe[0, 1] == 0).all()
    half = torch.zeros(1, dtype=torch.float16)
    with pytest.raises(RuntimeError, match="cannot be converted"):
        half.masked_fill(torch.ones(1).bool(), -1e9)
    uniform = softmax(torch.full((N,), -1e9))  # the popular finite mask
    assert gap(uniform, torch.full((N,), 1 / N)) < TOLERANCE


def test_torchs_layer_gives_nan_or_zero_for_the_same_empty_row() -> None:
    layer, x = (
        nn.MultiheadAttention(D, 2, batch_first=True),
        torch.ones(1, 3, D),
    )
    nothing = {"key_padding_mask": torch.ones(1, 3).bool()}
    assert layer(x, x, x, **nothing)[0].isnan().all()
    fused, _ = layer(x, x, x, need_weights=False, **nothing)
    assert (fused == layer.out_proj.bias).all()
    with torch.no_grad():
        fast, _ = layer.eval()(x, x, x, need_weights=False, **nothing)
    assert fast.isnan().all()


def test_causal_outputs_do_not_change_when_tokens_are_added() -> None:
    layer, x = SelfAttention(D, HEADS), torch.randn(B, N, D)
    whole = layer(x, causal_mask(N))
    part = layer(x[:, :3], causal_mask(3))
    assert gap(whole[:, :3], part) < TOLERANCE
    last = attend(x[:, -1:], x, x, causal_mask(1, N))[0]
    assert gap(last, attend(x, x, x, causal_mask(N))[0][:, -1:]) < TOLERANCE


def test_scale_can_hide_in_the_query_weights() -> None:
    q, k, v = torch.randn(3, B, N, 16)
    plain = softmax(q / 4 @ k.mT) @ v
    assert gap(attend(q, k, v)[0], plain) < TOLERANCE


def test_splitting_and_merging_are_inverse() -> None:
    x = torch.randn(B, N, D)
    assert torch.equal(merge_heads(split_heads(x, HEADS)), x)


@pytest.mark.parametrize("heads", [1, 2, 6])
def test_flops_equal_the_counter_of_torch(heads: int) -> None:
    n, d = 9, 12
    cost = self_attention_cost
    expected = cost.projection_flops(n, n, d, d, d) + cost.mixing_flops(n, n, d)
    x = torch.zeros(1, n, d)
    layer = SelfAttention(d, heads)
    with FlopCounterMode(display=False) as counter:
        _, weights = layer.look(x, x, x)
    assert counter.get_total_flops() == expected
    assert weights.numel() == cost.stored_weights(n, n, heads)
    assert expected == 8 * n * d * d + 4 * n * n * d
    assert cost.mixing_flops(2 * d, 2 * d, d) == 8 * 2 * d * d * d  # n = 2d


def test_cost_of_torchs_layer(proof: Callable[..., None]) -> None:
    differing, cases = 0, ((9, 9, 12, 12), (4, 7, 8, 6), (16, 3, 5, 9))
    for n, m, k_width, v_width in cases:
        widths = {"kdim": k_width, "vdim": v_width}
        layer = nn.MultiheadAttention(12, 3, batch_first=True, **widths)
        inputs = ((n, 12), (m, k_width), (m, v_width))
        with FlopCounterMode(display=False) as counter:
            layer(*(torch.zeros(1, *size) for size in inputs))
        expected = self_attention_cost.projection_flops(
            n, m, 12, k_width, v_width
        ) + self_attention_cost.mixing_flops(n, m, 12)
        differing += counter.get_total_flops() != expected
    assert differing == 0
    proof(
        ours="projection_flops + mixing_flops",
        reference="torch.utils.flop_counter.FlopCounterMode",
        case=f"{len(cases)} layers, FLOPs",
        forward=differing,
    )


def test_cache_counts_keys_and_values() -> None:
    k, v = torch.zeros(2, 2, 7, 4)  # groups, tokens, features
    assert self_attention_cost.cached_numbers(7, 2, 4) == k.numel() + v.numel()
    assert self_attention_cost.cached_numbers(7, 2, 4, 3) == 3 * 2 * k.numel()


X = torch.zeros(1, 4, 6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SelfAttention(6, 4), "heads is 4; it must divide 6"),
        (lambda: MultiHeadAttention(6, 0), "heads is 0"),
        (lambda: attend(X, X[..., :5], X), "k has 5 features, not 6"),
        (lambda: attend(X, X, X[:, :3]), "v has 3 tokens; .* the 4 keys"),
        (lambda: attend(X, X, X, torch.ones(4, 4)), "allowed is torch.float"),
        (
            lambda: attend(X, X, X, torch.ones(4, 3).bool()),
            r"allowed is \(4, 3\), not \(..., 4, 4\)",
        ),
        (lambda: causal_mask(4, 3), "m is 3; it must be 4 queries or more"),
        (
            lambda: padding_mask(torch.tensor([2, 0]), 4),
            r"lengths is \[2, 0\]; each must be 1 to 4",
        ),
        (
            lambda: self_attention_heads.attend_grouped(
                torch.zeros(1, 6, 3, 2), *torch.zeros(2, 1, 4, 3, 2)
            ),
            "k has 4 groups; they must divide 6",
        ),
        (lambda: self_attention_cost.mixing_flops(0, 1, 1), "n is 0; it must"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
