"""Acts and parts of answers in the words of people, and as conditions of segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from analytics.measures import dimensions
from analytics.measures.where import Act, act
from analytics.questions.base import Point, QuestionError
from customers.conditions.base import RuleError, Words
from customers.conditions.base import gettext_noop as later
from customers.conditions.matcher import matcher

NO_SUCH_NUMBER = later("There is no such number in this answer.")
WHOLE, VALUE, NOTHING, REST = "", "value", "nothing", "rest"


def listed(raw: Mapping[str, Any], key: str, fewest: int, most: int) -> tuple[Act, ...]:
    """Return several acts, in their order.

    Raises:
        QuestionError: one of them is none, or there are too few or too many.
    """
    found = raw.get(key) or []
    if not isinstance(found, list | tuple) or not fewest <= len(found) <= most:
        words = _("Choose %(fewest)s to %(most)s events.") % {"fewest": fewest, "most": most}
        raise QuestionError(key, words)
    try:
        return tuple(act(one, f"{key}.{i}") for i, one in enumerate(found))
    except RuleError as error:
        raise QuestionError(error.path, error.words) from error


def label(meant: Act) -> str:
    """Return an act as tables name it: without quotes where it is only a name."""
    if meant.event and not meant.where:
        return meant.event
    return meant.words(Words(translate=_))


def part(place: int, value: str | None, by: str) -> str:
    """Return what a part of a breakdown is called."""
    if place == dimensions.REST:
        return _("All others")
    if place == dimensions.NOTHING or value is None:
        return _("Not known")
    if by.startswith("segment:"):
        return _("In the segment") if value == "yes" else _("Not in the segment")
    return value


def part_point(place: int, value: str | None, by: str) -> dict[str, Any]:
    """Return which people a part of a breakdown stands for, for a point."""
    if not by:
        return {"place": WHOLE}
    if place > 0:
        return {"place": VALUE, "value": value}
    return {"place": NOTHING if place == dimensions.NOTHING else REST}


def part_of(point: Point, by: str) -> dict[str, Any]:
    """Return the part of a point as measures ask for it.

    Raises:
        QuestionError: there is no such part.
    """
    place, value = point.get("place", WHOLE), point.get("value", "")
    if place not in (WHOLE, VALUE, NOTHING, REST) or not isinstance(value, str) or "\0" in value:
        raise QuestionError("", NO_SUCH_NUMBER)
    return {"place": place, "value": value} if by and place else {}


def zone_of(point: Point) -> str:
    """Return the zone that a point's moments are of.

    Raises:
        QuestionError: there is no such zone.
    """
    zone = point.get("zone")
    try:
        ZoneInfo(zone if isinstance(zone, str) else "")
    except (ValueError, ZoneInfoNotFoundError, OSError) as error:
        raise QuestionError("", NO_SUCH_NUMBER) from error
    return str(zone)


def count(number: float) -> str:
    """Return a number as sentences say it."""
    # Formatting alone would cut off what is to be rounded.
    places = None if isinstance(number, int) else 2
    return number_format(round(number, 2), places, force_grouping=True)


def percent(share: float) -> str:
    """Return a share in percent as sentences say it."""
    return f"{number_format(round(share * 100, 1), 1)} %"


def did(meant: Act, days: int) -> dict[str, Any] | None:
    """Return the condition that somebody did this in the last so many days, if one can say it."""
    try:
        matcher(meant.plain(), "")
    except RuleError:
        return None
    return {
        "op": "event", "matcher": meant.plain(), "metric": "count",
        "window": {"last": [days, "days"]}, "cmp": "gte", "value": 1,
    }  # fmt: skip


def every(conditions: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """Return that all of these hold, if each can be said."""
    if not conditions or None in conditions:
        return None
    if len(conditions) == 1:
        return dict(conditions[0] or {})
    return {"op": "and", "of": [dict(one) for one in conditions if one]}


def of_part(point: Point, by: str) -> list[dict[str, Any] | None]:
    """Return the conditions that somebody is of a part; [None] where none can say it."""
    if not by or not point.get("place"):
        return []
    kind, _colon, name = by.partition(":")
    if point["place"] != VALUE or kind not in ("trait", "segment"):
        return [None]
    if kind == "trait":
        return [{"op": "trait", "field": name, "cmp": "eq", "value": point.get("value", "")}]
    inside = {"op": "segment", "id": int(name)}
    return [inside if point.get("value") == "yes" else {"op": "not", "of": inside}]
