"""The first variant that matches."""

from __future__ import annotations

from content.strategies.base import Asked, Choice, Strategy, registry
from content.strategies.words import choice


@registry.register
class FirstMatch(Strategy):
    """The order in which an editor put the variants decides."""

    name = "first_match"

    def choose(self, asked: Asked) -> Choice | None:
        return next((choice(child) for child in asked.matching()), None)
