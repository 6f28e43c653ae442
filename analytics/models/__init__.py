"""The nouns of this floor; other floors import from here."""

from analytics.models.chunks import Chunk
from analytics.models.erased import ErasedAlias

__all__ = ["Chunk", "ErasedAlias"]
