"""The nouns of this floor; other floors import from here."""

from analytics.models.chunks import Chunk, Damage, Era
from analytics.models.erased import ErasedAlias
from analytics.models.questions import Annotation, Question

__all__ = ["Annotation", "Chunk", "Damage", "Era", "ErasedAlias", "Question"]
