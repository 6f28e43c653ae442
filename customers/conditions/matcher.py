"""Which events are meant: their name, and what their properties must say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from customers.conditions import compare
from customers.conditions.base import RuleError, Scalar, Sql, Words, gettext_noop

_ = gettext_noop

# A segment that counts segment changes would have to be asked again by its own answer.
OUR_CHANGES = ("Segment Entered", "Segment Left")
MOST_FILTERS = 10


@dataclass(frozen=True, slots=True)
class Filter:
    """What one property must say."""

    prop: str
    cmp: str
    value: Scalar | tuple[Scalar, ...]

    def plain(self) -> dict[str, Any]:
        """Return its one JSON spelling."""
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return {"prop": self.prop, "cmp": self.cmp, "value": value}


@dataclass(frozen=True, slots=True)
class Matcher:
    """An event's name and filters; their order means nothing."""

    event: str
    where: tuple[Filter, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return its one JSON spelling."""
        if not self.where:
            return {"event": self.event}
        return {"event": self.event, "where": [one.plain() for one in self.where]}

    def key(self) -> str:
        """Return what tells it from others: one for each meaning."""
        where = [one.plain() for one in self.where]
        said = json.dumps(where, ensure_ascii=False, sort_keys=True) if where else ""
        return hashlib.sha256(f"{self.event}\n{said}".encode()).hexdigest()

    def words(self, say: Words) -> str:
        """Return it in words."""
        if not self.where:
            return f"“{self.event}”"
        said = say(_(" and ")).join(
            compare.told(one.prop, one.cmp, one.value, say) for one in self.where
        )
        return say(_("“%(event)s” where %(filters)s"), event=self.event, filters=said)

    def holds(self, row: str = "e") -> Sql:
        """Return whether an event is one of these."""
        meant = self.filters(row)
        return Sql(f"({row}.name = %s AND {meant.text})", [self.event, *meant.values])

    def filters(self, row: str = "e") -> Sql:
        """Return whether an event of that name says what it must."""
        found = Sql("true")
        for one in self.where:
            part = compare.holds(f"{row}.properties", one.prop, one.cmp, one.value)
            found.text += f" AND {part.text}"
            found.values += part.values
        return found


def matcher(raw: Any, path: str) -> Matcher:
    """Return the matcher that JSON says.

    Raises:
        RuleError: it says none.
    """
    if not isinstance(raw, Mapping):
        raise RuleError(f"{path}.event", _("Choose an event."))
    event = compare.name_of(raw.get("event"), f"{path}.event", _("Choose an event."))
    if event in OUR_CHANGES:
        raise RuleError(f"{path}.event", _("Ask for the segment itself instead of its changes."))
    return Matcher(event, filters(raw.get("where", []), f"{path}.where"))


def filters(raw: Any, path: str) -> tuple[Filter, ...]:
    """Return the filters that JSON says, each once; their order means nothing.

    Raises:
        RuleError: one of them says nothing, or there are too many.
    """
    if not isinstance(raw, (list, tuple)) or len(raw) > MOST_FILTERS:
        raise RuleError(path, _("An event has at most ten filters."))
    found = [_filter(one, f"{path}.{i}") for i, one in enumerate(raw)]
    once = {repr(one): one for one in found}
    return tuple(once[key] for key in sorted(once))


def _filter(raw: Any, path: str) -> Filter:
    if not isinstance(raw, Mapping):
        raise RuleError(path, _("Here a filter is missing."))
    prop = compare.name_of(raw.get("prop"), f"{path}.prop", _("Choose a property."))
    cmp, value = raw.get("cmp"), raw.get("value")
    return Filter(prop, str(cmp), compare.check(cmp, value, path))


# What an event is worth: its revenue, else its value, else its total.
AMOUNTS = ("revenue", "value", "total")
BIGGEST_AMOUNT = 10**12


def worth(row: str = "e") -> str:
    """Return what an event is worth in SQL, NULL where it says nothing; nothing is bound in it."""
    found = []
    for key in AMOUNTS:
        value = f"({row}.properties ->> '{key}')"
        number = (
            f"CASE jsonb_typeof({row}.properties -> '{key}') WHEN 'number' THEN {value}::numeric "
            f"WHEN 'string' THEN CASE WHEN {value} ~ '{compare.NUMERIC}' "
            f"THEN {value}::numeric END END"
        )
        found.append(f"(CASE WHEN abs({number}) < {BIGGEST_AMOUNT} THEN round({number}, 4) END)")
    return f"COALESCE({', '.join(found)})"
