"""Drawing of the littered digits."""

from matplotlib.figure import Figure

from examples.modules.convolutional_attention_digits_results import digit_test


def litter_figure() -> Figure:
    figure = Figure(figsize=(6.4, 1.5), layout="constrained")
    images, labels = digit_test()
    for axes, image, label in zip(
        figure.subplots(1, 6), images[:6, 0], labels.tolist(), strict=False
    ):
        axes.imshow(image)
        axes.set(xticks=[], yticks=[], title=str(label))
    return figure
