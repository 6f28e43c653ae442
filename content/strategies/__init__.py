"""Ways of choosing what a slot shows: one file and one class each."""

from content.strategies import (  # noqa: F401 - each registers itself
    first_match,
    pick,
    popular,
    random,
    recent,
    related,
    schedule,
)
from content.strategies.base import (
    Asked,
    Because,
    Choice,
    Piece,
    Shelf,
    Strategy,
    Visitor,
    registry,
    salt_of,
)

__all__ = [
    "Asked", "Because", "Choice", "Piece", "Shelf", "Strategy", "Visitor", "registry", "salt_of",
]  # fmt: skip
