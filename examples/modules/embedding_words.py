"""Word vectors from lookups: skip-gram with negative sampling, word2vec.

Two tables, w for centers and c for contexts, learn to tell pairs of the
text from pairs drawn at random (arxiv.org/abs/1310.4546):

    L = -mean ln σ(w_i . c_j) - k mean ln σ(-w_i . c_m)
    least, with enough features, at  w_i . c_j = PMI_ij - ln k

The latter is Levy and Goldberg's (2014), who draw m by N_m / N, as here;
word2vec draws by N_m^0.75. One draw of context words serves the batch.

Shapes: both (2, p); w and c (v, d). Raises ValueError for k below 1.
"""

import math

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.modules.embedding import Embedding
from examples.modules.embedding_corpus import (
    WORDS,
    cooccurrences,
    found,
    pairs,
    paragraphs,
    pmi,
    stream,
    vocabulary,
)

FEATURES, NEGATIVES = 32, 5
GROUPS = (
    ("precision", "recall", "roc", "accuracy"),
    ("train", "test", "split", "fold"),
    ("pandas", "dataframe", "frame", "series"),
    ("kernel", "kernels", "rbf", "polynomial"),
)


# --8<-- [start:skip_gram]
class SkipGram(nn.Module):
    def __init__(self, words: int, features: int) -> None:
        super().__init__()
        self.centers = Embedding(words, features)
        self.contexts = Embedding(words, features)
        for table in (self.centers, self.contexts):
            table.weight.data /= math.sqrt(features)

    def loss(self, both: Tensor, drawn: Tensor, k: int) -> Tensor:
        """Of true pairs (2, b) and contexts (m,) drawn for all of them."""
        if k < 1:
            raise ValueError(f"k is {k}; must be at least 1")
        w = self.centers(both[0])  # (b, d)
        true = (w * self.contexts(both[1])).sum(1)  # (b,)
        false = w @ self.contexts(drawn).T  # (b, m)
        return -F.logsigmoid(true).mean() - k * F.logsigmoid(-false).mean()


# --8<-- [end:skip_gram]
# --8<-- [start:learn]
def learn(both: Tensor, steps: int = 1500, seed: int = 0) -> SkipGram:
    torch.manual_seed(seed)
    model = SkipGram(WORDS, FEATURES)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0, steps)
    for _ in range(steps):
        batch = both[:, torch.randint(both.shape[1], (1024,))]
        drawn = both[1, torch.randint(both.shape[1], (256,))]
        loss = model.loss(batch, drawn, NEGATIVES)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model


# --8<-- [end:learn]
@torch.no_grad()
def learned(model: SkipGram, counts: Tensor) -> tuple[Tensor, Tensor]:
    """PMI - ln k and w . c, for pairs that met 20 times or more."""
    often = counts >= 20
    wanted = pmi(counts)[often] - math.log(NEGATIVES)
    scores = model.centers.weight @ model.contexts.weight.T
    return wanted, scores.double()[often]


def corpus() -> tuple[list[str], Tensor]:
    texts = paragraphs()
    words = vocabulary(texts, WORDS)
    return words, pairs(stream(texts, words))


def likeness_figure() -> Figure:
    words, both = corpus()
    named = [word for group in GROUPS for word in group]
    rows = [words.index(word) for word in named]
    figure = Figure(figsize=(6.4, 3.5), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    image = None
    for axes, steps in zip(panels, (0, 1500), strict=True):
        vectors = learn(both, steps).centers.weight.detach()[rows]
        unit = F.normalize(vectors, dim=1)
        image = axes.imshow(unit @ unit.T, cmap="PuOr", vmin=-1, vmax=1)
        axes.set_xticks(range(16), named, rotation=90)
        axes.set_title("after training" if steps else "before")
    panels[0].set_yticks(range(16), named)
    figure.colorbar(image, ax=panels, label="cosine", shrink=0.8)
    return figure


def pmi_figure() -> Figure:
    _, both = corpus()
    wanted, scores = learned(learn(both), cooccurrences(both, WORDS))
    figure = Figure(figsize=(5.2, 3.8), layout="constrained")
    axes = figure.subplots()
    axes.plot(wanted, scores, ".", ms=2, alpha=0.25, rasterized=True)
    ends = [-4, 6]
    axes.plot(ends, ends, color="#ea7a17")
    axes.set(xlabel="PMI - ln 5, counted", ylabel="w · c, learned")
    axes.grid(visible=True)
    return figure


def main() -> None:
    words, both = corpus()
    print("of ten words, how many find their partner in three:")
    for steps in (0, 1500):
        model = learn(both, steps)
        score = found(model.centers.weight.detach(), words)
        print(f"{'after' if steps else 'before'} training: {score}")
    wanted, scores = learned(model, cooccurrences(both, WORDS))
    close = torch.corrcoef(torch.stack([wanted, scores]))[0, 1]
    print(f"correlation of w . c and PMI - ln k: {close:.1f}")


if __name__ == "__main__":
    main()
