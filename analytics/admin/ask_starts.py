"""Questions to begin with, about events that really happen here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from analytics.admin.ask_address import write
from analytics.questions import asked
from analytics.questions.base import QuestionError

# What shops and publishers call these acts, the names of Segment's specification first.
LOOKED = ("Product Viewed", "Article Viewed", "Page Viewed")
BOUGHT = ("Order Completed", "Purchase", "purchase", "Subscribed")


@dataclass(frozen=True, slots=True)
class Start:
    """A question to begin with."""

    label: str
    help: str
    url: str


def starts(seen: Iterable[str], success: str = "") -> list[Start]:
    """Return questions that can be asked here, about the events that were seen.

    Args:
        seen: their names, the most frequent first.
        success: the one that counts as a success here, where it is known.
    """
    names = list(seen)
    looked = _first(LOOKED, names)
    bought = _first((success, *BOUGHT), [name for name in names if name != looked])
    if not looked:
        return []
    found = [_start(*one) for one in _all(looked, bought or looked)]
    return [one for one in found if one is not None]


def _all(looked: str, bought: str) -> Iterable[tuple[str, str, dict[str, Any]]]:
    what = {"looked": looked, "bought": bought}
    act, goal = {"event": looked}, {"event": bought}
    yield (
        _("From “%(looked)s” to “%(bought)s”") % what,
        _("How many go all the way, and where the others stop."),
        {"kind": "funnel", "steps": [act, goal]},
    )
    yield (
        _("“%(looked)s” day by day") % what,
        _("How many people, against the days before."),
        {"kind": "trend", "series": [act], "count": "people", "compare": "before"},
    )
    yield (
        _("Where visits come from"),
        _("By channel, and how many lead to “%(bought)s”.") % what,
        {"kind": "visits", "what": "channels", "goal": goal, "compare": "before"},
    )
    yield (
        _("What brought “%(bought)s”?") % what,
        _("Channels by several models side by side."),
        {"kind": "attribution", "conversion": goal},
    )
    yield (
        _("What “%(bought)s” earned") % what,
        _("Revenue, orders and what an order is worth, against the days before."),
        {"kind": "revenue", "order": goal, "compare": "before"},
    )
    yield (
        _("Who comes back after “%(looked)s”?") % what,
        _("Week by week, for those who did it for the first time."),
        {"kind": "retention", "first": act, "again": act, "every": "week"},
    )
    yield (
        _("What people do after “%(looked)s”") % what,
        _("Their ways, step by step."),
        {"kind": "paths", "shown": "events", "anchor": act},
    )
    yield (
        _("What became of our messages"),
        _("Delivered, opened, clicked, and what they lead to."),
        {"kind": "deliveries"},
    )
    yield (
        _("New, returning, awake again, asleep"),
        _("Who is there each week, and who is not any more."),
        {"kind": "lifecycle", "every": "week", "period": {"last": [8, "weeks"]}},
    )


def _start(label: str, about: str, raw: dict[str, Any]) -> Start | None:
    # A kind that is not there, or is asked in another way, is no start.
    try:
        asked.parse(raw)
    except QuestionError:
        return None
    return Start(label, about, f"{reverse('analytics_question_new')}?{write(raw)}")


def _first(wanted: Iterable[str], names: list[str]) -> str:
    return next((name for name in wanted if name in names), names[0] if names else "")
