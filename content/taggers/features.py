"""Texts as numbers: which words stand in them, and how arrays are kept without code in them."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, repeat
from typing import Any

# Beginnings stand for stems in every language that inflects; a star shows that it is one.
BEGINNINGS = (3, 4, 5, 6)
# Of scripts without spaces every run of so many signs.
RUNS = (1, 2, 3)
MOST_FEATURES = 40_000
# Of more texts than these, what stands in a single one is left out.
MANY_TEXTS = 1_000
WORD = re.compile(r"[^\W_]+")
SOLID = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
TOLD = "told"


def split(text: str) -> list[str]:
    """Return what a text is known by: its words, their beginnings, and runs of signs."""
    return [part for word in WORD.findall(text.lower()) for part in parts(word)]


@lru_cache(maxsize=20_000)
def parts(word: str) -> tuple[str, ...]:
    """Return what one word is known by; a language has few words that come again and again."""
    if SOLID.match(word):
        return tuple(
            word[start : start + size] for size in RUNS for start in range(len(word) - size + 1)
        )
    return (word, *(f"{word[:size]}*" for size in BEGINNINGS if len(word) > size))


def fit(texts: Sequence[str]) -> tuple[Any, Any]:
    """Return a vectorizer of these texts, and the texts as a sparse matrix of rows of length 1."""
    import numpy
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        analyzer=split,
        sublinear_tf=True,
        min_df=2 if len(texts) > MANY_TEXTS else 1,
        max_features=MOST_FEATURES,
        dtype=numpy.float32,
    )
    return vectorizer, vectorizer.fit_transform(texts)


@lru_cache(maxsize=2)
def counted(text: str) -> dict[str, int]:
    """Return how often each feature stands in a text: asked once for all facets and taggers."""
    return dict(Counter(chain.from_iterable(map(parts, WORD.findall(text.lower())))))


@lru_cache(maxsize=2)
def shown(text: str) -> tuple[tuple[str, ...], Any, Any]:
    """Return what of a text can be shown as a reason, and which features each such word has.

    Words, and pairs of signs where no spaces are; then two arrays that belong together: numbers of
    words, and of features in the order of `counted`. Asked once for all facets.
    """
    import numpy

    found: dict[str, None] = {}
    for word in dict.fromkeys(WORD.findall(text.lower())):
        if SOLID.match(word):
            found.update(dict.fromkeys(word[start : start + 2] for start in range(len(word) - 1)))
        else:
            found[word] = None
    numbers = {part: number for number, part in enumerate(counted(text))}
    each = [parts(word) for word in found]
    sizes = numpy.fromiter(map(len, each), dtype="int64", count=len(each))
    features = map(numbers.__getitem__, chain.from_iterable(each))
    owners = numpy.repeat(numpy.arange(len(each)), sizes)
    return tuple(found), owners, numpy.fromiter(features, dtype="int64", count=len(owners))


class Lookup:
    """What was fitted once, for reading: words to numbers, and how much each word says.

    Args:
        words: the features in the order of their numbers.
        idf: their inverse document frequencies.
    """

    def __init__(self, words: Sequence[str], idf: Any) -> None:
        self.numbers = {word: number for number, word in enumerate(words)}
        self.idf = idf

    def row(self, text: str) -> tuple[Any, Any, Any]:
        """Return a text as a row of length 1, as the fitted vectorizer would, only faster.

        That is: the numbers of its features, their values, and where they stand in `counted`.
        """
        import numpy

        found = counted(text)
        numbers = map(self.numbers.get, found, repeat(-1))
        places = numpy.fromiter(numbers, dtype="int64", count=len(found))
        times = numpy.fromiter(found.values(), dtype="float32", count=len(found))
        known = numpy.flatnonzero(places >= 0)
        places, times = places[known], times[known]
        values = (1 + numpy.log(times)) * self.idf[places]
        length = float(numpy.sqrt((values**2).sum()))
        return places, values / length if length else values, known


def pack(arrays: dict[str, Any], told: dict[str, Any]) -> bytes:
    """Return arrays and what is told of them as bytes: nothing in them runs when they are read."""
    import numpy

    words = numpy.frombuffer(json.dumps(told, ensure_ascii=False).encode(), dtype="uint8")
    file = io.BytesIO()
    numpy.savez_compressed(file, allow_pickle=False, **arrays, **{TOLD: words})
    return file.getvalue()


def unpack(packed: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what was given to `pack`."""
    import numpy

    with numpy.load(io.BytesIO(packed), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return arrays, json.loads(arrays.pop(TOLD).tobytes())
