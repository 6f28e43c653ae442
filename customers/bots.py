"""Tell what programs send from what people do, before anything is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

import orjson
from django.db.models import Count

from customers import agents
from customers.models import BotEvent, Source
from dxp.lib import rows

COLUMNS = (
    "source_id", "message_id", "received_at", "at", "type", "name", "user_agent", "user_id",
    "anonymous_id", "body",
)  # fmt: skip


class Sent(Protocol):
    """An event in its normal shape."""

    message_id: str
    type: str
    name: str
    at: datetime
    user_id: str | None
    anonymous_id: str | None
    properties: dict[str, Any]
    context: dict[str, Any]


Event = TypeVar("Event", bound=Sent)


def sift(*, source: Source, facts: list[Event], at: datetime) -> list[Event]:
    """Return the events of people; those of bots are kept apart, once each.

    A bot is known by the event's own user agent; where the key stands in a web page, collection has
    put the connection's there. What a server sends without one speaks for a person.
    """
    if source.takes_bots:
        return facts
    asked = source.kind == Source.Kind.BROWSER
    people: list[Event] = []
    robots: list[Event] = []
    for fact in facts:
        agent = fact.context.get("userAgent")
        if not isinstance(agent, str) or not (agent or asked):
            people.append(fact)
        elif not asked and "Headless" in agent:
            # A server is believed, also when it speaks of a browser without a screen: recorded
            # sessions are sent again like this. On a site nobody has such a browser.
            people.append(fact)
        elif agents.is_bot(agent) and not agents.is_app(agent):
            robots.append(fact)
        else:
            people.append(fact)
    if robots:
        _keep(source, robots, at)
    return people


def counted(*, since: datetime) -> dict[int, int]:
    """Return how many events of bots each source sent since a moment."""
    found = BotEvent.objects.filter(received_at__gt=since).order_by().values_list("source_id")
    return dict(found.annotate(n=Count("id")))


def _keep(source: Source, robots: Sequence[Sent], at: datetime) -> None:
    with rows.raw_cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO customers_botevent ({', '.join(COLUMNS)}) "  # noqa: S608 - our own names
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [
                (
                    source.pk, fact.message_id, at, fact.at, fact.type, fact.name,
                    str(fact.context.get("userAgent"))[:agents.LONGEST], fact.user_id,
                    fact.anonymous_id,
                    orjson.dumps({"properties": fact.properties, "context": fact.context}).decode(),
                )
                for fact in robots
            ],
        )  # fmt: skip
