"""Steps and scales that BN bears: the experiment, and the exact law."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.modules.normalization import BatchNorm
from examples.modules.normalization_scale import deep_net, table


@pytest.fixture(scope="module")
def with_bn() -> list[list[float]]:
    return table(normalized=True, seed=1)


def test_bn_learns_from_every_scale(with_bn: list[list[float]]) -> None:
    assert all(max(row) > 0.8 for row in with_bn)


def test_without_bn_no_rate_gets_there() -> None:
    rows = table(normalized=False, seed=1)
    assert all(max(row) < 0.75 for row in rows)


def test_with_bn_larger_weights_want_larger_steps(
    with_bn: list[list[float]],
) -> None:
    assert all(row[0] < 0.7 < 0.85 < row[-1] for row in with_bn)
    slowest = [row[0] for row in with_bn]
    assert slowest == sorted(slowest, reverse=True)


@pytest.mark.usefixtures("float64")
def test_scaled_weights_with_squared_steps_take_the_same_path() -> None:
    """Exactly, without eps: a² times the step for a times the weights."""

    def path(a: float) -> Tensor:
        torch.manual_seed(0)
        model = deep_net(normalized=True, scale=1.0)
        convs = [m for m in model if isinstance(m, nn.Conv2d)]
        for norm in (m for m in model if isinstance(m, BatchNorm)):
            norm.eps = 0.0
        for conv in convs:
            conv.weight.data *= a
        scaled = [conv.weight for conv in convs]
        others = [p for p in model.parameters() if p.dim() != 4]
        optimizer = torch.optim.SGD(
            [{"params": scaled, "lr": 0.1 * a**2}, {"params": others}], lr=0.1
        )
        x, y = torch.randn(64, 64, 1, 1), torch.arange(64) % 10
        losses = []
        for _ in range(5):
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return torch.stack(losses)

    torch.testing.assert_close(path(3.0), path(1.0), rtol=0, atol=1e-9)
    assert path(1.0)[-1] < path(1.0)[0] - 0.01
