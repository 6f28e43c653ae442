"""Texts as numbers: which words stand in them, and how arrays are kept without code in them."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from typing import Any

# Beginnings stand for stems in every language that inflects; a star shows that it is one.
BEGINNINGS = (3, 4, 5, 6)
# Of scripts without spaces every run of so many signs.
RUNS = (1, 2, 3)
MOST_FEATURES = 40_000
WORD = re.compile(r"[^\W_]+")
SOLID = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
TOLD = "told"


def split(text: str) -> list[str]:
    """Return what a text is known by: its words, their beginnings, and runs of signs."""
    found: list[str] = []
    for word in WORD.findall(text.lower()):
        if SOLID.match(word):
            found.extend(
                word[start : start + size] for size in RUNS for start in range(len(word) - size + 1)
            )
            continue
        found.append(word)
        found.extend(f"{word[:size]}*" for size in BEGINNINGS if len(word) > size)
    return found


def shown(text: str) -> set[str]:
    """Return what of a text can be shown as a reason: its words, and pairs of signs."""
    found: set[str] = set()
    for word in WORD.findall(text.lower()):
        solid = SOLID.match(word)
        found.update(
            (word[start : start + 2] for start in range(len(word) - 1)) if solid else [word]
        )
    return found


def fit(texts: Sequence[str]) -> tuple[Any, Any]:
    """Return a vectorizer of these texts, and the texts as a sparse matrix of rows of length 1."""
    import numpy
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        analyzer=split,
        sublinear_tf=True,
        min_df=2 if len(texts) > 50 else 1,
        max_features=MOST_FEATURES,
        dtype=numpy.float32,
    )
    return vectorizer, vectorizer.fit_transform(texts)


def restored(words: Sequence[str], weights: Any) -> Any:
    """Return the vectorizer that was fitted once, from its words and their weights."""
    import numpy
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        analyzer=split,
        sublinear_tf=True,
        vocabulary={word: number for number, word in enumerate(words)},
        dtype=numpy.float32,
    )
    vectorizer.idf_ = weights
    return vectorizer


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
