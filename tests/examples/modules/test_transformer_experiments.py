"""What the page claims from experiments, held over seeds of its own."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from examples.architectures.rnn import RNN
from examples.modules import transformer_bias as bias
from examples.modules import transformer_depth as depth
from examples.modules import transformer_parallel as parallel
from examples.modules import transformer_reach as reach
from examples.modules import transformer_reverse as reverse
from examples.modules import transformer_warmup as warmup
from examples.modules.transformer import EncoderLayer, PostNorm, PreNorm
from examples.modules.transformer_model import Transformer


@pytest.mark.parametrize("seed", [3, 4])
def test_without_residuals_all_tokens_become_one(seed: int) -> None:
    bare = depth.collapse(depth.without_residual, seed)
    assert bare[0] > 0.9 and bare[1] < 0.1 and bare[3] < 1e-9
    whole = depth.collapse(EncoderLayer.__call__, seed)
    alone = depth.collapse(depth.without_ffn, seed)
    assert whole[12] > 0.3 and alone[12] > whole[12]


def test_apart_is_a_share() -> None:
    x = torch.randn(2, 5, 3)
    assert depth.apart(torch.ones(2, 5, 3)) == 0
    centered = x - x.mean(1, keepdim=True)
    assert depth.apart(centered) == pytest.approx(1)
    by_hand = sum(
        float((x[b, i] - x[b].mean(0)).square().sum())
        for b in range(2)
        for i in range(5)
    )
    expected = by_hand / float(x.square().sum())
    assert depth.apart(x) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("seed", [3])
def test_gradients_at_the_start_do_not_vanish_in_either(seed: int) -> None:
    for layers in (6, 24):
        for norm in (PostNorm, PreNorm):
            _, dx, _ = depth.gradients(norm, layers, seed)
            assert 0.3 < dx[0] / dx[-1] < 2.5


@pytest.mark.parametrize("seed", [4])
def test_the_last_layer_learns_less_in_a_deep_pre_norm_stack(
    seed: int,
) -> None:
    """Post-norm: the same at any depth. Pre-norm: over the stream's size."""
    for norm, low, high in ((PostNorm, 0.7, 1.3), (PreNorm, 0.2, 0.6)):
        few = depth.gradients(norm, 3, seed)
        many = depth.gradients(norm, 48, seed)
        assert low < many[2][-1] / few[2][-1] < high
    sizes = [depth.gradients(PreNorm, n, seed) for n in (6, 48)]
    products = [float(stds[-1] * dx[-1]) for stds, dx, _ in sizes]
    assert products == pytest.approx([1, 1], abs=0.1)


def test_pre_norm_adds_as_much_variance_in_every_layer() -> None:
    stds, _, _ = depth.gradients(PreNorm, 48, 3)
    growth = stds.square().diff()
    early, late = growth[6:24].mean(), growth[30:48].mean()
    assert 0.5 < early / late < 2


def test_post_norm_needs_warm_up_and_pre_norm_does_not() -> None:
    found = {
        name: warmup.run(residual, steps, seed=5)
        for name, (residual, steps, _, _) in warmup.RUNS.items()
    }
    bare, hidden, arriving = found.pop("post-norm, no warm-up")
    assert warmup.mean_loss(bare) > 2.2
    assert hidden[0] > 0.3 and hidden[1] < 0.1  # a single step of Adam
    assert hidden[-1] < 1e-6  # and it is hidden in the end
    assert arriving[0] > 0.01 and arriving[-1] < 1e-6  # gone afterwards
    for losses, shares, gradients in found.values():
        assert 0.01 < gradients[0] < 0.1 and gradients[-1] > 0.01
        assert warmup.mean_loss(losses) < 1.5
        assert min(shares) > 0.005


@pytest.mark.parametrize(("name", "value"), [("DEPTH", 2), ("RATE", 0.003)])
def test_a_shallow_or_slow_post_norm_stack_needs_no_warm_up(
    name: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warmup, name, value)
    losses, _, _ = warmup.run(PostNorm, 1, seed=5)
    assert warmup.mean_loss(losses) < 1.8


def test_input_share_is_zero_for_equal_streams() -> None:
    y = torch.randn(1, 8, 4)
    assert warmup.input_share(y.expand(5, 8, 4)) < 1e-12
    assert warmup.input_share(torch.randn(500, 8, 4)) == pytest.approx(
        1, abs=0.1
    )


def naive_depth(node: object) -> int:
    before = [f for f, _ in node.next_functions if f is not None]  # type: ignore[attr-defined]
    return 1 + max((naive_depth(f) for f in before), default=0)


def test_chains_equal_those_found_by_recursion() -> None:
    x = torch.randn(1, 3, 4)
    y, _ = RNN(4, 4)(x)
    assert parallel.operations_in_a_row(y) == naive_depth(y.grad_fn)
    a = torch.ones(2, requires_grad=True)
    assert parallel.operations_in_a_row(a * 2) == 2  # the leaf, the product
    assert parallel.operations_in_a_row((a * 2 + 1).exp() + a) == 5


def test_chains_grow_with_the_tokens_only_in_recurrent_networks() -> None:
    networks = parallel.last_outputs()
    found = {
        name: parallel.depths(network) for name, network in networks.items()
    }
    for name, row in found.items():
        if "ayer" in name:
            assert len(set(row)) == 1
        else:
            steps = [n - 4 for n in parallel.LENGTHS[1:]]
            slopes = {
                (d - row[0]) / s for d, s in zip(row[1:], steps, strict=True)
            }
            assert len(slopes) == 1  # exactly linear
    assert 5 < found["six layers"][0] / found["Transformer layer"][0] < 6.1


@pytest.mark.parametrize("name", ["RNN", "LSTM", "Transformer"])
def test_gradients_by_distance(name: str) -> None:
    sizes = reach.heard(name, seed=3)
    if name == "Transformer":
        assert sizes[1:].max() / sizes[1:].min() < 2
        shorter = reach.heard(name, 32, seed=3)
        assert 3 < shorter[1:].mean() / sizes[1:].mean() < 5
    else:
        assert sizes[100] < 1e-15 < sizes[10]


def test_one_layer_remembers_over_a_hundred_steps() -> None:
    assert reach.remembered(100, seed=2) > 0.98


def expected_answer(task: str, digits: list[int]) -> list[int]:
    return digits[::-1] if task == "reverse" else sorted(digits)


@pytest.mark.parametrize("task", reverse.TASKS)
def test_examples_are_what_python_says(task: str) -> None:
    random = torch.Generator().manual_seed(0)
    source, answer, n = reverse.examples_of(task, 100, 2, 7, random)
    assert source.shape == (100, 7) and answer.shape == (100, 8)
    assert set(n.tolist()) == set(range(2, 8))
    for s, a, length in zip(
        source.tolist(), answer.tolist(), n.tolist(), strict=True
    ):
        digits = s[:length]
        assert min(digits) >= reverse.ZERO
        assert s[length:] == [reverse.PAD] * (7 - length)
        wanted = [*expected_answer(task, digits), reverse.STOP]
        assert a == wanted + [reverse.PAD] * (8 - len(wanted))


def test_right_counts_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    random = torch.Generator().manual_seed(1)
    _, answer, _ = reverse.examples_of("sort", 400, 3, 6, random)
    spoiled = answer.clone()
    spoiled[:100, 2] += 1  # one wrong digit in a quarter of the lines
    spoiled[answer == reverse.PAD] = 9  # what follows the stop is free
    monkeypatch.setattr(reverse, "greedy", lambda *_: spoiled)
    assert reverse.right(SimpleNamespace(), "sort", 3, 6) == 0.75  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def backwards() -> Transformer:
    return reverse.trained(Transformer, "reverse", seed=1)


def test_reversing_needs_positions_and_sorting_does_not(
    backwards: Transformer,
) -> None:
    assert reverse.right(backwards, "reverse", 3, 6) > 0.95
    assert reverse.right(backwards, "reverse", 7, 8) < 0.1
    for task, low, high in (("reverse", 0, 0.1), ("sort", 0.7, 1)):
        unplaced = reverse.trained(reverse.Unplaced, task, seed=1)
        assert low <= reverse.right(unplaced, task, 3, 6) <= high


def test_without_positions_the_source_is_a_bag() -> None:
    model = reverse.Unplaced(13, 16, 2, 32, 2, PreNorm)
    source, target = torch.randint(3, 13, (2, 6)), torch.randint(13, (2, 4))
    y = model(source, target)
    order = torch.randperm(6)
    torch.testing.assert_close(model(source[:, order], target), y)


def test_a_trained_writer_reads_backwards(backwards: Transformer) -> None:
    source = torch.tensor([[10, 4, 7, 12, 5, 8]])
    answer = torch.cat([source.flip(1), torch.tensor([[reverse.STOP]])], 1)
    weights = reverse.reading(backwards, source, answer)
    assert weights.shape == (7, 6)
    torch.testing.assert_close(weights.sum(1), torch.ones(7))
    assert weights[:6].argmax(1).tolist() == [5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize("seed", [2])
def test_few_images_hurt_the_transformer_most(seed: int) -> None:
    few = {n: bias.accuracy_of(n, 100, False, seed) for n in bias.INKS}
    many = {n: bias.accuracy_of(n, 1297, False, seed) for n in bias.INKS}
    assert few["CNN"] - few["Transformer"] > 0.05
    assert few["MLP"] - few["Transformer"] > 0.1
    gains = {n: many[n] - few[n] for n in bias.INKS}
    assert gains["Transformer"] > max(gains["CNN"], gains["MLP"])
    moved = {n: bias.accuracy_of(n, 1297, True, seed) for n in bias.INKS}
    assert moved["CNN"] < many["CNN"] - 0.03
    assert abs(moved["Transformer"] - many["Transformer"]) < 0.06
    assert min(many["MLP"], moved["MLP"]) > 0.88


def test_networks_have_about_as_many_parameters() -> None:
    for name in bias.INKS:
        count = sum(p.numel() for p in bias.build(name).parameters())
        assert 13_500 < count < 18_000


NO_GRAPH: Tensor = torch.zeros(2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: depth.deep(PreNorm, 0, 0), "depth is 0; it must be"),
        (lambda: warmup.run(PreNorm, 0), "warm_up is 0; it must be"),
        (lambda: parallel.operations_in_a_row(NO_GRAPH), "y has no grad_fn"),
        (lambda: reach.heard("CNN"), "name is 'CNN'; must be one of"),
        (lambda: bias.build("tree"), "name is 'tree'; must be one of"),
        (
            lambda: reverse.examples_of("add", 1, 2, 3, torch.Generator()),
            "task is 'add'; must be one of",
        ),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
