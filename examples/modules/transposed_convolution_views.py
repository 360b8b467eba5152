"""Two more ways to a transposed convolution, to the same numbers.

By the matrix: write the convolution as a matrix and transpose it. By zeros:
put stride - 1 zeros between the pixels and convolve with the kernel turned
by 180 degrees. The first shows what it is, the second that it is an
ordinary convolution of another image: arxiv.org/abs/1603.07285.

Shapes and errors as in ``transposed_convolve``.
"""

from torch import Tensor

from examples.modules.convolution import convolve
from examples.modules.convolution_matrix import convolution_matrix
from examples.modules.transposed_convolution import (
    check_input,
    transposed_size,
)


# --8<-- [start:matrix]
def transpose_by_matrix(
    y: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Tensor:
    check_input(y, weight, groups)
    h, w = (
        transposed_size(n, k, stride, padding, output_padding, dilation)
        for n, k in zip(y.shape[2:], weight.shape[2:], strict=True)
    )
    m = convolution_matrix(weight, h, w, stride, padding, dilation, groups)
    x = (m.T @ y.flatten(1).T).T.unflatten(1, (-1, h, w))
    return x if bias is None else x + bias[:, None, None]


# --8<-- [end:matrix]
# --8<-- [start:zeros]
def transpose_by_zeros(
    y: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Tensor:
    check_input(y, weight, groups)
    sizes = [
        transposed_size(n, k, stride, padding, output_padding, dilation)
        + 2 * padding  # cut off at the end
        for n, k in zip(y.shape[2:], weight.shape[2:], strict=True)
    ]
    spans = [dilation * (k - 1) for k in weight.shape[2:]]
    h, w = (n + s for n, s in zip(sizes, spans, strict=True))
    spread = y.new_zeros(*y.shape[:2], h, w)
    top, left = spans
    rows = slice(top, top + stride * (y.shape[2] - 1) + 1, stride)
    columns = slice(left, left + stride * (y.shape[3] - 1) + 1, stride)
    spread[:, :, rows, columns] = y
    turned = weight.flip(2, 3).unflatten(0, (groups, -1))
    turned = turned.transpose(1, 2).flatten(0, 1)  # (c, o / g, kh, kw)
    x = convolve(spread, turned, None, dilation=dilation, groups=groups)
    h, w = sizes
    x = x[..., padding : h - padding, padding : w - padding]
    return x if bias is None else x + bias[:, None, None]


# --8<-- [end:zeros]
