"""A tagger that knows a term by its name and by what else it is called. It needs no example."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from django.utils.translation import gettext_lazy as _

from content.taggers.base import Choice, Example, Guess, Learned, Tagger, Text

# How often such a find is right before anybody has decided, and how many decisions outweigh that.
BEFORE = {"title": 0.85, "often": 0.7, "once": 0.45}
PATIENCE = 10
OFTEN = 3
# Scripts that put no space between words: a name is found anywhere in them.
SOLID = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
WORD = re.compile(r"\w+")


class Words(Tagger):
    """Finds names and synonyms in the text; how much that says is learned from decisions."""

    name = "words"
    label = _("Names and synonyms")

    def __init__(self, choices: Sequence[Choice], weights: bytes | None) -> None:
        super().__init__(choices, weights)
        self.shares: dict[str, float] = json.loads(weights) if weights else BEFORE
        self.names = [
            (one.id, sorted({*map(even, (one.name, *one.synonyms))} - {""}, key=len, reverse=True))
            for one in choices
        ]

    @classmethod
    def learn(cls, examples: Sequence[Example], choices: Sequence[Choice]) -> Learned | None:
        """Count how often a find of each sort was right."""
        reader = cls(choices, None)
        found: Counter[str] = Counter()
        right: Counter[str] = Counter()
        for example in examples:
            for guess in reader.read(example.text):
                known = example.whole or guess.term in example.refused
                sort = guess.reason["where"]
                found[sort] += known
                right[sort] += guess.term in example.terms
        if not found.total():
            return None
        shares = {
            sort: (right[sort] + before * PATIENCE) / (found[sort] + PATIENCE)
            for sort, before in BEFORE.items()
        }
        quality = {"precision": right.total() / found.total(), "found": found.total()}
        return Learned(json.dumps(shares).encode(), len(examples), quality)

    def read(self, text: Text) -> list[Guess]:
        """Return the terms whose names stand in a text."""
        guesses = []
        title, body = even(text.title), even(text.body)
        for term, names in self.names:
            above, below = _found(names, title), _found(names, body)
            if not above and not below:
                continue
            total = sum(below.values())
            sort = "title" if above else "often" if total >= OFTEN else "once"
            word = max(above or below, key=lambda name: (above or below)[name])
            reason = {"words": [[word, total + sum(above.values())]], "where": sort}
            guesses.append(Guess(term, self.shares[sort], reason))
        return guesses


@lru_cache(maxsize=4)
def words(text: str) -> Counter[str]:
    """Return how often each word stands in a text: asked once for all facets."""
    return Counter(WORD.findall(text))


@lru_cache(maxsize=4)
def even(text: str) -> str:
    """Return a text with small letters and single spaces."""
    return " ".join(text.lower().split())


def _found(names: Sequence[str], text: str) -> dict[str, int]:
    """Return how often each of some names stands in a text; those that do not are left out."""
    # Looked for as letters first: most names stand in no text.
    return {name: n for name in names if name in text and (n := _times(name, text))}


def _times(name: str, text: str) -> int:
    """Return how often a name stands in a text as words of its own."""
    if SOLID.search(name):
        return text.count(name)
    if WORD.fullmatch(name):
        return words(text)[name]
    found, place = 0, text.find(name)
    while place >= 0:
        end = place + len(name)
        found += not (_is_letter(text, place - 1) or _is_letter(text, end))
        place = text.find(name, end)
    return found


def _is_letter(text: str, place: int) -> bool:
    return 0 <= place < len(text) and (text[place].isalnum() or text[place] == "_")
