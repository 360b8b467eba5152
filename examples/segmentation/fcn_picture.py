"""Drawings: FCN with its skips, and what the small ones segment."""

from matplotlib.figure import Figure

from examples.segmentation.diagram import BLUE, GREEN, ORANGE, Diagram
from examples.segmentation.index_segments import compare_segments


def model_figure() -> Figure:
    d = Diagram(16, 7.4)
    y, xs = 5.3, (0.6, 2.1, 3.7, 5.3, 6.9, 8.4)
    names = ("image", "pool1", "pool2", "pool3", "pool4", "pool5")
    maps = []
    for i, (x, name) in enumerate(zip(xs, names, strict=True)):
        channels, below = min(32 * 2**i, 512), f"1/{2**i}" if i else ""
        maps.append(d.maps(x, y, 2**i, channels if i else 3, name, below))
        if i:
            d.arrow(maps[-2], maps[-1])
    fc = d.maps(10.4, y, 32, 4096, "fc6, fc7\nas convolutions", "", ORANGE)
    d.arrow(maps[-1], fc)
    low = d.maps(12.5, y, 32, 21, "scores", "", ORANGE)
    d.arrow(fc, low)
    out = d.maps(15.3, y, 1, 21, "FCN-32s", "", GREEN)
    d.arrow(low, out, "×32", GREEN)
    first, second = d.node(12.5, 3.0), d.node(12.5, 0.9)
    d.arrow(low, first, "×2", GREEN)
    d.arrow(first, second, "×2", GREEN)
    for source, plus in ((maps[4], first), (maps[3], second)):
        start = (source.x, source.bottom[1] - 0.5)  # below its words
        d.path([start, (source.x, plus.y), plus.left], "", BLUE)
    d.text(9.6, 3.12, "1 × 1: scores of pool4", color=BLUE, va="bottom")
    d.text(9.6, 1.02, "1 × 1: scores of pool3", color=BLUE, va="bottom")
    for plus, name, scale in ((first, "16s", 16), (second, "8s", 8)):
        d.path([plus.right, (14.3, plus.y)], f"×{scale}", GREEN)
        d.text(15.2, plus.y, f"FCN-{name}")
    return d.figure


def segments_figure() -> Figure:
    return compare_segments(
        {"FCN-32s": "fcn_32s", "FCN-16s": "fcn_16s", "FCN-8s": "fcn_8s"}
    )
