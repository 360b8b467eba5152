"""Truncated back-propagation through time: what a short window can learn.

A network reads a stream of random bits and must repeat the bit of DELAY
steps ago. The stream is cut into windows of k steps. The state is handed
from window to window, its gradient is not, so no gradient reaches back more
than k - 1 steps. "Reservoir" trains the read-out alone.

Shapes: bits (b, steps); logits (b, steps). Raises ValueError for a window
that does not divide the stream.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.architectures.rnn import RNN
from examples.architectures.rnn_backward import clip_gradients

DELAY = 3
HIDDEN = 16
STREAM = 840
WINDOWS = (2, 3, 4, 8)
SEEDS = (0, 1, 2, 3, 4, 5)


# --8<-- [start:stream]
def echo(batch: int, steps: int, seed: int) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(seed)
    size = (batch, DELAY + steps)
    bits = torch.randint(2, size, generator=random).float()
    return bits[:, DELAY:], bits[:, :steps]  # now, and what it was


# --8<-- [end:stream]
# --8<-- [start:train]
def train(window: int, seed: int, frozen: bool = False) -> float:
    """Accuracy on the last quarter of the stream, all of it fresh."""
    if STREAM % window:
        raise ValueError(f"window is {window}; it must divide {STREAM}")
    torch.manual_seed(seed)
    network, answer = RNN(1, HIDDEN), nn.Linear(HIDDEN, 1)
    network.requires_grad_(not frozen)
    parameters = [*network.parameters(), *answer.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.01)
    state, right = None, []
    for bits, wanted in zip(
        *(s.split(window, dim=1) for s in echo(32, STREAM, seed)),
        strict=True,
    ):
        outputs, state = network(2 * bits[..., None] - 1, state)
        logits = answer(outputs)[..., 0]  # (b, window)
        right.append(((logits > 0) == (wanted > 0.5)).float())
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(logits, wanted).backward()
        clip_gradients(parameters, 1.0)
        optimizer.step()
        state = tuple(s.detach() for s in state)  # the value, not its past
    return float(torch.cat(right, dim=1)[:, -STREAM // 4 :].mean())


# --8<-- [end:train]
def main() -> None:
    found = {str(k): [train(k, seed) for seed in SEEDS] for k in WINDOWS}
    found["2, reservoir"] = [train(2, seed, frozen=True) for seed in SEEDS]
    print(f"repeat the bit of {DELAY} steps ago")
    print(f"window         seeds of {len(SEEDS)}:  above 70 %   above 95 %")
    for name, values in found.items():
        some, most = (sum(v > bar for v in values) for bar in (0.7, 0.95))
        print(f"{name:<14} {some:>23} {most:>12}")


if __name__ == "__main__":
    main()
