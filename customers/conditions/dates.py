"""Compare a date inside a JSON document with fixed days, and with the time that goes by."""

from __future__ import annotations

from datetime import date
from typing import Any

from customers.conditions.base import Answer, Asking, RuleError, Sql, Words, gettext_noop
from customers.conditions.window import Span, day, span

_ = gettext_noop

ABSOLUTE = ("before", "after")
LABELS = {
    "before": _("is before"),
    "after": _("is after"),
    "within_last": _("was within the last"),
    "before_last": _("was longer ago than"),
    "within_next": _("is within the next"),
    "anniversary_in": _("has its anniversary within the next"),
}
# Dates, and moments as SDKs and shops write them; one without an offset is the workspace's time.
DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
MOMENT = (
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?"
)
OFFSET = "(Z|[+-]([01][0-9]):?[0-5][0-9])$"


def check(cmp: Any, value: Any, unit: Any, path: str) -> date | Span:
    """Return what a comparison of dates compares with.

    Raises:
        RuleError: it is no date, or no time.
    """
    if cmp in ABSOLUTE:
        return day(value, path)
    found = span(value, unit, path)
    if cmp == "anniversary_in" and found.unit == "hours":
        raise RuleError(path, _("An anniversary is a whole day."))
    return found


def told(cmp: str, value: date | Span, say: Words) -> str:
    """Return a comparison in words."""
    shown = value.words(say) if isinstance(value, Span) else value.isoformat()
    return f"{say(LABELS[cmp])} {shown}"


def holds(document: str, path: str, cmp: str, value: date | Span, asking: Asking) -> Answer:
    """Return whether a date fits; what is missing or no date does not."""
    if isinstance(value, Span) and value.unit == "hours":
        return _by_hour(asking.value(moment_of(document, path, asking.zone)), cmp, value, asking)
    found = asking.value(day_of(document, path, asking.zone))
    today = asking.day
    if isinstance(value, date):
        sign = "<" if cmp == "before" else ">"
        return Answer(Sql(f"COALESCE({found} {sign} %s, false)", [value]))
    days: list[Sql]
    if cmp == "within_last":
        inside = Sql(f"({found} <= %s AND {value.sql(found)} > %s)", [today, today])
        days = [Sql(found), Sql(value.sql(found))]
    elif cmp == "before_last":
        inside = Sql(f"({value.sql(found)} <= %s)", [today])
        days = [Sql(value.sql(found))]
    else:
        if cmp == "anniversary_in":
            found = asking.value(_anniversary(found, today))
        before = value.sql(found, "-")
        inside = Sql(f"({found} >= %s AND {before} < %s)", [today, today])
        days = [Sql(f"{before} + 1"), Sql(f"{found} + 1")]
    return Answer(Sql(f"COALESCE({inside.text}, false)", inside.values), days=days)


def _by_hour(found: str, cmp: str, value: Span, asking: Asking) -> Answer:
    span_of = f"make_interval(hours => {int(value.n)})"
    at = asking.at
    if cmp == "within_last":
        inside = Sql(f"({found} <= %s AND {found} + {span_of} > %s)", [at, at])
        moments = [found, f"{found} + {span_of}"]
    elif cmp == "before_last":
        inside = Sql(f"({found} + {span_of} <= %s)", [at])
        moments = [f"{found} + {span_of}"]
    else:
        inside = Sql(f"({found} > %s AND {found} - {span_of} <= %s)", [at, at])
        moments = [f"{found} - {span_of}", found]
    return Answer(
        Sql(f"COALESCE({inside.text}, false)", inside.values), moments=[Sql(one) for one in moments]
    )


def _anniversary(found: str, today: date) -> Sql:
    """Return the day of the next anniversary, that of the 29th of February on the 28th."""
    year = f"(%s - extract(year FROM {found})::int)"
    this, next_one = (f"({found} + make_interval(years => {year}))::date" for _i in (0, 1))
    return Sql(
        f"(CASE WHEN {this} >= %s THEN {this} ELSE {next_one} END)",
        [today.year, today, today.year, today.year + 1],
    )


def day_of(document: str, path: str, zone: str) -> Sql:
    """Return the workspace's day of a value, NULL where it says none."""
    moment = moment_of(document, path, zone)
    text = f"({document} #>> %s)"
    steps = path.split(".")
    return Sql(
        f"(CASE WHEN jsonb_typeof({document} #> %s) = 'string' THEN CASE "
        f"WHEN {text} ~ '{DAY}' THEN CASE WHEN pg_input_is_valid({text}, 'date') "
        f"THEN {text}::date END ELSE ({moment.text} AT TIME ZONE '{zone}')::date END END)",
        [steps] * 4 + moment.values,
    )


def moment_of(document: str, path: str, zone: str) -> Sql:
    """Return the moment of a value, NULL where it says none; a date's is its midnight."""
    text = f"({document} #>> %s)"
    steps = path.split(".")
    return Sql(
        f"(CASE WHEN jsonb_typeof({document} #> %s) <> 'string' "
        f"OR NOT pg_input_is_valid({text}, 'timestamptz') THEN NULL "
        f"WHEN {text} ~ '{MOMENT}{OFFSET}' THEN {text}::timestamptz "
        f"WHEN {text} ~ '({DAY}|{MOMENT}$)' THEN {text}::timestamp AT TIME ZONE '{zone}' END)",
        [steps] * 6,
    )
