"""Where people enter, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from customers.conditions.base import gettext_noop
from journeys.phrase.words import GAP, Names, day_of, listen, weekdays

_ = gettext_noop


def entry(told: Mapping[str, Any], names: Names) -> str:
    """Return where people enter."""
    kind = told.get("type")
    segment = names.segment(told.get("segment"))
    if kind == "segment":
        if told.get("change") == "left":
            return names(_("leaves the segment “%(segment)s”"), segment=segment)
        return names(_("enters the segment “%(segment)s”"), segment=segment)
    if kind == "event":
        event = listen(told, names)
        if told.get("key"):
            return names(_("%(event)s happens, for each “%(key)s”"), event=event, key=told["key"])
        return names(_("%(event)s happens"), event=event)
    if kind == "date":
        return _entry_date(told, segment, names)
    if kind == "schedule":
        return _entry_schedule(told, segment, names)
    if kind == "api":
        return names(_("a program lets somebody in"))
    return names(_("somebody here lets people in by hand"))


def _entry_date(told: Mapping[str, Any], segment: str, names: Names) -> str:
    said = names(_("%(day)s, %(time)s"), day=day_of(told, names), time=told.get("time") or GAP)
    if told.get("yearly"):
        said = names(_("%(when)s, every year"), when=said)
    if told.get("segment"):
        said = names(_("%(when)s, in the segment “%(segment)s”"), when=said, segment=segment)
    return said


def _entry_schedule(told: Mapping[str, Any], segment: str, names: Names) -> str:
    day, clock = told.get("on") or GAP, told.get("time") or GAP
    when = {
        "day": names(_("every day at %(time)s from %(day)s"), time=clock, day=day),
        "week": names(
            _("every %(weekdays)s at %(time)s from %(day)s"),
            weekdays=weekdays(told, names), time=clock, day=day,
        ),
        "month": names(_("every month at %(time)s from %(day)s"), time=clock, day=day),
    }.get(str(told.get("every")))  # fmt: skip
    when = when or names(_("on %(day)s at %(time)s"), time=clock, day=day)
    return names(_("%(when)s, everybody in “%(segment)s”"), when=when, segment=segment)
