"""Which words weigh how much for a term, how sure a weight makes, and how good that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from content.taggers import features
from content.taggers.base import Example

BINS = 10


class Table:
    """Which example has which term, and what is known about it.

    Args:
        examples: things that people decided about.
        terms: the terms to learn.
        no_counts: how much more a rejection counts than a term that is not there.
    """

    def __init__(self, examples: Sequence[Example], terms: Sequence[int], no_counts: float) -> None:
        import numpy

        shape = (len(examples), len(terms))
        self.terms = list(terms)
        self.has = numpy.zeros(shape, dtype=bool)
        self.counts = numpy.zeros(shape, dtype="float32")
        for row, example in enumerate(examples):
            for column, term in enumerate(terms):
                self.has[row, column] = term in example.terms
                refused = term in example.refused and term not in example.terms
                self.counts[row, column] = no_counts if refused else float(example.whole)
        known = self.counts > 0
        shares = (self.has.sum(0) + 1) / (known.sum(0) + 2)
        self.odds = numpy.log(shares / (1 - shares)).astype("float32")

    def fit(self, rows: Any, numbers: Sequence[int], strength: float) -> tuple[Any, Any]:
        """Return the words' weights for each term, learned from some of the examples."""
        import numpy
        from sklearn.linear_model import LogisticRegression

        chosen = numpy.asarray(numbers)
        coefficients = numpy.zeros((len(self.terms), rows.shape[1]), dtype="float32")
        intercepts = numpy.full(len(self.terms), -9.0, dtype="float32")
        for column in range(len(self.terms)):
            counts = self.counts[chosen, column]
            known = counts > 0
            has = self.has[chosen, column][known]
            if has.all() or not has.any():
                continue
            model = LogisticRegression(
                C=strength, class_weight="balanced", solver="liblinear", max_iter=200
            )
            model.fit(rows[known], has, sample_weight=counts[known])
            coefficients[column] = model.coef_[0]
            intercepts[column] = model.intercept_[0]
        return coefficients, intercepts

    def held_out(self, texts: Sequence[str], *, folds: int, strength: float) -> Any:
        """Return the score of each example and term, learned from the other examples."""
        import numpy
        from sklearn.model_selection import KFold

        scores = numpy.zeros(self.has.shape, dtype="float32")
        for rest, held in KFold(folds, shuffle=True, random_state=0).split(texts):
            vectorizer, rows = features.fit([texts[number] for number in rest])
            coefficients, intercepts = self.fit(rows, rest, strength)
            asked = vectorizer.transform([texts[number] for number in held])
            scores[held] = (asked @ coefficients.T) + intercepts
        return scores


def calibrate(scores: Any, table: Table) -> list[float]:
    """Return how a score and a term's frequency become the share of guesses that are right.

    One curve for all terms (Platt's, with the frequency beside the score): single terms have too
    few examples for a curve of their own.
    """
    import numpy
    from sklearn.linear_model import LogisticRegression

    known = table.counts > 0
    odds = numpy.broadcast_to(table.odds, scores.shape)
    told = numpy.stack([scores[known], odds[known]], axis=1)
    model = LogisticRegression(C=1e3).fit(told, table.has[known])
    return [*map(float, model.coef_[0]), float(model.intercept_[0])]


def sure(scores: Any, odds: Any, calibration: Sequence[float]) -> Any:
    """Return the calibrated confidence of scores."""
    from scipy.special import expit

    by_score, by_odds, base = calibration
    return expit(by_score * scores + by_odds * odds + base)


def quality(confident: Any, table: Table, least: float) -> dict[str, Any]:
    """Return how good guesses about held-out examples were, together and term by term.

    Unit: precision, recall and F1 as shares 0..1 of guesses at or above `least`; Brier score;
    calibration as rows of (mean confidence, share that was right, guesses).
    """
    import numpy

    known = table.counts > 0
    guessed, has = (confident >= least) & known, table.has & known
    steps = numpy.minimum((confident * BINS).astype(int), BINS - 1)
    calibration = []
    for step in range(BINS):
        chosen = known & (steps == step)
        if chosen.any():
            mean, share = confident[chosen].mean(), table.has[chosen].mean()
            calibration.append([round(float(mean), 4), round(float(share), 4), int(chosen.sum())])
    terms = {
        str(term): rates(
            int((guessed & has)[:, column].sum()), int(guessed[:, column].sum()),
            int(has[:, column].sum()),
        )
        for column, term in enumerate(table.terms)
    }  # fmt: skip
    return {
        **rates(int((guessed & has).sum()), int(guessed.sum()), int(has.sum())),
        "macro_f1": round(sum(one["f1"] for one in terms.values()) / len(terms), 4),
        "brier": round(float(((confident - table.has)[known] ** 2).mean()), 4),
        "calibration": calibration,
        "terms": terms,
    }


def rates(right: int, guessed: int, has: int) -> dict[str, Any]:
    """Return precision, recall and F1 of some guesses; 0 where there is nothing to divide by."""
    return {
        "precision": round(right / guessed, 4) if guessed else 0.0,
        "recall": round(right / has, 4) if has else 0.0,
        "f1": round(2 * right / (guessed + has), 4) if guessed + has else 0.0,
        "has": has,
    }
