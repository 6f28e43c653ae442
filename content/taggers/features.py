"""Texts as numbers: which words stand in them, and how arrays are kept without code in them."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
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


@lru_cache(maxsize=2)
def shown(text: str) -> tuple[str, ...]:
    """Return what of a text can be shown as a reason: its words, and pairs of signs; in order."""
    found: dict[str, None] = {}
    for word in counted_words(text):
        if SOLID.match(word):
            found.update(dict.fromkeys(word[start : start + 2] for start in range(len(word) - 1)))
        else:
            found[word] = None
    return tuple(found)


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
def counted_words(text: str) -> dict[str, int]:
    """Return how often each word stands in a text: asked once for all facets and taggers."""
    return dict(Counter(WORD.findall(text.lower())))


@lru_cache(maxsize=2)
def counted(text: str) -> dict[str, int]:
    """Return how often each feature stands in a text."""
    found: dict[str, int] = {}
    for word, n in counted_words(text).items():
        for part in parts(word):
            found[part] = found.get(part, 0) + n
    return found


class Lookup:
    """What was fitted once, for reading: words to numbers, and how much each word says.

    Args:
        words: the features in the order of their numbers.
        idf: their inverse document frequencies.
    """

    def __init__(self, words: Sequence[str], idf: Any) -> None:
        self.numbers = {word: number for number, word in enumerate(words)}
        self.idf = idf

    def row(self, text: str) -> tuple[Any, Any]:
        """Return the numbers of a text's features and their values, as a row of length 1.

        The same as the fitted vectorizer makes, without its cost for a single text.
        """
        import numpy

        numbers = self.numbers
        known = [(numbers[word], n) for word, n in counted(text).items() if word in numbers]
        places = numpy.array([place for place, _n in known], dtype="int64")
        times = numpy.array([n for _place, n in known], dtype="float32")
        values = (1 + numpy.log(times)) * self.idf[places]
        length = float(numpy.sqrt((values**2).sum()))
        return places, values / length if length else values


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
