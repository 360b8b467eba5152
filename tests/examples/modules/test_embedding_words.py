"""Word vectors: counts by loops, the optimum in closed form, real words."""

import math
from collections import Counter
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import CountVectorizer
from torch import Tensor, nn

from examples.modules import embedding_corpus, embedding_words
from examples.modules.embedding_bag import count_matrix
from examples.modules.embedding_corpus import (
    PARTNERS,
    WINDOW,
    WORDS,
    cooccurrences,
    factor,
    found,
    nearest,
    pairs,
    paragraphs,
    pmi,
    stream,
    vocabulary,
)
from examples.modules.embedding_words import SkipGram, learn, learned
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, randomize


@pytest.fixture(scope="module")
def texts() -> list[list[str]]:
    return paragraphs()


@pytest.fixture(scope="module")
def words(texts: list[list[str]]) -> list[str]:
    return vocabulary(texts, WORDS)


@pytest.fixture(scope="module")
def both(texts: list[list[str]], words: list[str]) -> Tensor:
    return pairs(stream(texts, words))


def pairs_by_hand(texts: list[list[str]], words: list[str]) -> Counter:
    counts: Counter = Counter()
    for text in texts:
        for i, a in enumerate(text):
            for j, b in enumerate(text):
                near = 0 < abs(i - j) <= WINDOW
                if near and a in words and b in words:
                    counts[a, b] += 1
    return counts


def differing(m: ModuleType, texts: list[list[str]]) -> int:
    """Cells of the count matrix that loops over paragraphs do not find."""
    texts = texts[:150]
    words = m.vocabulary(texts, 40)
    counts = m.cooccurrences(m.pairs(m.stream(texts, words)), 40)
    by_hand = pairs_by_hand(texts, words)
    return sum(
        int(counts[i, j]) != by_hand[a, b]
        for i, a in enumerate(words)
        for j, b in enumerate(words)
    )


def test_counts_by_a_loop(texts: list[list[str]]) -> None:
    assert differing(embedding_corpus, texts) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[-1] * WINDOW", "[]"),
        ("[-1] * WINDOW", "[-1]"),
        ("range(1, window + 1)", "range(1, window)"),
        ("found += [both, both.flip(0)]", "found += [both]"),
        ("(both >= 0).all(0)", "(both >= 0).any(0)"),
        ("both[0] * size + both[1]", "both[0] * size + both[0]"),
    ],
)
def test_the_loop_notices_the_mutant(
    old: str, new: str, texts: list[list[str]]
) -> None:
    try:
        assert differing(mutate(embedding_corpus, old, new), texts) > 0
    except RuntimeError:  # negative numbers cannot be counted
        assert "any" in new


def test_bags_of_words_are_those_of_scikit_learn(
    texts: list[list[str]], proof: Callable[..., None]
) -> None:
    some = [text for text in texts[:500] if text]
    words = vocabulary(some, 300)
    ids = [[words.index(w) for w in text if w in words] for text in some]
    sizes = torch.tensor([len(row) for row in ids])
    ours = count_matrix(
        torch.tensor([i for row in ids for i in row]),
        sizes.cumsum(0) - sizes,
        len(words),
    )
    counter = CountVectorizer(vocabulary=words, token_pattern=r"[a-z]+")
    theirs = counter.transform(" ".join(text) for text in some).toarray()
    wrong = int((ours != torch.from_numpy(theirs)).sum())
    assert wrong == 0 and ours.sum() > 5000
    proof(
        ours="count_matrix",
        reference="sklearn.feature_extraction.text.CountVectorizer",
        case="500 paragraphs",
        kind="count",
        differing=wrong,
    )


def random_counts(v: int) -> Tensor:
    random = torch.Generator().manual_seed(0)
    counts = torch.randint(0, 9, (v, v), generator=random).double()
    return counts + counts.T


def factor_gap(m: ModuleType) -> float:
    """Likeness of all words by numpy's eigenvectors of P P^T."""
    counts = random_counts(30)
    counts[3, 4] = counts[4, 3] = 0
    n = counts.numpy()
    with np.errstate(divide="ignore"):
        p = np.log(n * n.sum() / np.outer(n.sum(1), n.sum(0)))
    p = np.maximum(p, 0)
    values, vectors = np.linalg.eigh(p @ p.T)
    values, vectors = values[-7:], vectors[:, -7:]
    expected = vectors * np.sqrt(values) @ vectors.T  # U S U^T
    ours = m.factor(counts, 7)
    return gap(ours @ ours.T, torch.from_numpy(expected))


@pytest.mark.usefixtures("float64")
def test_vectors_are_those_of_eigh(proof: Callable[..., None]) -> None:
    error = factor_gap(embedding_corpus)
    assert error < TOLERANCE
    proof(
        ours="factor",
        reference="numpy.linalg.eigh",
        case="products of all vectors, 30 words",
        kind="layer",
        forward=error,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("s[:rank].sqrt()", "s[:rank]"),
        (".clamp(min=0))", ".clamp(min=-9))"),
        ("counts.sum() / (rows * columns)", "counts.sum() / rows"),
        ("counts * counts.sum()", "counts"),
        ("u[:, :rank] * s[:rank]", "u[:, -rank:] * s[-rank:]"),
    ],
)
def test_eigh_notices_the_mutant(old: str, new: str) -> None:
    assert not factor_gap(mutate(embedding_corpus, old, new)) < TOLERANCE


def loss_gap(m: ModuleType) -> dict[str, float]:
    """Against binary cross-entropy with the scores written as sums."""
    torch.manual_seed(0)
    model = m.SkipGram(9, 5)
    randomize(model)
    w, c = (
        table.weight.detach().clone().requires_grad_()
        for table in (model.centers, model.contexts)
    )
    both, drawn = torch.randint(9, (2, 12)), torch.randint(9, (7,))

    def reference(both: Tensor, drawn: Tensor) -> Tensor:
        true = torch.einsum("bd,bd->b", w[both[0]], c[both[1]])
        false = torch.einsum("bd,md->bm", w[both[0]], c[drawn])
        bce = nn.BCEWithLogitsLoss()
        return bce(true, torch.ones_like(true)) + 5 * bce(
            false, torch.zeros_like(false)
        )

    return differences(
        lambda both, drawn: model.loss(both, drawn, 5),
        reference,
        [both, drawn],
        [(model.centers.weight, w), (model.contexts.weight, c)],
    )


@pytest.mark.usefixtures("float64")
def test_loss_is_binary_cross_entropy(proof: Callable[..., None]) -> None:
    measured = loss_gap(embedding_words)
    assert max(measured.values()) < TOLERANCE
    proof(
        ours="SkipGram.loss",
        reference="torch.nn.BCEWithLogitsLoss",
        case="12 pairs, 7 drawn words, k = 5",
        kind="layer",
        **measured,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("- k * F", "- F"),
        ("logsigmoid(-false)", "logsigmoid(false)"),
        ("self.contexts(both[1])", "self.centers(both[1])"),
        ("self.contexts(drawn)", "self.contexts(drawn).detach()"),
        ("self.centers(both[0])", "self.centers(both[1])"),
        ("logsigmoid(true).mean()", "logsigmoid(true).sum()"),
    ],
)
@pytest.mark.usefixtures("float64")
def test_cross_entropy_notices_the_mutant(old: str, new: str) -> None:
    measured = loss_gap(mutate(embedding_words, old, new))
    assert not max(measured.values()) < TOLERANCE


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.usefixtures("float64")
def test_the_optimum_is_pmi_minus_ln_k(k: int) -> None:
    """With as many features as words, all pairs and all their contexts as
    draws, the gradient is zero there and nowhere near it."""
    counts = random_counts(8) + 1
    both = torch.stack(
        [
            torch.arange(8).repeat_interleave(counts.sum(1).long()),
            torch.cat(
                [
                    torch.arange(8).repeat_interleave(row.long())
                    for row in counts
                ]
            ),
        ]
    )
    assert torch.equal(cooccurrences(both, 8), counts)
    model = SkipGram(8, 8)
    model.contexts.weight.data = torch.eye(8)
    for shift, zero in ((0.0, True), (0.1, False)):
        model.centers.weight.data = pmi(counts) - math.log(k) + shift
        gradient = torch.autograd.grad(
            model.loss(both, both[1], k), list(model.parameters())
        )
        size = max(float(g.abs().max()) for g in gradient)
        assert (size < TOLERANCE) == zero


def test_counting_finds_partners(words: list[str], both: Tensor) -> None:
    counts = cooccurrences(both, WORDS)
    assert found(factor(counts, 50), words) >= 9
    assert 3 <= found(counts, words) <= 8  # frequent words are in the way
    assert nearest(counts, words, "positive", 2) == ["to", "and"]


@pytest.mark.parametrize("seed", [3])
def test_lookups_find_the_same_partners(
    seed: int, words: list[str], both: Tensor
) -> None:
    start = SkipGram(WORDS, 32).centers.weight.detach()
    assert found(start, words) <= 1
    model = learn(both, seed=seed)
    assert found(model.centers.weight.detach(), words) >= 9
    scores = torch.stack(learned(model, cooccurrences(both, WORDS)))
    assert 0.88 < torch.corrcoef(scores)[0, 1] < 0.95
    slope = scores.cov()[0, 1] / scores[0].var()
    assert 0.6 < slope < 0.95  # 32 features cannot hold a million cells


def test_opposites_are_neighbors(words: list[str], both: Tensor) -> None:
    """Likeness of context is not likeness of meaning."""
    vectors = factor(cooccurrences(both, WORDS), 50)
    for a, b in (
        ("left", "right"),
        ("min", "max"),
        ("positive", "negative"),
        ("train", "test"),
        ("true", "false"),
    ):
        assert nearest(vectors, words, a)[0] == b
    assert len(PARTNERS) == 10


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pairs(torch.arange(9), 0), "window is 0; must be from 1 to 4"),
        (lambda: pairs(torch.arange(9), 5), "window is 5"),
        (lambda: factor(torch.ones(3, 3), 4), "rank is 4; must be 1 to 3"),
        (
            lambda: nearest(torch.ones(2, 2), ["a", "b"], "c"),
            "word is 'c'; it is not in the vocabulary",
        ),
        (
            lambda: SkipGram(5, 3).loss(
                torch.zeros(2, 1).long(), torch.zeros(1).long(), 0
            ),
            "k is 0; must be at least 1",
        ),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_missing_sources_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_corpus, "files", lambda name: [])
    with pytest.raises(FileNotFoundError, match="without its sources"):
        paragraphs()
