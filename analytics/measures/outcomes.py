"""What can be asked about messages, and its answer in plain Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from analytics.measures.base import Row, Told
from analytics.measures.cycles import LONG_AGO
from analytics.measures.where import Act, said

SENT, FAILED = "Message Sent", "Message Failed"
EVENTS = {
    "delivered": "Message Delivered",
    "opened": "Message Opened",
    "clicked": "Message Clicked",
    "bounced": "Message Bounced",
    "complained": "Message Complained",
    "unsubscribed": "Message Unsubscribed",
    "opened_by_machine": "Message Opened by Machine",
    "clicked_by_machine": "Message Clicked by Machine",
}
OUTCOMES = ("sent", "failed", *EVENTS, "converted")
AFTER = ("sent", "opened", "clicked")
KEYS = {
    "message": ("message_id", "message"),
    "journey": ("journey_id", "journey_id"),
    "channel": ("channel", "channel"),
}
"""What messages are told apart by: the property that says which, and the one with its name."""
__all__ = [
    "AFTER", "EVENTS", "FAILED", "KEYS", "LONG_AGO", "OUTCOMES", "SENT", "Asked", "OutcomeError",
    "column", "journeys", "order", "people", "results",
]  # fmt: skip


class OutcomeError(ValueError):
    """This asks nothing about messages."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which messages, and what counts as their success.

    Args:
        start: the window's beginning.
        end: its end.
        by: message, journey, channel or day.
        goal: what people are meant to do.
        after: sent, opened or clicked: from when on doing it counts.
        within: for how long after sending anything counts.
        zone: where days begin.
    """

    start: datetime
    end: datetime
    by: str = "message"
    goal: Act | None = None
    after: str = "sent"
    within: timedelta = timedelta(days=14)
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if self.by not in {*KEYS, "day"} or self.after not in AFTER:
            raise OutcomeError("Messages can't be told apart by this.")

    @property
    def until(self) -> datetime:
        return self.end + self.within

    def line(self, told: Told) -> tuple[str | None, str | None]:
        """Return which line of the answer a delivery belongs to, and what that is called."""
        if self.by == "day":
            day = told.happened_at.astimezone(ZoneInfo(self.zone)).date().isoformat()
            return day, day
        key, label = KEYS[self.by]
        return _text(told, key), _text(told, label)


@dataclass(slots=True)
class Delivery:
    """What became of one message to one person."""

    person: int
    key: str | None
    label: str | None
    moments: dict[str, datetime]


def column(outcome: str) -> str:
    """Return the column with the moment of an outcome; of `not_…`, that of sending.

    Raises:
        OutcomeError: there is no such outcome.
    """
    if outcome.removeprefix("not_") not in OUTCOMES:
        raise OutcomeError("Nothing of that kind becomes of messages.")
    return "sent_at" if outcome.startswith("not_") else f"{outcome}_at"


def order(row: Row) -> tuple[Any, ...]:
    """Return where a line stands: what was sent most first, what belongs nowhere last."""
    return -row[3], row[0] is None, row[0] or ""


def results(events: Sequence[Told], told: Mapping[str, Any]) -> list[Row]:
    """Return what the measure `deliveries` says about these events."""
    asked = Asked(**told)
    lines: dict[str | None, list[Delivery]] = {}
    for one in _deliveries(events, asked):
        lines.setdefault(one.key, []).append(one)
    rows = []
    for key, mine in lines.items():
        counts: list[int | None] = [
            sum(outcome in one.moments for one in mine) for outcome in OUTCOMES
        ]
        if asked.goal is None:
            counts[-1] = None
        labels = [one.label for one in mine if one.label is not None]
        people = len({one.person for one in mine})
        rows.append((key, max(labels, default=None), people, *counts))
    return sorted(rows, key=order)


def people(events: Sequence[Told], told: Mapping[str, Any]) -> list[Row]:
    """Return what the measure `deliveries_people` says about these events."""
    own = ("outcome", "key", "whole", "limit")
    asked = Asked(**{key: value for key, value in told.items() if key not in own})
    outcome = told["outcome"].removeprefix("not_")
    latest: dict[int, int] = {}
    for one in _deliveries(events, asked):
        if not told.get("whole", True) and one.key != told.get("key"):
            continue
        moment = one.moments.get(outcome)
        if told["outcome"].startswith("not_"):
            moment = one.moments.get("sent") if moment is None else None
        if moment is not None:
            second = int(moment.timestamp() // 1)
            latest[one.person] = max(second, latest.get(one.person, second))
    rows = sorted(latest.items(), key=lambda row: (-row[1], row[0]))
    return rows[: told.get("limit", 200)]


def journeys(events: Sequence[Told], told: Mapping[str, Any]) -> list[Row]:
    """Return what the measure `journey_names` says about these events."""
    named: dict[str, str] = {}
    for one in events:
        key, label = _text(one, "journey_id"), _text(one, "journey")
        if one.name == "Journey Entered" and key is not None and label is not None:
            named[key] = max(label, named.get(key, label))
    return sorted(named.items())


def _deliveries(events: Sequence[Told], asked: Asked) -> Iterator[Delivery]:
    ours = [one for one in events if one.type == "track" and one.name.startswith("Message ")]
    by_id: dict[str, list[Told]] = {}
    for one in ours:
        number = _text(one, "delivery_id")
        if number is not None:
            by_id.setdefault(number, []).append(one)
    for mine in by_id.values():
        sent = [one for one in mine if one.name == SENT]
        begun = (sent or [one for one in mine if one.name == FAILED])[:1]
        if not begun or begun[0].happened_at >= asked.end:
            continue
        first = begun[0]
        found = {"sent" if first.name == SENT else "failed": first.happened_at}
        if sent:
            found |= _became(mine, first.happened_at, asked)
            after = found.get(asked.after)
            goal = [
                one.happened_at
                for one in events
                if asked.goal is not None and after is not None and said(asked.goal, one)
                and one.profile_id == first.profile_id
                and after < one.happened_at <= first.happened_at + asked.within
            ]  # fmt: skip
            found |= {"converted": goal[0]} if goal else {}
        yield Delivery(first.profile_id, *asked.line(first), found)


def _became(mine: Sequence[Told], sent_at: datetime, asked: Asked) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for outcome, name in EVENTS.items():
        moments = [
            one.happened_at
            for one in mine
            if one.name == name and one.happened_at <= sent_at + asked.within
        ]
        found |= {outcome: moments[0]} if moments else {}
    return found


def _text(told: Told, key: str) -> str | None:
    value = told.properties.get(key)
    return None if value is None else str(value)
