"""Drawings: SegFormer, its keys, and what the small one segments."""

from matplotlib.figure import Figure

from examples.segmentation.diagram import GREEN, ORANGE, Diagram
from examples.segmentation.index_segments import segments


def model_figure() -> Figure:
    d = Diagram(16, 8.6)
    y, previous = 6.1, None
    image = d.maps(0.7, y, 1, 3, "image")
    stages = ((2.6, 4, 32), (4.5, 8, 64), (6.3, 16, 160), (8.4, 32, 256))
    plus = d.node(11.3, 2.4, "c")
    for i, (x, stride, channels) in enumerate(stages):
        name = f"stage {i + 1}"
        box = d.maps(x, y, stride, channels, name, f"1/{stride}", ORANGE)
        d.arrow(previous or image, box)
        start = (x, box.bottom[1] - 0.55)
        turn = 0.9 + 0.5 * (3 - i)
        words = f"{channels} → 256" + (f"\n×{stride // 4}" if i else "")
        end = [plus.left] if i == 0 else [(plus.x, turn), plus.bottom]
        d.path([start, (x, turn), *end], "", GREEN)
        d.text(x + 0.15, 3.6, words, color=GREEN, ha="left")
        previous = box
    fused = d.maps(13.0, 2.4, 4, 256, "256", "1/4", GREEN)
    d.arrow(plus, fused, "", GREEN)
    scores = d.maps(14.7, 2.4, 4, 150, "scores", "1/4", GREEN)
    d.arrow(fused, scores, "", GREEN)
    block = ("patches overlap", "attention, few keys", "Mix-FFN, 3 × 3")
    d.text(12.6, 8.2, "inside of a stage")
    above = None
    for i, words in enumerate(block):
        op = d.op(12.6, 7.4 - 1.15 * i, words, 4.4)
        if above:
            d.arrow(above, op)
        above = op
    d.text(12.6, 4.3, "the last two, 2 times in B0")
    return d.figure


def segments_figure() -> Figure:
    return segments("segformer")
