"""The variant whose time it is."""

from __future__ import annotations

from datetime import UTC, datetime

from content.strategies.base import Asked, Choice, Strategy, registry
from content.strategies.words import choice

ALWAYS = datetime.min.replace(tzinfo=UTC)


@registry.register
class Schedule(Strategy):
    """Of those whose time it is, the one that began last: news of today before the season's."""

    name = "schedule"

    def choose(self, asked: Asked) -> Choice | None:
        found = asked.matching()
        # The first of several that began at the same moment.
        newest = max(found, key=lambda child: child.value["starts"] or ALWAYS, default=None)
        return None if newest is None else choice(newest)
