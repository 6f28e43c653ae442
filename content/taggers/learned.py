"""A tagger that learns from examples which words speak for a term, and how far to trust itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from content.taggers import features, weigh
from content.taggers.base import LEAST, Choice, Example, Guess, Learned, Tagger, Text

# With fewer a term is left to its name and to similar things.
ENOUGH = 15
FOLDS = 3
# A person who said no looked at this very term; one who left it out may have forgotten it.
NO_COUNTS = 3.0
STRENGTH = 3.0
SHOWN = 5


class LearnedTagger(Tagger):
    """Weighs words (TF-IDF, one logistic regression a term), calibrated on held-out things."""

    name = "learned"
    label = _("Learned from decisions")

    def __init__(self, choices: Sequence[Choice], weights: bytes | None) -> None:
        super().__init__(choices, weights)
        self.terms: list[int] = []
        if weights:
            arrays, told = features.unpack(weights)
            self.lookup = features.Lookup(told["words"], arrays["idf"])
            self.terms = told["terms"]
            self.coefficients, self.intercepts = arrays["coefficients"], arrays["intercepts"]
            self.odds, self.calibration = arrays["odds"], told["calibration"]
        self.known = {one.id for one in choices}

    @classmethod
    def learn(cls, examples: Sequence[Example], choices: Sequence[Choice]) -> Learned | None:
        """Learn the terms that have enough examples, and measure on held-out things."""
        terms = learnable(examples, choices)
        if not terms:
            return None
        table = weigh.Table(examples, terms, NO_COUNTS)
        texts = [example.text.whole for example in examples]
        scores = table.held_out(texts, folds=FOLDS, strength=STRENGTH)
        calibration = weigh.calibrate(scores, table)
        quality = weigh.quality(weigh.sure(scores, table.odds, calibration), table, LEAST)
        vectorizer, rows = features.fit(texts)
        coefficients, intercepts = table.fit(rows, range(len(texts)), STRENGTH)
        packed = features.pack(
            {
                "idf": vectorizer.idf_, "coefficients": coefficients, "intercepts": intercepts,
                "odds": table.odds,
            },
            {
                "words": vectorizer.get_feature_names_out().tolist(), "terms": terms,
                "calibration": calibration,
            },
        )  # fmt: skip
        return Learned(packed, len(examples), quality)

    def settles(self) -> frozenset[int]:
        """Return the terms that were learned."""
        return frozenset(self.terms)

    def read(self, text: Text) -> list[Guess]:
        """Return how sure it is of each learned term, and the words that speak for it."""
        if not self.terms:
            return []
        places, values, known = self.lookup.row(text.whole)
        scores = self.coefficients[:, places] @ values + self.intercepts
        confident = weigh.sure(scores, self.odds, self.calibration).tolist()
        guesses = []
        for number, (term, confidence) in enumerate(zip(self.terms, confident, strict=True)):
            if term not in self.known:
                continue
            reason: dict[str, Any] = {}
            if confidence >= LEAST:
                said = values * self.coefficients[number, places]
                reason = {"words": _most(text.whole, known, said)}
            guesses.append(Guess(term, confidence, reason))
        return guesses


def _most(text: str, known: Any, said: Any) -> list[list[Any]]:
    """Return the words that say the most, each by all its parts, with their weights.

    Args:
        text: the text.
        known: which of its features the tagger knows.
        said: how much each of those says.
    """
    import numpy

    weights = numpy.zeros(len(features.counted(text)), dtype="float32")
    weights[known] = said
    words, owners, parts = features.shown(text)
    weights = numpy.bincount(owners, weights[parts], minlength=len(words))
    best = numpy.argsort(-weights, kind="stable")[:SHOWN].tolist()
    return [[words[one], round(float(weights[one]), 2)] for one in best if weights[one] > 0]


def learnable(examples: Sequence[Example], choices: Sequence[Choice]) -> list[int]:
    """Return the terms with enough examples for and at least as many things without them."""
    counted = {one.id: 0 for one in choices}
    for example in examples:
        for term in example.terms & counted.keys():
            counted[term] += 1
    enough = {term for term, n in counted.items() if n >= ENOUGH}
    return sorted(term for term in enough if len(examples) - counted[term] >= ENOUGH)
