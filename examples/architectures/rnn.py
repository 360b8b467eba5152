"""A recurrent network, written out: layers, directions, unequal lengths.

    h[t] = tanh(W_x x[t] + b_x + W_h h[t-1] + b_h)

Elman 1990, doi.org/10.1016/0364-0213(90)90002-E

Shapes: x (b, n, d) with n steps, outputs (b, n, h), h the hidden width;
weights (h, d) and (h, h), two biases (h). States are (layers × directions,
b, h). A bidirectional network has outputs (b, n, 2h), forward half first.
Raises ValueError for sizes that are not positive, an x or a state of
another shape and lengths outside 1..n.
"""

import math

import torch
from torch import Tensor, nn


# --8<-- [start:cell]
class Cell(nn.Module):
    blocks = 1  # rows of W_x and W_h, in units of the hidden width
    states = 1  # tensors that are handed from step to step

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        if min(features, hidden) < 1:
            sizes = f"{features}, {hidden}"
            raise ValueError(f"sizes are {sizes}; not positive")
        rows, bound = self.blocks * hidden, 1 / math.sqrt(hidden)
        self.w_x = nn.Parameter(torch.empty(rows, features))
        self.w_h = nn.Parameter(torch.empty(rows, hidden))
        self.b_x = nn.Parameter(torch.empty(rows))
        self.b_h = nn.Parameter(torch.empty(rows))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)


class RNNCell(Cell):
    def forward(self, from_x: Tensor, h: Tensor) -> tuple[Tensor]:
        return (torch.tanh(from_x + h @ self.w_h.T + self.b_h),)


# --8<-- [end:cell]
# --8<-- [start:unroll]
def unroll(
    cell: Cell,
    x: Tensor,
    state: tuple[Tensor, ...],
    lengths: Tensor | None = None,
    backwards: bool = False,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    from_x = x @ cell.w_x.T + cell.b_x  # (b, n, rows), all steps at once
    steps, outputs = range(x.shape[1]), {}
    for t in reversed(steps) if backwards else steps:
        new = cell(from_x[:, t], *state)
        outputs[t] = new[0]
        if lengths is not None:  # padding gives 0 and keeps the state
            valid = (t < lengths)[:, None]  # (b, 1)
            outputs[t] = new[0] * valid
            pairs = zip(new, state, strict=True)
            new = tuple(torch.where(valid, a, b) for a, b in pairs)
        state = new
    return torch.stack([outputs[t] for t in steps], dim=1), state


# --8<-- [end:unroll]
# --8<-- [start:stack]
class Recurrent(nn.Module):
    kind: type[Cell]

    def __init__(
        self,
        features: int,
        hidden: int,
        layers: int = 1,
        both: bool = False,
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ValueError(f"layers is {layers}; it must be at least 1")
        self.features, self.hidden = features, hidden
        self.directions = 1 + both
        widths = [features] + [hidden * self.directions] * (layers - 1)
        self.cells = nn.ModuleList(
            self.kind(width, hidden)
            for width in widths
            for _ in range(self.directions)
        )

    # --8<-- [end:stack]
    # --8<-- [start:layers]
    def forward(
        self,
        x: Tensor,  # (b, n, d)
        state: tuple[Tensor, ...] | None = None,
        lengths: Tensor | None = None,  # (b)
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        self.check(x, state, lengths)
        if state is None:
            zero = x.new_zeros(len(self.cells), len(x), self.hidden)
            state = (zero,) * self.kind.states
        finals, outputs = [], []
        for k, cell in enumerate(self.cells):
            backwards = k % self.directions == 1
            start = tuple(s[k] for s in state)
            y, final = unroll(cell, x, start, lengths, backwards)
            finals.append(final)
            outputs.append(y)
            if len(outputs) == self.directions:  # a layer is complete
                x, outputs = torch.cat(outputs, dim=-1), []
        return x, tuple(torch.stack(f) for f in zip(*finals, strict=True))

    # --8<-- [end:layers]
    def check(
        self,
        x: Tensor,
        state: tuple[Tensor, ...] | None,
        lengths: Tensor | None,
    ) -> None:
        if x.dim() != 3 or x.shape[2] != self.features or x.shape[1] < 1:
            rule = f"(b, n, {self.features}) with n > 0"
            raise ValueError(f"x is {tuple(x.shape)}; it must be {rule}")
        expected = (len(self.cells), len(x), self.hidden)
        shapes = [tuple(s.shape) for s in state or ()]
        if state is not None and shapes != [expected] * self.kind.states:
            rule = f"{self.kind.states} × {expected}"
            raise ValueError(f"state is {shapes}; it must be {rule}")
        if lengths is None:
            return
        if lengths.shape != x.shape[:1]:
            rule = f"one a sequence, ({len(x)},)"
            shape = tuple(lengths.shape)
            raise ValueError(f"lengths is {shape}; not {rule}")
        if lengths.min() < 1 or lengths.max() > x.shape[1]:
            rule = f"all must be within 1..{x.shape[1]}"
            raise ValueError(f"lengths is {lengths.tolist()}; {rule}")


class RNN(Recurrent):
    kind = RNNCell


# --8<-- [start:demo]
def main() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    for layers, both in [(1, False), (2, True)]:
        ours = RNN(3, 4, layers, both).double()
        outputs, (state,) = ours(x)
        theirs = nn.RNN(3, 4, layers, batch_first=True, bidirectional=both)
        same = sum(map(torch.numel, theirs.parameters()))
        count = sum(map(torch.numel, ours.parameters()))
        print(f"layers {layers}, directions {1 + both}:", end=" ")
        print(f"{count} parameters, torch {same}")
        print(f"  outputs {tuple(outputs.shape)}", end=" ")
        print(f"final state {tuple(state.shape)}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
