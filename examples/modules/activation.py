"""Nine activations, each as its formula with its derivative beside it.

    sigmoid  s(x) = 1 / (1 + e^-x)          s' = s (1 - s)
    tanh     t(x) = 2 s(2x) - 1             t' = 1 - t^2
    ReLU     max(x, 0)                      1 where x > 0
    softplus log(1 + e^(b x)) / b           s(b x)
    ELU      a (e^x - 1) where x <= 0       a e^x where x <= 0
    Swish    x s(x)                         s + x s'
    GELU     x P(x), P the normal CDF       P + x p, p the normal density

ReLU: Nair and Hinton 2010. ELU: arxiv.org/abs/1511.07289. SELU:
arxiv.org/abs/1706.02515. GELU: arxiv.org/abs/1606.08415. Swish:
arxiv.org/abs/1710.05941. GLU is in activation_modules.py.

Shapes: any, and the result has the same. Values and derivatives at -inf and
+inf are the limits. Raises ValueError for a beta that is not positive.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

Curve = Callable[[Tensor], Tensor]

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


# --8<-- [start:saturating]
def sigmoid(x: Tensor) -> Tensor:
    e = torch.exp(-x.abs())  # at most 1: nothing overflows
    return torch.where(x >= 0, 1.0, e) / (1 + e)


def sigmoid_slope(x: Tensor) -> Tensor:
    return sigmoid(x) * sigmoid(-x)  # 1 - s(x) = s(-x), without canceling


def tanh(x: Tensor) -> Tensor:
    e = torch.exp(-2 * x.abs())
    return x.sign() * -torch.expm1(-2 * x.abs()) / (1 + e)


def tanh_slope(x: Tensor) -> Tensor:
    return 1 - tanh(x) ** 2


# --8<-- [end:saturating]
# --8<-- [start:piecewise]
def relu(x: Tensor) -> Tensor:
    return x.clamp(min=0)


def relu_slope(x: Tensor) -> Tensor:
    return (x > 0).to(x.dtype)  # 0 at 0, by convention


def leaky_relu(x: Tensor, alpha: float = 0.01) -> Tensor:
    return torch.where(x > 0, x, alpha * x)


def leaky_relu_slope(x: Tensor, alpha: float = 0.01) -> Tensor:
    return torch.where(x > 0, 1.0, torch.full_like(x, alpha))


# --8<-- [end:piecewise]
# --8<-- [start:softplus]
def softplus(x: Tensor, beta: float = 1.0) -> Tensor:
    if not beta > 0:
        raise ValueError(f"beta is {beta}; it must be positive")
    return relu(x) + torch.log1p(torch.exp(-beta * x.abs())) / beta


def softplus_slope(x: Tensor, beta: float = 1.0) -> Tensor:
    return sigmoid(beta * x)


# --8<-- [end:softplus]
# --8<-- [start:exponential]
def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    below = x.clamp(max=0)  # where() evaluates both sides: keep e^x finite
    return torch.where(x > 0, x, alpha * torch.expm1(below))


def elu_slope(x: Tensor, alpha: float = 1.0) -> Tensor:
    return torch.where(x > 0, 1.0, alpha * torch.exp(x.clamp(max=0)))


def selu(x: Tensor) -> Tensor:
    return SELU_SCALE * elu(x, SELU_ALPHA)


def selu_slope(x: Tensor) -> Tensor:
    return SELU_SCALE * elu_slope(x, SELU_ALPHA)


# --8<-- [end:exponential]
# --8<-- [start:gated]
def gated(x: Tensor, gate: Tensor) -> Tensor:
    return torch.where(gate == 0, 0.0, x * gate)  # also where x is infinite


def swish(x: Tensor) -> Tensor:
    return gated(x, sigmoid(x))


def swish_slope(x: Tensor) -> Tensor:
    return sigmoid(x) + gated(x, sigmoid_slope(x))


def normal_cdf(x: Tensor) -> Tensor:
    return torch.erfc(-x / math.sqrt(2)) / 2


def gelu(x: Tensor) -> Tensor:
    return gated(x, normal_cdf(x))


def gelu_slope(x: Tensor) -> Tensor:
    density = torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return normal_cdf(x) + gated(x, density)


def gelu_tanh(x: Tensor) -> Tensor:
    u = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    return gated(x, sigmoid(2 * u))  # (1 + tanh u) / 2 is s(2u)


def gelu_tanh_slope(x: Tensor) -> Tensor:
    u = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    du = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
    return sigmoid(2 * u) + gated(2 * x * du, sigmoid_slope(2 * u))


# --8<-- [end:gated]
# --8<-- [start:curves]
def curves() -> dict[str, tuple[Curve, Curve]]:
    return {
        "Sigmoid": (sigmoid, sigmoid_slope),
        "Tanh": (tanh, tanh_slope),
        "ReLU": (relu, relu_slope),
        "LeakyReLU": (leaky_relu, leaky_relu_slope),
        "SoftPlus": (softplus, softplus_slope),
        "ELU": (elu, elu_slope),
        "SELU": (selu, selu_slope),
        "Swish": (swish, swish_slope),
        "GELU": (gelu, gelu_slope),
        "GELU tanh": (gelu_tanh, gelu_tanh_slope),
    }


# --8<-- [end:curves]
# --8<-- [start:demo]
def main() -> None:
    x = torch.tensor([-math.inf, -1e4, -1.0, 0.0, 1.0, 1e4, math.inf])
    print("f(x)      " + "".join(f"{v:>9g}" for v in x.tolist()))
    for name, (value, _) in curves().items():
        row = "".join(f"{v:>9.3g}" for v in value(x).tolist())
        print(f"{name:<10}{row}")
    print("\nf'(x)")
    for name, (_, slope) in curves().items():
        row = "".join(f"{v:>9.3g}" for v in slope(x).tolist())
        print(f"{name:<10}{row}")
    print("\nnot finite in torch:")
    for name, theirs in {"SiLU": nn.SiLU(), "GELU": nn.GELU()}.items():
        leaf = x.clone().requires_grad_()
        y = theirs(leaf)
        (gradient,) = torch.autograd.grad(y.sum(), leaf)
        last = gradient[-1]
        print(f"  {name}(-inf) is {y[0]:.0f}, {name}'(inf) {last:.0f}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
