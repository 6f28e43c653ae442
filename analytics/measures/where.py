"""Which events are meant: a name, and what its properties must say; the same as in segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analytics.measures import values
from analytics.measures.base import OWN_EVENTS, Told
from analytics.measures.visits import EVENTS
from customers.conditions import compare
from customers.conditions.base import RuleError, Words, gettext_noop
from customers.conditions.matcher import Filter, filters

_ = gettext_noop

ANYTHING = ""
ACT_TYPES = ("page", "screen", "track")


@dataclass(frozen=True, slots=True)
class Act:
    """An event's name and filters; no name means anything that people did."""

    event: str
    where: tuple[Filter, ...] = ()

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the columns of `ev` that tell whether an event is one of these."""
        named = ("name",) if self.event else ("type", "name")
        return (*named, "properties") if self.where else named

    def plain(self) -> dict[str, Any]:
        """Return its one JSON spelling."""
        if not self.where:
            return {"event": self.event}
        return {"event": self.event, "where": [one.plain() for one in self.where]}

    def words(self, say: Words) -> str:
        """Return it in words."""
        name = f"“{self.event}”" if self.event else say(_("anything they did"))
        if not self.where:
            return name
        told = (compare.told(one.prop, one.cmp, one.value, say) for one in self.where)
        return say(_("%(event)s where %(filters)s"), event=name, filters=say(_(" and ")).join(told))


def act(raw: Any, path: str) -> Act:
    """Return the act that JSON says: {"event": …, "where": [{"prop", "cmp", "value"}, …]}.

    Raises:
        RuleError: it says none; `path` leads to what is wrong.
    """
    event = raw.get("event") if isinstance(raw, Mapping) else None
    if not isinstance(event, str) or len(event) > compare.LONGEST_NAME or "\x00" in event:
        raise RuleError(f"{path}.event", _("Choose an event."))
    return Act(event, filters(raw.get("where", []), f"{path}.where"))


def holds(meant: Act, parameters: dict[str, Any]) -> str:
    """Return whether a row of `ev` is such an event, in SQL; never NULL.

    What it binds is added to `parameters`, under names that nobody else uses.
    """
    parts = [f"name = {values.bind(parameters, meant.event)}"] if meant.event else [EVENTS]
    parts += [values.passes(one, parameters) for one in meant.where]
    return f"({' AND '.join(parts)})"


def said(meant: Act, told: Told) -> bool:
    """Return whether an event is one of these: what `holds` asks in SQL."""
    if meant.event:
        named = told.name == meant.event
    else:
        named = told.type in ACT_TYPES and told.name not in OWN_EVENTS
    return named and all(values.fits(one, told.properties) for one in meant.where)


def names(acts: Sequence[Act]) -> tuple[str, ...]:
    """Return the names that acts look for, each once; nothing if one of them takes any name."""
    if not all(one.event for one in acts):
        return ()
    return tuple(dict.fromkeys(one.event for one in acts))
