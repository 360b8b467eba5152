"""A transposed convolution does not undo a convolution.

M^T M is the identity only when the columns of M are orthonormal. A blur is
not like that: its transpose blurs once more. What undoes it is the inverse
of the matrix, where there is one, and that amplifies every error. Four
orthonormal 2 × 2 kernels at stride 2 are like that.

Shapes: photograph (1, 1, 40, 40), gray levels, float64.
"""

import torch
from matplotlib.figure import Figure
from skimage import data
from torch import Tensor

from examples.modules.convolution import convolve
from examples.modules.convolution_matrix import convolution_matrix
from examples.modules.transposed_convolution import transposed_convolve

SIZE = 40


def photograph() -> Tensor:
    gray = torch.tensor(data.camera()[60:220:4, 170:330:4].copy())
    return gray.double()[None, None]  # (1, 1, 40, 40)


# --8<-- [start:inverse]
def blur_kernel() -> Tensor:
    line = torch.tensor([1.0, 2, 1]).double() / 4
    return torch.outer(line, line)[None, None]  # (1, 1, 3, 3), sums to 1


def haar_kernels() -> Tensor:
    signs = [[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]
    return torch.tensor(signs).double().view(4, 1, 2, 2) / 2


def restored(x: Tensor) -> dict[str, Tensor]:
    kernel, haar = blur_kernel(), haar_kernels()
    y = convolve(x, kernel, padding=1)
    m = convolution_matrix(kernel, *x.shape[2:], padding=1)

    def solve(blurred: Tensor) -> Tensor:
        return torch.linalg.solve(m, blurred.flatten()).view_as(x)

    parts = convolve(x, haar, stride=2)  # (1, 4, h / 2, w / 2)
    return {
        "blurred": y,
        "transposed": transposed_convolve(y, kernel, padding=1),
        "solved": solve(y),
        "solved from whole gray levels": solve(y.round()),
        "Haar, transposed": transposed_convolve(parts, haar, stride=2),
    }


# --8<-- [end:inverse]
def inverse_figure() -> Figure:
    x = photograph()
    images = restored(x)
    figure = Figure(figsize=(6.2, 6.6), layout="constrained")
    shown = {
        "x": x,
        "blurred, M x": images["blurred"],
        "transposed, blurred twice": images["transposed"],
        "solved from whole gray levels": images[
            "solved from whole gray levels"
        ],
    }
    for axes, (name, image) in zip(
        figure.subplots(2, 2).flat, shown.items(), strict=True
    ):
        axes.imshow(image[0, 0], vmin=0, vmax=255)
        axes.set_title(name)
        axes.axis("off")
    return figure


def main() -> None:
    x = photograph()
    print("root mean square difference from the photograph, gray levels")
    for name, image in restored(x).items():
        error = (image - x).square().mean().sqrt().item()
        print(f"{name:<30} {error:>6.0f}")


if __name__ == "__main__":
    main()
