"""What an answer is broken down by: a column, a property, a visit's channel, a person's fact."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from analytics.measures import channels, values
from analytics.measures.base import OWN_EVENTS, Told
from analytics.measures.visits import EVENTS, openings
from customers.conditions import compare
from customers.conditions.base import RuleError, gettext_noop

_ = gettext_noop

COLUMNS = ("path", "title", "campaign_source", "campaign_medium", "campaign_name")
FIXED = ("channel", "path", "title", "referrer", *COLUMNS[2:])
"""Those that need no name beside them; then come property:NAME, trait:NAME and segment:ID."""
WINDOW = "happened_at >= $start AND happened_at < $end"
CAME = ("url", "referrer", "campaign_source", "campaign_medium", "campaign_name")
NOTHING, REST = 0, -1
SILENCE = timedelta(minutes=30)
ACT_TYPES = ("page", "screen", "track")
_HOST = r"(?s)^[a-zA-Z]+://([^/:?#]+).*$"


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way to break down.

    Args:
        key: its one spelling ("path", "property:plan", "trait:country", "segment:12").
        sql: an event's value over a row of `ev`, a text or NULL; empty for the visit's channel.
        parameters: what `sql` binds.
        reads: the columns it needs.
        fact: what the door has to tell about the person.
        of: the same value in Python.
    """

    key: str
    sql: str
    reads: tuple[str, ...]
    of: Callable[[Told], str | None]
    parameters: dict[str, Any] = field(default_factory=dict)
    fact: str = ""

    @property
    def of_visit(self) -> bool:
        """Return whether it is the visit that has the value, not the event."""
        return not self.sql


def dimension(text: Any, path: str = "by") -> Dimension:
    """Return the dimension of that spelling.

    Raises:
        RuleError: there is none.
    """
    kind, _colon, name = text.partition(":") if isinstance(text, str) else ("", "", "")
    if text in COLUMNS:
        return Dimension(text, f"nullif({text}, '')", (text,), lambda e: e.columns[text] or None)
    if text == "channel":
        return Dimension("channel", "", ("id", "type", "name", *CAME), _no_value)
    if text == "referrer":
        sql = (
            "CASE WHEN referrer LIKE '%://%'"
            f" THEN nullif(lower(regexp_replace(referrer, '{_HOST}', '\\1')), '') END"
        )
        return Dimension("referrer", sql, ("referrer",), lambda e: _host(e.columns["referrer"]))
    if kind == "property":
        compare.name_of(name, path, _("Choose a property."))
        bound: dict[str, Any] = {}
        sql = f"nullif({values.text(name, bound, mark='by')}, '')"
        return Dimension(
            text, sql, ("properties",), lambda e: values.text_of(e.properties, name) or None, bound
        )
    if (kind == "trait" and name) or (kind == "segment" and re.fullmatch("[1-9][0-9]{0,17}", name)):
        compare.name_of(name, path, _("Choose what to break down by."))
        return Dimension(
            text, "nullif(fact, '')", (), lambda e: e.columns["fact"] or None, fact=text
        )
    raise RuleError(path, _("Choose what to break down by."))


# The most frequent value first, then what has none, then the rest.
IN_ORDER = "CASE WHEN place > 0 THEN place WHEN place = 0 THEN 1000000 ELSE 1000001 END"
PLACES = {
    "": "true",
    "value": "value = $value",
    "nothing": f"place = {NOTHING}",
    "rest": f"place = {REST}",
}
"""Which part of a breakdown: all, one value, those without one, or what is not shown by itself."""


def valued(
    by: Dimension | None, *, keep: Mapping[str, str], where: str = "true", in_visits: bool = False
) -> str:
    """Return CTEs ending in `told`: events of the window with id, owner, moment and `value`.

    Args:
        by: what to break down by; nothing gives every event the value NULL.
        keep: further columns: their names, and how they are computed from a row of `ev`.
        where: which events; a channel is that of the visit, whatever is asked for here.
        in_visits: adds `visit`, its number among the person's; only acts of visits are told.
    """
    kept = "".join(f", {sql} AS {name}" for name, sql in keep.items())
    value = by.sql if by and by.sql else "cast(NULL AS varchar)"
    if not (in_visits or (by and by.of_visit)):
        return (
            f"told AS (SELECT id, profile_id, happened_at{kept}, {value} AS value"
            f" FROM ev WHERE {WINDOW} AND {where})"
        )
    came, channel = "", ""
    carried = f"{kept}, {where} AS wanted, {value} AS own"
    if by and by.of_visit:
        carried += ", " + ", ".join(CAME)
        came = f"""
    landed AS (SELECT * FROM numbered WHERE opens = 1),
    {channels.named(of="landed", into="came")},"""
        channel = " JOIN came c ON c.profile_id = n.profile_id AND c.visit = n.visit"
    names = "".join(f", n.{name}" for name in keep)
    told = f"""
      SELECT n.id, n.profile_id, n.happened_at{names}, n.visit,
        {"c.channel" if came else "n.own"} AS value
      FROM numbered n{channel} WHERE n.wanted"""
    if not in_visits:
        # Our own events belong to no visit, and have no channel.
        told += f"""
      UNION ALL
      SELECT id, profile_id, happened_at{kept}, NULL, {value}
      FROM ev WHERE {WINDOW} AND NOT ({EVENTS}) AND {where}"""
    return f"""{openings(basis="events", keep=carried)},
    numbered AS (
      SELECT *, sum(opens) OVER (
        PARTITION BY profile_id ORDER BY happened_at, id ROWS UNBOUNDED PRECEDING) AS visit
      FROM opened
    ),{came}
    told AS ({told}
    )"""


def ranked(of: str, *, into: str) -> str:
    """Return CTEs: `into` is the relation `of` with `place` instead of many values.

    1 is the most frequent value, then come the others up to $most; 0 has none, and -1 is the rest.
    """
    return f"""
    {into}_often AS (
      SELECT value AS often, row_number() OVER (ORDER BY count(*) DESC, value COLLATE "C") AS nth
      FROM {of} WHERE value IS NOT NULL GROUP BY value
    ),
    {into} AS (
      SELECT t.*, CASE WHEN value IS NULL THEN {NOTHING} WHEN nth <= $most THEN nth ELSE {REST} END
        AS place
      FROM {of} t LEFT JOIN {into}_often o ON o.often = t.value
    )"""


def places(found: Iterable[str | None], most: int) -> Callable[[str | None], int]:
    """Return which place a value has among these: what `ranked` says in SQL."""
    often = Counter(value for value in found if value is not None)
    order = sorted(often, key=lambda value: (-often[value], value))
    top = {value: nth for nth, value in enumerate(order[:most], 1)}
    return lambda value: NOTHING if value is None else top.get(value, REST)


def is_at(wanted: str, value: str, found: str | None, place: int) -> bool:
    """Return whether a value is of the wanted part of a breakdown: what `PLACES` say in SQL."""
    return {
        "": True,
        "value": found == value,
        "nothing": place == NOTHING,
        "rest": place == REST,
    }[wanted]


def order(place: int) -> int:
    """Return where a place stands: values by how frequent they are, then none, then the rest."""
    return place if place > 0 else 1_000_000 - place


def values_of(by: Dimension | None, events: Sequence[Told]) -> dict[int, str | None]:
    """Return the value of each event by its id: what `valued` says in SQL."""
    if by is None:
        return dict.fromkeys(one.id for one in events)
    if not by.of_visit:
        return {one.id: by.of(one) for one in events}
    found: dict[int, str | None] = dict.fromkeys(one.id for one in events)
    latest: dict[int, tuple[datetime, str]] = {}
    for one in sorted(events, key=lambda one: (one.happened_at, one.id)):
        if one.type not in ACT_TYPES or one.name in OWN_EVENTS:
            continue
        before = latest.get(one.profile_id)
        goes_on = before is not None and one.happened_at <= before[0] + SILENCE
        channel = before[1] if before is not None and goes_on else _channel(one)
        latest[one.profile_id] = (one.happened_at, channel)
        found[one.id] = channel
    return found


def _channel(told: Told) -> str:
    said = told.columns
    return channels.channel_of(
        said["campaign_source"], said["campaign_medium"], said["campaign_name"],
        channels.host_of(said["referrer"]), channels.host_of(said["url"]),
    )  # fmt: skip


def _host(address: str | None) -> str | None:
    found = re.sub(_HOST, r"\1", address or "") if "://" in (address or "") else ""
    return found.lower() or None


def _no_value(told: Told) -> str | None:
    raise TypeError("A channel belongs to the visit: ask `values_of`.")
