"""The nouns of this floor; other floors import from here."""

from analytics.models.chunks import Chunk

__all__ = ["Chunk"]
