"""What the rule builder suggests: fields, values, events and segments that really exist."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from customers import rules
from customers.models import EventMatcher, Profile, Segment

SAMPLE = 3000
MOST_VALUES = 50
LONGEST_VALUE = 60
MOST_EVENTS = 500


def fields() -> list[dict[str, Any]]:
    """Return the traits of those seen last: name, kind, values that several people have."""
    people = Profile.objects.filter(state=Profile.State.ACTIVE).exclude(traits={})
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    values: dict[str, Counter[str]] = defaultdict(Counter)
    for traits in people.values_list("traits", flat=True)[:SAMPLE]:
        for name, value in _flat(traits):
            kinds[name][_kind(value)] += 1
            values[name][value if isinstance(value, str) else json.dumps(value)] += 1
    return [
        {"name": name, "kind": kinds[name].most_common(1)[0][0], "values": _common(values[name])}
        for name in sorted(kinds)
    ]


def _flat(traits: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in traits.items():
        if isinstance(value, Mapping) and not before:
            yield from _flat(value, f"{name}.")
        elif isinstance(value, str | int | float | bool):
            yield f"{before}{name}", value


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"


def _common(found: Counter[str]) -> list[str]:
    # What only one person has says who it is, and helps nobody to describe a group.
    shared = [text for text, n in found.items() if n > 1 and len(text) <= LONGEST_VALUE]
    return sorted(shared) if len(shared) <= MOST_VALUES else []


def events() -> list[str]:
    """Return the names of all events that somebody did."""
    seen = EventMatcher.objects.filter(where=[]).exclude(event__in=rules.OUR_CHANGES)
    return list(seen.order_by("event").values_list("event", flat=True)[:MOST_EVENTS])


def segments(without: int | None) -> list[dict[str, Any]]:
    """Return the segments that a rule may refer to."""
    others = Segment.objects.exclude(pk=without or 0).order_by("name")
    return [{"id": pk, "name": name} for pk, name in others.values_list("pk", "name")]


def in_words(rule: Any, names: dict[int, str] | None = None) -> str:
    """Return a stored rule in words, or nothing where it can't be read any more."""
    if names is None:
        names = dict(Segment.objects.values_list("pk", "name"))
    try:
        return rules.sentence(rule, segments=names, translate=_)
    except rules.RuleError:
        return ""


def words() -> dict[str, str]:
    """Return what the builder says, in the language of its reader."""
    return {
        "all": _("all of these"),
        "any": _("any of these"),
        "match": _("People who match"),
        "group_match": _("Match"),
        "not": _("not"),
        "condition": _("Condition"),
        "group": _("Group"),
        "add_condition": _("Add condition"),
        "add_group": _("Add group"),
        "remove": _("Remove"),
        "removed": _("Removed."),
        "kind": _("Kind of condition"),
        "trait": _("Trait"),
        "event": _("Event"),
        "segment": _("Segment"),
        "field": _("Name of the trait"),
        "cmp": _("Comparison"),
        "value": _("Value"),
        "values": _("Values, one on a line"),
        "yes": _("yes"),
        "no": _("no"),
        "name": _("Name of the event"),
        "metric": _("Measure"),
        "count": _("happened"),
        "sum": _("adds up to"),
        "times": _("times"),
        "number": _("Number"),
        "window": _("Period"),
        "all_time": _("ever"),
        "last": _("in the last"),
        "days": _("days"),
        "days_label": _("Number of days"),
        "choose": _("choose"),
        "trait_eq": _("is"),
        "trait_ne": _("is known and is not"),
        "trait_in": _("is one of"),
        "trait_contains": _("contains"),
        "trait_gt": _("is more than"),
        "trait_gte": _("is at least"),
        "trait_lt": _("is less than"),
        "trait_lte": _("is at most"),
        "trait_known": _("is known"),
        "trait_unknown": _("is not known"),
        "event_gte": _("at least"),
        "event_lte": _("at most"),
        "event_eq": _("exactly"),
        "event_gt": _("more than"),
        "event_lt": _("less than"),
        "event_ne": _("any number but"),
        "counting": _("Counting…"),
        "offline": _("The size can't be counted right now; you can still save."),
    }
