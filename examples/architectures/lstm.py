"""LSTM and GRU: gates that decide what a memory keeps, written out.

    i, f, g, o = split(W_x x[t] + b_x + W_h h[t-1] + b_h)
    c[t] = sigmoid(f) c[t-1] + sigmoid(i) tanh(g)
    h[t] = sigmoid(o) tanh(c[t])

LSTM: Hochreiter and Schmidhuber 1997, doi.org/10.1162/neco.1997.9.8.1735;
its forget gate: Gers et al. 2000, doi.org/10.1162/089976600300015015;
GRU: Cho et al. 2014, arxiv.org/abs/1406.1078

Shapes: x (b, n, d), outputs (b, n, h), states (layers × directions, b, h);
weights (4h, d) and (4h, h), for a GRU 3h. Raises ValueError as RNN does.
"""

import torch
from torch import Tensor, nn

from examples.architectures.rnn import RNN, Cell, Recurrent, unroll


# --8<-- [start:lstm]
class LSTMCell(Cell):
    blocks = 4  # input gate, forget gate, candidate, output gate
    states = 2  # h is shown to the outside, c stays inside

    def forward(
        self, from_x: Tensor, h: Tensor, c: Tensor
    ) -> tuple[Tensor, Tensor]:
        rows = from_x + h @ self.w_h.T + self.b_h  # (b, 4h)
        i, f, g, o = rows.chunk(4, dim=-1)  # (b, h) each
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


class LSTM(Recurrent):
    kind = LSTMCell


# --8<-- [end:lstm]
# --8<-- [start:gru]
class GRUCell(Cell):
    blocks = 3  # reset gate, update gate, candidate

    def forward(self, from_x: Tensor, h: Tensor) -> tuple[Tensor]:
        from_h = h @ self.w_h.T + self.b_h
        r_x, z_x, n_x = from_x.chunk(3, dim=-1)
        r_h, z_h, n_h = from_h.chunk(3, dim=-1)
        r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
        n = torch.tanh(n_x + r * n_h)  # r acts after the product with W_h
        return ((1 - z) * n + z * h,)


class GRU(Recurrent):
    kind = GRUCell


# --8<-- [end:gru]
# --8<-- [start:before]
class ResetFirstGRUCell(GRUCell):
    def forward(self, from_x: Tensor, h: Tensor) -> tuple[Tensor]:
        w_r, w_z, w_n = self.w_h.chunk(3)
        b_r, b_z, b_n = self.b_h.chunk(3)
        r_x, z_x, n_x = from_x.chunk(3, dim=-1)
        r = (r_x + h @ w_r.T + b_r).sigmoid()
        z = (z_x + h @ w_z.T + b_z).sigmoid()
        n = torch.tanh(n_x + (r * h) @ w_n.T + b_n)  # r acts before it
        return ((1 - z) * n + z * h,)


class ResetFirstGRU(Recurrent):
    kind = ResetFirstGRUCell


# --8<-- [end:before]
# --8<-- [start:bias]
@torch.no_grad()
def set_forget_bias(lstm: LSTM, value: float) -> None:
    for cell in lstm.cells:
        hidden = lstm.hidden  # rows h..2h belong to the forget gate
        cell.b_x[hidden : 2 * hidden] = value  # type: ignore[index]
        cell.b_h[hidden : 2 * hidden] = 0  # type: ignore[index]


# --8<-- [end:bias]
@torch.no_grad()
def forget_gates(lstm: LSTM, x: Tensor) -> Tensor:
    """Every f[t] of the first layer, (b, n, h)."""
    cell, zero = lstm.cells[0], x.new_zeros(len(x), lstm.hidden)
    outputs, _ = unroll(cell, x, (zero, zero))  # type: ignore[arg-type]
    before = torch.cat([zero[:, None], outputs], dim=1)
    rows = x @ cell.w_x.T + cell.b_x
    rows = rows + before[:, :-1] @ cell.w_h.T + cell.b_h
    return rows.chunk(4, dim=-1)[1].sigmoid()


# --8<-- [start:demo]
def main() -> None:
    torch.manual_seed(0)
    d, h = 3, 4
    x = torch.randn(2, 5, d)
    print("      blocks (h (d + h) + 2 h)   torch   states")
    for ours in (RNN(d, h), GRU(d, h), LSTM(d, h)):
        name = type(ours).__name__
        theirs = getattr(nn, name)(d, h, batch_first=True)
        count = sum(map(torch.numel, ours.parameters()))
        assert count == ours.kind.blocks * (h * (d + h) + 2 * h)
        torchs = sum(map(torch.numel, theirs.parameters()))
        _, state = ours(x)
        shapes = ", ".join(str(tuple(s.shape)) for s in state)
        print(f"{name:<5} {count:>24} {torchs:>7}   {shapes}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
