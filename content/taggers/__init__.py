"""The kinds of taggers: classes that read a text and guess terms. Ours are named here."""

from __future__ import annotations

from content.taggers.base import LEAST, Choice, Example, Guess, Learned, Tagger, Text
from content.taggers.learned import LearnedTagger
from content.taggers.neighbors import Neighbors
from content.taggers.words import Words
from dxp.lib.kinds import Registry

TAGGERS: Registry[Tagger] = Registry(Tagger)
for kind in (LearnedTagger, Words, Neighbors):
    TAGGERS.register(kind)

__all__ = ["LEAST", "TAGGERS", "Choice", "Example", "Guess", "Learned", "Tagger", "Text"]
