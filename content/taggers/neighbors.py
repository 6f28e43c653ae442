"""A tagger that looks at the things that say the most similar: their terms are guessed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from content.taggers import features
from content.taggers.base import Choice, Example, Guess, Learned, Tagger, Text

# Of so many latest examples the nearest few are asked; what is less alike has nothing to say.
MOST = 2_000
NEAREST = 10
LEAST_ALIKE = 0.08
SHOWN = 3
# Shares of the neighbors' votes in four steps: how often such a guess is right before anybody has
# decided, and how many decisions outweigh that.
BEFORE = (0.1, 0.25, 0.45, 0.65)
PATIENCE = 10


class Neighbors(Tagger):
    """Asks the nearest examples by cosine; how much their votes say is measured on the others."""

    name = "neighbors"
    label = _("Similar things")

    def __init__(self, choices: Sequence[Choice], weights: bytes | None) -> None:
        super().__init__(choices, weights)
        self.known = {one.id for one in choices}
        self.rows: Any = None
        if weights:
            arrays, told = features.unpack(weights)
            self.lookup = features.Lookup(told["words"], arrays["idf"])
            self.rows = _matrix(arrays, len(told["words"]))
            self.titles, self.terms = told["titles"], told["terms"]
            self.shares = told["shares"]

    @classmethod
    def learn(cls, examples: Sequence[Example], choices: Sequence[Choice]) -> Learned | None:
        """Keep the examples, and measure how often the neighbors of each were right about it."""
        kept = [example for example in examples if example.whole][:MOST]
        if len(kept) < 2:
            return None
        vectorizer, rows = features.fit([example.text.whole for example in kept])
        terms = [sorted(example.terms) for example in kept]
        found, right = [0] * len(BEFORE), [0] * len(BEFORE)
        alike = (rows @ rows.T).tocsr()
        for number, example in enumerate(kept):
            row = alike[number]
            near = _nearest(zip(row.indices.tolist(), row.data.tolist(), strict=True), but=number)
            for term, vote in _votes(near, terms).items():
                found[_step(vote)] += 1
                right[_step(vote)] += term in example.terms
        told = {
            "words": vectorizer.get_feature_names_out().tolist(),
            "titles": [example.title for example in kept],
            "terms": terms,
            "shares": _rising(found, right),
        }
        arrays = {
            "idf": vectorizer.idf_, "data": rows.data, "indices": rows.indices,
            "indptr": rows.indptr,
        }  # fmt: skip
        quality = {"precision": sum(right) / max(1, sum(found)), "found": sum(found)}
        return Learned(features.pack(arrays, told), len(kept), quality)

    def read(self, text: Text) -> list[Guess]:
        """Return the terms of the nearest examples."""
        if self.rows is None:
            return []
        near = self._near(text.whole)
        guesses = []
        for term, vote in _votes(near, self.terms).items():
            if term not in self.known:
                continue
            alike = [
                [self.titles[number], round(similar, 2)]
                for number, similar in near
                if term in self.terms[number]
            ]
            reason = {"alike": alike[:SHOWN]}
            guesses.append(Guess(term, self.shares[_step(vote)], reason))
        return guesses

    def _near(self, text: str) -> list[tuple[int, float]]:
        """Return the examples most similar to a text and how similar they are."""
        import numpy

        places, values, _known = self.lookup.row(text)
        row = numpy.zeros(self.rows.shape[1], dtype="float32")
        row[places] = values
        alike = self.rows @ row
        heard = numpy.flatnonzero(alike >= LEAST_ALIKE)
        return _nearest(zip(heard.tolist(), alike[heard].tolist(), strict=True), but=-1)


def _nearest(pairs: Iterable[tuple[int, float]], *, but: int) -> list[tuple[int, float]]:
    """Return the numbers of the most similar examples and how similar they are."""
    near = [(number, alike) for number, alike in pairs if number != but and alike >= LEAST_ALIKE]
    return sorted(near, key=lambda pair: (-pair[1], pair[0]))[:NEAREST]


def _votes(near: list[tuple[int, float]], terms: list[list[int]]) -> dict[int, float]:
    """Return each term's share of the votes, which count by how similar the voter is."""
    votes: dict[int, float] = defaultdict(float)
    for number, alike in near:
        for term in terms[number]:
            votes[term] += alike
    total = sum(alike for _number, alike in near)
    return {term: vote / total for term, vote in votes.items()}


def _step(vote: float) -> int:
    return min(len(BEFORE) - 1, int(vote * len(BEFORE)))


def _rising(found: list[int], right: list[int]) -> list[float]:
    """Return how often votes of each step are right; more votes never say less."""
    shares: list[float] = []
    for step, before in enumerate(BEFORE):
        share = (right[step] + before * PATIENCE) / (found[step] + PATIENCE)
        shares.append(max([share, *shares[-1:]]))
    return shares


def _matrix(arrays: dict[str, Any], width: int) -> Any:
    from scipy.sparse import csr_matrix

    height = len(arrays["indptr"]) - 1
    return csr_matrix((arrays["data"], arrays["indices"], arrays["indptr"]), shape=(height, width))
