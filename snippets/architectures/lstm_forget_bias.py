import torch
from torch import nn

torch.manual_seed(0)
lstm = nn.LSTM(8, 16, num_layers=2)


@torch.no_grad()
def set_forget_bias(lstm: nn.LSTM, value: float) -> None:
    h = lstm.hidden_size
    for name, bias in lstm.named_parameters():
        if name.startswith("bias_ih"):
            bias[h : 2 * h] = value  # rows: input, forget, cell, output
        elif name.startswith("bias_hh"):
            bias[h : 2 * h] = 0  # the two are added


def forget_bias(lstm: nn.LSTM) -> float:
    both = lstm.bias_ih_l0 + lstm.bias_hh_l0
    return both[16:32].mean().item()


print(f"torch starts near 0: {abs(forget_bias(lstm)) < 0.2}")
set_forget_bias(lstm, 1.0)
print(f"after set_forget_bias: {forget_bias(lstm):.0f}")
