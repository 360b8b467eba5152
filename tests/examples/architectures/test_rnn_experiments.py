"""What the page says of gradients, clipping and truncation."""

from collections.abc import Callable

import pytest
import torch

from examples.architectures import rnn_cliff, rnn_reach, rnn_truncated
from examples.architectures.rnn import RNN
from tests.mutants import mutate

DRIVE = 0.5 * rnn_reach.noise(30, rnn_reach.HIDDEN, seed=1)


def by_autograd(w: torch.Tensor, drive: torch.Tensor, kind: str) -> list[float]:
    """The same norms from whole Jacobians of torch's own recurrence."""
    act = {"tanh": torch.tanh, "relu": torch.relu, "linear": lambda z: z}[kind]
    states = [torch.zeros_like(drive[0])]
    for push in drive:
        states.append(act(w @ states[-1] + push))

    def last(h: torch.Tensor, steps: int) -> torch.Tensor:
        for push in drive[len(drive) - steps :]:
            h = act(w @ h + push)
        return h

    norms = []
    for k in range(1, len(drive) + 1):
        jacobian = torch.autograd.functional.jacobian(
            lambda h, k=k: last(h, k), states[-1 - k]
        )
        norms.append(float(torch.linalg.svdvals(jacobian)[0]))
    return norms


@pytest.mark.parametrize("kind", ["tanh", "relu", "linear"])
def test_reach_is_the_norm_of_the_jacobian(
    kind: str, proof: Callable[..., None]
) -> None:
    w = rnn_reach.with_radius(1.2)
    found = rnn_reach.reach(w, DRIVE, kind).tolist()
    expected = by_autograd(w, DRIVE, kind)
    error = max(
        abs(a / b - 1) for a, b in zip(found, expected, strict=True) if b
    )
    assert error < 1e-10
    if kind == "tanh":
        proof(
            ours="reach",
            reference="torch.autograd.functional.jacobian",
            case="30 lags, relative",
            forward=error,
        )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("slope = 1 - h**2", "slope = 1 - h"),
        ("slope[:, None] * w", "slope * w"),
        ("product @ factor", "factor @ product"),
        ("reversed(factors)", "factors"),
    ],
)
def test_the_jacobian_notices_the_mutant(old: str, new: str) -> None:
    w = rnn_reach.with_radius(1.2)
    found = mutate(rnn_reach, old, new).reach(w, DRIVE[:8]).tolist()
    expected = by_autograd(w, DRIVE[:8], "tanh")
    assert max(abs(a / b - 1) for a, b in zip(found, expected)) > 1e-6  # noqa: B905


@pytest.mark.parametrize("seed", range(3))
def test_norms_stay_under_the_bound(seed: int) -> None:
    drive = 0.5 * rnn_reach.noise(100, rnn_reach.HIDDEN, seed=seed + 7)
    lags = torch.arange(1, 101)
    weights = [rnn_reach.with_radius(r, seed) for r in rnn_reach.RADII]
    weights += [rnn_reach.initial(name, seed) for name in rnn_reach.STARTS]
    for w in weights:
        sigma = torch.linalg.matrix_norm(w, 2)
        for kind in ("tanh", "relu", "linear"):
            norms = rnn_reach.reach(w, drive, kind)
            assert (norms <= sigma**lags * (1 + 1e-9)).all()


@pytest.mark.parametrize("seed", range(3))
def test_what_vanishes_and_what_does_not(seed: int) -> None:
    drive = 0.5 * rnn_reach.noise(100, rnn_reach.HIDDEN, seed=seed + 7)

    def last(w: torch.Tensor, kind: str = "tanh") -> float:
        return float(rnn_reach.reach(w, drive, kind)[-1])

    # tanh under noise: vanishes even at radius 1.2, where linear explodes
    assert last(rnn_reach.with_radius(1.2, seed)) < 1e-3
    assert last(rnn_reach.with_radius(1.2, seed), "linear") > 1e6
    assert last(rnn_reach.with_radius(0.8, seed), "linear") < 1e-6
    assert last(rnn_reach.initial("torch's uniform", seed)) < 1e-25
    for name in ("orthogonal", "identity"):
        assert 1e-20 < last(rnn_reach.initial(name, seed)) < 1e-6
    assert last(rnn_reach.initial("identity", seed), "relu") == 1.0
    w = rnn_reach.initial("torch's uniform", seed)
    assert 0.5 < rnn_reach.spectral_radius(w) < 0.7


def test_radius_does_not_bound_the_first_steps() -> None:
    """A non-normal matrix of radius 0.8 first makes the gradient larger."""
    norms = rnn_reach.reach(rnn_reach.with_radius(0.8), DRIVE, "linear")
    assert norms[0] > 1.2
    assert norms[-1] < 0.1


def test_cliff_needs_clipping() -> None:
    assert abs(rnn_cliff.slope(rnn_cliff.ON_THE_WALL)) > 1000
    thrown = rnn_cliff.walk(rnn_cliff.ON_THE_WALL, 40, None)
    assert thrown[1] > 30 and abs(rnn_cliff.slope(thrown[1])) < 1e-12
    held = torch.tensor(rnn_cliff.walk(rnn_cliff.ON_THE_WALL, 40, 0.1))
    assert (held - rnn_cliff.ON_THE_WALL).abs().max() < 0.01
    assert rnn_cliff.final_loss(held)[-1] < 0.01
    # too large a maximum leaps over the wall and stays on the wrong side
    leapt = torch.tensor(rnn_cliff.walk(rnn_cliff.ON_THE_WALL, 40, 0.5))
    assert rnn_cliff.final_loss(leapt)[-1] > 2


def test_slope_is_the_finite_difference() -> None:
    w, step = 1.96, 1e-6
    at = torch.tensor([w - step, w + step], dtype=torch.float64)
    low, high = rnn_cliff.final_loss(at).tolist()
    assert abs((high - low) / (2 * step) / rnn_cliff.slope(w) - 1) < 1e-5


def test_windows_learn_only_beyond_the_delay() -> None:
    assert rnn_truncated.train(3, seed=10) < 0.75
    assert rnn_truncated.train(4, seed=10) > 0.95


def test_stream_repeats_itself_after_the_delay() -> None:
    now, before = rnn_truncated.echo(2, 50, 0)
    assert torch.equal(before[:, 3:], now[:, :-3])
    assert 0.3 < float(now.mean()) < 0.7


def test_window_k_reaches_k_minus_1_steps_back() -> None:
    network = RNN(1, 4).double()
    x = torch.randn(1, 8, 1, dtype=torch.float64, requires_grad=True)
    state, last = None, x
    for piece in x.split(4, dim=1):
        last, state = network(piece, state)
        state = tuple(s.detach() for s in state)
    (dx,) = torch.autograd.grad(last[0, -1].sum(), x)
    assert (dx[0, :, 0] != 0).tolist() == [False] * 4 + [True] * 4


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: rnn_truncated.train(11, 0), "window is 11; it must divide"),
        (lambda: rnn_reach.initial("zeros"), "name is 'zeros'"),
        (lambda: rnn_cliff.walk(2.0, 1, -1.0), "maximum is -1.0"),
    ],
)
def test_bad_input_is_named(run: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run()
