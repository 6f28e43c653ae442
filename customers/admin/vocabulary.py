"""What the rule builder knows from the start: kinds of conditions, traits, events, segments."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from customers import rulebook, rules
from customers.admin.phrases import CMPS, phrases
from customers.match import today
from customers.models import (
    ConsentEntry,
    ContactPoint,
    EventDay,
    EventMatcher,
    Profile,
    ProfileList,
    Segment,
    TraitDef,
)
from dxp.lib import clock

SAMPLE = 2000
MOST_NAMES = 500
KINDS = {
    TraitDef.Type.NUMBER: "number",
    TraitDef.Type.BOOLEAN: "boolean",
    TraitDef.Type.DATE: "date",
    TraitDef.Type.MOMENT: "date",
}


def of(*, own: int | None) -> dict[str, Any]:
    """Return everything the builder needs to draw a rule, in the language of its reader."""
    events = event_names()
    return {
        "forms": forms(),
        "traits": trait_kinds(),
        "segments": segments(own),
        "lists": lists(),
        "cmps": compared(),
        "choices": choices(),
        "starts": starts(events),
        "words": phrases(),
    }


def forms() -> list[dict[str, Any]]:
    """Return the form of each kind of condition, translated."""
    return [_translated(form) for form in rules.describe()]


def _translated(told: Any, key: str = "") -> Any:
    if isinstance(told, Mapping):
        return {name: _translated(value, name) for name, value in told.items()}
    if key == "options":
        return [[value, _(label)] for value, label in told]
    if key in ("label", "help"):
        return _(told) if told else ""
    if isinstance(told, Sequence) and not isinstance(told, str):
        return [_translated(one) for one in told]
    return told


def compared() -> dict[str, list[list[str]]]:
    """Return the comparisons of properties by the kind of value, translated."""
    words = phrases()
    return {kind: [[cmp, words[f"cmp_{cmp}"]] for cmp in cmps] for kind, cmps in CMPS.items()}


def choices() -> dict[str, list[list[str]]]:
    """Return what can be chosen where a condition leaves the choice to the house."""
    lists = {"purposes": ConsentEntry.Purpose.choices, "channels": ContactPoint.Channel.choices}
    return {name: [[value, str(label)] for value, label in one] for name, one in lists.items()}


def trait_kinds() -> dict[str, str]:
    """Return each trait's kind of value: as it was defined, else as those seen last have it."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    people = Profile.objects.filter(state=Profile.State.ACTIVE).exclude(traits={})
    for traits in people.values_list("traits", flat=True)[:SAMPLE]:
        for name, value in flat(traits):
            kinds[name][kind_of(value)] += 1
    found = {name: count.most_common(1)[0][0] for name, count in kinds.items()}
    defined = TraitDef.objects.exclude(type=TraitDef.Type.OBJECT).values_list("key", "type")
    found |= {key: KINDS.get(TraitDef.Type(kind), "text") for key, kind in defined}
    return dict(sorted(found.items())[:MOST_NAMES])


def flat(traits: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield names and values, those inside a group of values with a dot between."""
    for name, value in traits.items():
        if isinstance(value, Mapping) and not before:
            yield from flat(value, f"{name}.")
        elif isinstance(value, str | int | float | bool):
            yield f"{before}{name}", value


def kind_of(value: Any) -> str:
    """Return the kind of a value as SDKs send it."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        is_day = len(value) >= 10 and value[:10].replace("-", "").isdigit() and value[4] == "-"
        return "date" if is_day else "text"
    return "number"


def event_names() -> list[str]:
    """Return the names of all events that somebody did."""
    plain = EventMatcher.objects.filter(where=[]).exclude(event__in=rules.OUR_CHANGES)
    return list(plain.order_by("event").values_list("event", flat=True)[:MOST_NAMES])


def segments(without: int | None) -> list[dict[str, Any]]:
    """Return the segments that a rule may refer to."""
    others = Segment.objects.exclude(pk=without or 0).order_by("name")
    return [{"id": pk, "name": name} for pk, name in others.values_list("pk", "name")]


def lists() -> list[dict[str, Any]]:
    """Return the lists of people that a rule may refer to."""
    found = ProfileList.objects.order_by("name").values_list("pk", "name")
    return [{"id": pk, "name": name} for pk, name in found]


def in_words(rule: Any, names: dict[int, str] | None = None) -> str:
    """Return a stored rule in words, or nothing where it can't be read any more."""
    if names is None:
        names = dict(Segment.objects.values_list("pk", "name"))
    try:
        return rules.sentence(rule, segments=names, lists=rulebook.list_names(), translate=_)
    except rules.RuleError:
        return ""


def as_text(value: Any) -> str:
    """Return a value as somebody would type it."""
    return value if isinstance(value, str) else json.dumps(value)


def as_object(told: Any) -> dict[str, Any]:
    """Return properties as a plain cursor reads them."""
    found = json.loads(told) if isinstance(told, str) else told
    return found if isinstance(found, dict) else {}


# What shops and publishers call these acts, the names of Segment's specification first.
BOUGHT = ("Order Completed", "Purchase", "purchase", "Subscribed")
CAME = ("Page Viewed", "Screen Viewed", "Session Started", "Article Viewed")
ASKED = ("Product Added", "Checkout Started", "Product Viewed", "Article Viewed")


def starts(events: list[str]) -> list[dict[str, Any]]:
    """Return rules to begin with, about events that happen here; where none fits, one is chosen."""
    bought, came, looked = (_first(names, events) for names in (BOUGHT, CAME, ASKED))
    bought = bought or _worth_most()
    lately = {"last": [7, "days"]}
    return [
        _start(_("Active in the last 7 days"), [_did(came, lately)]),
        _start(
            _("Came before, but not in the last 30 days"),
            [_did(came, "all"), _not(_did(came, {"last": [30, "days"]}))],
        ),
        _start(
            _("Bought, but not in the last 90 days"),
            [_did(bought, "all"), _not(_did(bought, {"last": [90, "days"]}))],
        ),
        _start(
            _("Bought three times or more in a year"), [_did(bought, {"last": [365, "days"]}, 3)]
        ),
        _start(
            _("Looked in the last 7 days, but did not buy"),
            [_did(looked, lately), _not(_did(bought, lately))],
        ),
        _start(_("We know their e-mail address"), [{"op": "contact", "channel": "email"}]),
    ]


def _first(names: tuple[str, ...], events: list[str]) -> str:
    return next((name for name in names if name in events), "")


def _worth_most() -> str:
    """Return the event that brought the most money in these days, or nothing."""
    lately = EventDay.objects.filter(
        # By matcher, as the index goes: a day alone would read the whole table.
        matcher__in=EventMatcher.objects.filter(where=[]),
        day__gt=today(clock.now()) - timedelta(days=7),
        amount__gt=0,
    )
    worth = lately.values("matcher__event").annotate(total=Sum("amount")).order_by("-total").first()
    return str(worth["matcher__event"]) if worth else ""


def _start(label: str, of: list[dict[str, Any]]) -> dict[str, Any]:
    return {"label": label, "rule": {"v": 1, "root": {"op": "and", "of": of}}}


def _not(node: dict[str, Any]) -> dict[str, Any]:
    return {"op": "not", "of": node}


def _did(event: str, window: Any, times: int = 1) -> dict[str, Any]:
    return {
        "op": "event",
        "matcher": {"event": event},
        "metric": "count",
        "window": window,
        "cmp": "gte",
        "value": times,
    }
