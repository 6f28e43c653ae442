"""Random small worlds for measures: moments collide, properties are odd, people merge and go.

Measures' `tries` find something here if they ask about these names, keys and values.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection, transaction

from analytics import collect
from analytics.measures.base import Told
from analytics.models import ErasedAlias
from customers import partitions
from customers.models import Alias, AliasOverride, Profile, Segment, SegmentMember
from dxp.lib import rows
from tests.analytics.world import DAY

# The day at which worlds begin, in which every window lies, and how far apart two worlds are.
LONG, APART = timedelta(days=4), timedelta(days=12)
PEOPLE = 7
ACTS = [
    "Product Viewed", "Product Viewed", "Product Added", "Order Completed", "Order Refunded",
    "Searched", "Document Downloaded", "Signed Up", "Page Left", "Slot Shown", "Slot Shown",
]  # fmt: skip
MESSAGES = [
    "Message Sent", "Message Sent", "Message Delivered", "Message Opened", "Message Clicked",
    "Message Opened by Machine", "Message Clicked by Machine", "Message Bounced",
    "Message Complained", "Message Unsubscribed", "Message Failed",
]  # fmt: skip
OURS = ["Segment Entered", "Segment Left", "Journey Entered", "Journey Exited"]
VALUES: dict[str, list[Any]] = {
    "path": ["/", "/a", "/É", "/funds/", None],
    "title": ["A", "b", "", None],
    "url": ["https://us.example/a?x=1", "https://us.example/", None],
    "referrer": [
        "https://www.google.com/search", "http://us.example:80/", "https://news.example/x", "odd",
        "", None,
    ],
    "session": [1, "1", "s2", 2.5, None, {"a": 1}],
    "product": ["tea", "Tea", "cup", "", 7, True, None, ["tea"]],
    "country": ["ES", "FR", "CN", None],
    "quantity": [1, 2, -1, 2.5, "3", "many", None, False],
    "revenue": [10, 10, 99.95, 0.1, "20", "12.345678", -5, "no", None, 0],
    "query": ["tea", "Tea ", "cup", "", None],
    "results": [0, 3, "0", None],
    "seconds": [5, 60, "7", -1, 2.5, "soon", None],
    "slot": ["s1", "s1", "s2", None],
    "page_id": [7, 7, "7", 8],
    "variant": ["v1", "v1", "default"],
    "arm": ["variant", "variant", "control", "default"],
}  # fmt: skip
CAMPAIGN = {
    "source": ["newsletter", "google", "ads", ""],
    "medium": ["email", "cpc", "organic", ""],
    "name": ["spring", "autumn", ""],
}
TRAITS: dict[str, list[Any]] = {
    "country": ["ES", "FR", "", 34, None], "plan": ["free", "pro", True], "age": [30, 41.5],
}  # fmt: skip
AMOUNT = re.compile(r"-?[0-9]{1,13}([.][0-9]+)?")
INSERT = """
INSERT INTO customers_event
  (id, received_at, at, position, message_id, type, name, alias_id, profile_id, properties, context)
VALUES (%s, %s, %s, 0, 'm', %s, %s, %s, %s, %s, %s)"""


@dataclass
class Happened:
    """One event as it was folded: under an alias, stamped with the owner of that moment."""

    id: int
    at: datetime
    alias: int
    stamp: int
    type: str
    name: str
    properties: dict[str, Any]
    campaign: dict[str, Any]
    part: int


@dataclass
class World:
    """Some people, what they did, and who they turned out to be."""

    seed: int
    start: datetime
    end: datetime
    events: list[Happened] = field(default_factory=list)
    traits: dict[int, dict[str, Any]] = field(default_factory=dict)
    owners: list[tuple[int, datetime | None, datetime | None, int]] = field(default_factory=list)
    erased: set[int] = field(default_factory=set)
    members: set[int] = field(default_factory=set)

    def owner(self, event: Happened) -> int:
        """Return whose an event is now."""
        for alias, since, until, profile in self.owners:
            if alias == event.alias and (
                (since is None or since <= event.at) and (until is None or event.at < until)
            ):
                return profile
        return event.stamp


def make(seed: int) -> World:
    """Return the world of a seed; two seeds share neither people nor days."""
    dice = random.Random(seed)
    start = DAY + seed * APART
    world = World(seed, start, start + LONG)
    people = [100 * (seed + 1) + i for i in range(PEOPLE)]
    for one in people:
        chosen = {key: dice.choice(values) for key, values in TRAITS.items()}
        world.traits[one] = {k: v for k, v in chosen.items() if dice.random() < 0.8}
    moments = [start + timedelta(minutes=10 * dice.randrange(-288, 6 * 144)) for _ in range(40)]
    for number in range(140):
        alias = dice.choice(people)
        kind, name = _what(dice)
        world.events.append(
            Happened(
                1000 * (seed + 1) + number, dice.choice(moments), alias, alias, kind, name,
                _properties(dice, kind), _campaign(dice), min(number * 3 // 140, 2),
            )
        )  # fmt: skip
    gone, merged, shared = dice.sample(people, 3)
    world.erased = {gone}
    rest = [one for one in people if one not in {gone, merged, shared}]
    world.owners.append((merged, None, None, dice.choice(rest)))
    since, until = sorted(dice.sample(sorted(set(moments)), 2))
    world.owners.append((shared, since, until, dice.choice(rest)))
    world.members = set(dice.sample(rest, 2))
    return world


def _what(dice: random.Random) -> tuple[str, str]:
    kind = dice.choices(["page", "screen", "track", "message", "ours", "identify"],
                        [40, 5, 40, 10, 3, 2])[0]  # fmt: skip
    if kind in {"page", "screen"}:
        return kind, f"{kind.title()} Viewed"
    if kind == "identify":
        return kind, ""
    return "track", dice.choice({"track": ACTS, "message": MESSAGES, "ours": OURS}[kind])


def _properties(dice: random.Random, kind: str) -> dict[str, Any]:
    told = {key: dice.choice(values) for key, values in VALUES.items() if dice.random() < 0.5}
    if kind == "track" and dice.random() < 0.8:
        told |= {
            "message": dice.choice(["Hello", "Bye"]), "message_id": dice.choice([1, 2, "2"]),
            "journey": dice.choice(["Welcome", None]), "journey_id": dice.choice([1, 2]),
            "channel": dice.choice(["email", "sms"]),
            "delivery": dice.choice([11, 12, 13]), "delivery_id": dice.choice([11, 12, 13]),
        }  # fmt: skip
    return told


def _campaign(dice: random.Random) -> dict[str, Any]:
    if dice.random() < 0.8:
        return {}
    return {key: dice.choice(values) for key, values in CAMPAIGN.items() if dice.random() < 0.8}


def settle(worlds: list[World], lake: collect.Lake) -> None:
    """Write worlds as they come about: two files, a tail; then people merge, and some are erased.

    The segment that some are in is the only one there is.
    """
    at = DAY + timedelta(days=300)
    with transaction.atomic():
        partitions.ensure(moments=[DAY])
    for part in range(3):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(
                INSERT,
                [
                    (
                        e.id, DAY, e.at, e.type, e.name, e.alias, e.stamp,
                        json.dumps(e.properties), json.dumps({"campaign": e.campaign}),
                    )
                    for world in worlds for e in world.events if e.part == part
                ],
            )  # fmt: skip
        if part < 2:
            collect.seal(lake=lake, at=at)
    segment = Segment.objects.create(pk=1, name="Some", slug="some", rule={})
    for world in worlds:
        _people(world, segment, at)


def _people(world: World, segment: Segment, at: datetime) -> None:
    Profile.objects.bulk_create(
        Profile(
            pk=pk, bucket=1, traits=told, state=_state(world, pk), created_at=at, last_seen_at=at
        )
        for pk, told in world.traits.items()
    )
    Alias.objects.bulk_create(
        Alias(pk=pk, kind="user", value=str(pk), home_profile_id=pk, profile_id=pk,
              first_seen_at=at)
        for pk in world.traits
    )  # fmt: skip
    for alias, since, until, profile in world.owners:
        AliasOverride.objects.create(
            alias_id=alias, valid=(since, until), profile_id=profile, changed_at=at
        )
    SegmentMember.objects.bulk_create(
        SegmentMember(segment=segment, profile_id=pk, entered_at=at, cause="event")
        for pk in world.members
    )
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "DELETE FROM customers_event WHERE alias_id = ANY(%s)", [sorted(world.erased)]
        )
    ErasedAlias.objects.bulk_create(ErasedAlias(pk=pk, erased_at=at) for pk in world.erased)


def _state(world: World, pk: int) -> str:
    merged = any(alias == pk and since is None for alias, since, _until, _to in world.owners)
    return "ERASED" if pk in world.erased else "ABSORBED" if merged else "ACTIVE"


def told(worlds: list[World], *, start: datetime, end: datetime, fact: str = "") -> Iterator[Told]:
    """Yield what oracles read: the events of a window under who owns them now, by time and id."""
    for world in worlds:
        for event in sorted(world.events, key=lambda e: (e.at, e.id)):
            if start <= event.at < end and event.alias not in world.erased:
                owner = world.owner(event)
                yield Told(
                    event.id, event.at, owner, event.type, event.name, event.properties,
                    _columns(event) | {"fact": _fact(world, owner, fact)},
                )  # fmt: skip


def is_picked(worlds: list[World], owner: int) -> bool:
    """Return whether somebody is on the free plan, or in the segment."""
    return any(
        owner in world.members or world.traits.get(owner, {}).get("plan") == "free"
        for world in worlds
    )


def as_text(value: Any) -> str | None:
    """Return a value of JSON as `->>` gives it."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _columns(event: Happened) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: as_text(event.properties.get(name)) for name in ("path", "url", "referrer", "title")
    }
    for key in CAMPAIGN:
        found[f"campaign_{key}"] = event.campaign.get(key)
    values = [as_text(event.properties.get(key)) for key in ("revenue", "value", "total")]
    amount = next((value for value in values if value is not None), "")
    found["amount"] = (
        Decimal(amount).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        if AMOUNT.fullmatch(amount)
        else None
    )
    return found | {"alias_id": event.alias, "received_at": DAY}


def _fact(world: World, owner: int, fact: str) -> str | None:
    kind, _colon, of = fact.partition(":")
    if kind == "segment":
        return "yes" if owner in world.members else "no"
    return as_text(world.traits[owner].get(of)) if kind == "trait" else None
