"""One of the matching variants, at random."""

from __future__ import annotations

from content.strategies.base import Asked, Choice, Strategy, registry
from content.strategies.words import choice
from dxp.lib import ids


@registry.register
class Random(Strategy):
    """Every matching variant has the same chance, and a person keeps theirs."""

    name = "random"

    def choose(self, asked: Asked) -> Choice | None:
        found = asked.matching()
        if not found:
            return None
        # The highest draw wins, so that a new variant takes people from all others alike.
        drawn = max(found, key=lambda one: ids.bucket(f"{asked.salt}:{one.id}", asked.who.subject))
        return choice(drawn, drawn=True)
