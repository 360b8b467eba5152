"""Word vectors from counts: who stands beside whom in scikit-learn's docs.

The corpus is real and already here: the docstrings of the installed
scikit-learn, each paragraph once. N_ij counts how often word j stands
within WINDOW words of word i.

    PMI_ij = ln( N_ij N / (N_i N_j) )     pointwise mutual information
    max(PMI, 0) ~ U_d S_d V_d^T           vectors: rows of U_d √S_d

Shapes: stream (n,), with -1 for rare words and between paragraphs; counts
(v, v); vectors (v, d). Raises ValueError for a window or rank below 1 and
for an unknown word, FileNotFoundError where scikit-learn has no sources.
"""

import re
from collections import Counter
from importlib.metadata import files

import torch
import torch.nn.functional as F
from torch import Tensor

WORDS, WINDOW, RANK = 1000, 4, 50
SHOWN = ("positive", "left", "min", "lower", "classifier", "pandas")
PARTNERS = (
    ("left", "right"),
    ("min", "max"),
    ("true", "false"),
    ("train", "test"),
    ("precision", "recall"),
    ("classifier", "regressor"),
    ("early", "stopping"),
    ("kernel", "rbf"),
    ("pandas", "dataframe"),
    ("predict", "proba"),
)


def paragraphs() -> list[list[str]]:
    found: dict[str, list[str]] = {}  # much of the text is repeated
    for file in sorted(files("scikit-learn") or []):
        if file.suffix == ".py" and "tests" not in file.parts:
            source = file.read_text("utf-8").lower()
            for text in re.findall(r'"""(.*?)"""', source, re.DOTALL):
                for part in re.split(r"\n\s*\n", text):
                    found[part.strip()] = re.findall(r"[a-z]{2,}", part)
    if not found:
        raise FileNotFoundError("scikit-learn is here without its sources")
    return list(found.values())


def vocabulary(texts: list[list[str]], size: int) -> list[str]:
    """The most frequent words; of equals, the first in the alphabet."""
    counts = Counter(word for text in texts for word in text)
    return sorted(counts, key=lambda word: (-counts[word], word))[:size]


def stream(texts: list[list[str]], words: list[str]) -> Tensor:
    number = {word: i for i, word in enumerate(words)}
    ids: list[int] = []
    for text in texts:
        ids += [number.get(word, -1) for word in text]
        ids += [-1] * WINDOW  # no pair reaches over this
    return torch.tensor(ids)


# --8<-- [start:counts]
def pairs(ids: Tensor, window: int = WINDOW) -> Tensor:
    """(2, p): centers and contexts, each pair in both directions."""
    if not 1 <= window <= WINDOW:
        raise ValueError(f"window is {window}; must be from 1 to {WINDOW}")
    found = []
    for gap in range(1, window + 1):
        both = torch.stack([ids[:-gap], ids[gap:]])
        both = both[:, (both >= 0).all(0)]
        found += [both, both.flip(0)]
    return torch.cat(found, 1)


def cooccurrences(both: Tensor, size: int) -> Tensor:
    flat = both[0] * size + both[1]
    counts = torch.bincount(flat, minlength=size**2)
    return counts.view(size, size).double()


def pmi(counts: Tensor) -> Tensor:
    """-inf where two words never meet."""
    rows, columns = counts.sum(1, keepdim=True), counts.sum(0, keepdim=True)
    return (counts * counts.sum() / (rows * columns)).log()


# --8<-- [end:counts]
# --8<-- [start:vectors]
def factor(counts: Tensor, rank: int) -> Tensor:
    if not 1 <= rank <= len(counts):
        raise ValueError(f"rank is {rank}; must be 1 to {len(counts)}")
    u, s, _ = torch.linalg.svd(pmi(counts).clamp(min=0))
    return u[:, :rank] * s[:rank].sqrt()  # (v, d)


def nearest(
    vectors: Tensor, words: list[str], word: str, count: int = 3
) -> list[str]:
    if word not in words:
        raise ValueError(f"word is {word!r}; it is not in the vocabulary")
    unit = F.normalize(vectors, dim=1)  # cosine: length tells frequency
    likeness = unit @ unit[words.index(word)]
    order = likeness.argsort(descending=True)[: count + 1]
    return [words[i] for i in order.tolist() if words[i] != word][:count]


def found(vectors: Tensor, words: list[str]) -> int:
    """How many words have their partner among the nearest three."""
    return sum(b in nearest(vectors, words, a) for a, b in PARTNERS)


# --8<-- [end:vectors]
def main() -> None:
    texts = paragraphs()
    words = vocabulary(texts, WORDS)
    ids = stream(texts, words)
    counts = cooccurrences(pairs(ids), WORDS)
    met = float((counts > 0).double().mean())
    print("more than 300,000 words:", sum(map(len, texts)) > 300_000)
    print(f"of a million pairs of words, {met:.0%} ever meet\n")
    vectors = factor(counts, RANK)
    print("           nearest by raw counts     nearest by PMI and SVD")
    for word in SHOWN:
        raw = ", ".join(nearest(counts, words, word, 2))
        fine = ", ".join(nearest(vectors, words, word, 2))
        print(f"{word:<11}{raw:<26}{fine}")
    scores = found(counts, words), found(vectors, words)
    print(f"{'partner':<11}{scores[0]:>2} of 10{scores[1]:>20} of 10")


if __name__ == "__main__":
    main()
