"""Five hundred made-up people and thirty days of what they did, from a seed.

Known truths, so that reports can be checked (`tests/dxp/test_demo_world.py` counts them):

- People who come by e-mail sign up about twice as often as others; whoever has read three articles
  signs up about three times as often.
- First visits come by search and by paid search, later ones by themselves and by e-mail: first
  touch credits what last touch does not.
- Of the looks at a product four in ten lead to the calculator, half of those to a started plan, a
  quarter of those to an opened one: seven in ten of these at once, the others at a later visit.
- People from Romania open what they started twice as often as others.
- "crypto" is searched for and never found.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dxp.demo import shop

SEED = 20261121
# Nobody does two things in one moment.
PAUSE = timedelta(seconds=9)
DAYS = 30
PEOPLE = 500
NAMESPACE = uuid.UUID("6f1c2d0e-58a7-4b39-9d0a-2f6d7c5b1e44")

FIRST = [
    "Ada",
    "Bela",
    "Carmen",
    "Dario",
    "Elena",
    "Fyodor",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Katya",
    "Luca",
    "Mei",
    "Nadia",
    "Oskar",
    "Paula",
    "Quentin",
    "Rosa",
    "Stefan",
    "Teodora",
    "Ulla",
    "Viktor",
    "Wanda",
    "Xenia",
    "Yusuf",
    "Zoe",
]
LAST = [
    "Albu",
    "Brandt",
    "Costa",
    "Dumont",
    "Eriksen",
    "Ferrari",
    "Gomez",
    "Horvat",
    "Ivanova",
    "Jansen",
    "Keller",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Olsen",
    "Petrescu",
    "Quist",
    "Ricci",
    "Sokolova",
    "Torres",
    "Urban",
    "Varga",
    "Weber",
    "Xu",
    "Yilmaz",
    "Zeman",
]
COUNTRIES = ["DE", "ES", "FR", "IT", "RO", "US", "GB"]
# How often a channel brings somebody: at the first visit, and later.
CHANNELS: dict[str, tuple[float, float, str, dict[str, str]]] = {
    "organic": (0.45, 0.27, "https://www.google.com/", {}),
    "direct": (0.10, 0.38, "", {}),
    "email": (0.05, 0.20, "", {"source": "newsletter", "medium": "email", "name": "autumn-letter"}),
    "paid": (
        0.28,
        0.05,
        "https://www.google.com/",
        {"source": "google", "medium": "cpc", "name": "funds"},
    ),
    "social": (0.12, 0.10, "https://www.linkedin.com/", {}),
}


@dataclass
class Place:
    """One page of the site that people can visit."""

    kind: str
    path: str
    title: str
    event: str
    properties: dict[str, Any]


@dataclass
class Person:
    """One made-up visitor."""

    number: int
    first: str
    last: str
    country: str
    pace: float
    read: int = 0
    visits: int = 0
    signed_up: bool = False
    customer: bool = False
    # A plan that was started and not opened yet, with what it is about.
    plan: dict[str, Any] = field(default_factory=dict)
    plans: int = 0

    @property
    def anonymous_id(self) -> str:
        return str(uuid.uuid5(NAMESPACE, f"browser-{self.number}"))

    @property
    def email(self) -> str:
        return f"{self.first}.{self.last}.{self.number}@example.com".lower()


def crowd(chance: random.Random) -> list[Person]:
    """Return the people; how often they come follows a power law, as it does in real crowds."""
    return [
        Person(
            number=number,
            first=chance.choice(FIRST),
            last=chance.choice(LAST),
            country=chance.choices(COUNTRIES, [5, 3, 3, 3, 4, 2, 2])[0],
            pace=chance.paretovariate(1.6),
        )
        for number in range(1, PEOPLE + 1)
    ]


def history(
    places: list[Place], start: datetime
) -> Iterator[tuple[datetime, list[dict[str, Any]]]]:
    """Yield (day's end, events of that day) for thirty days, in order of time."""
    chance = random.Random(SEED)  # noqa: S311 - a made-up world must be the same each time
    people = crowd(chance)
    for day in range(DAYS):
        events: list[dict[str, Any]] = []
        for person in people:
            if chance.random() < min(0.9, 0.07 * person.pace):
                minute = timedelta(minutes=chance.triangular(6 * 60, 23 * 60, 19 * 60))
                events += visit(person, places, start + timedelta(days=day) + minute, chance)
        events.sort(key=lambda event: event["timestamp"])
        yield start + timedelta(days=day + 1), events


def visit(
    person: Person, places: list[Place], at: datetime, chance: random.Random
) -> list[dict[str, Any]]:
    """Return the events of one session of one person."""
    often = [later if person.visits else first for first, later, *_ in CHANNELS.values()]
    channel = chance.choices(list(CHANNELS), often)[0]
    *_, referrer, campaign = CHANNELS[channel]
    person.visits += 1
    context: dict[str, Any] = {"campaign": campaign} if campaign else {}
    events: list[dict[str, Any]] = []
    moment = at

    def happened(type_: str, name: str, properties: dict[str, Any], **more: Any) -> None:
        nonlocal moment
        key = f"{person.number}-{at.isoformat()}-{len(events)}-{name}"
        events.append({
            "type": type_,
            "event": name if type_ == "track" else None,
            "anonymousId": person.anonymous_id,
            "userId": f"customer-{person.number:04d}" if person.customer else None,
            "messageId": str(uuid.uuid5(NAMESPACE, key)),
            "timestamp": moment.isoformat(),
            "properties": properties,
            "context": context,
            **more,
        })  # fmt: skip
        moment += PAUSE

    for step in range(1 + min(9, int(chance.expovariate(0.45)))):
        place = chance.choices(places, [3 if row.kind == "article" else 2 for row in places])[0]
        page = {"path": place.path, "title": place.title, "referrer": "" if step else referrer}
        happened("page", "", page)
        person.read += place.kind == "article"
        if not step:
            shop.go_on(person, chance, happened)
        if place.event:
            happened("track", place.event, place.properties)
        if place.kind == "product":
            shop.look(person, place.properties, chance, happened)
        if chance.random() < 0.04:
            shop.search(chance, happened)
        moment += timedelta(seconds=chance.triangular(8, 400, 60))
        sign_up(person, channel, chance, happened)
    return events


def sign_up(
    person: Person, channel: str, chance: random.Random, happened: Callable[..., None]
) -> None:
    """Let a person sign up, and some of them become customers."""
    willing = 0.03 * (3 if person.read >= 3 else 1) * (2 if channel == "email" else 1)
    if person.signed_up or chance.random() >= willing:
        return
    person.signed_up = True
    traits = {
        "email": person.email,
        "firstName": person.first,
        "lastName": person.last,
        "country": person.country,
    }
    happened("identify", "", {}, traits=traits)
    happened("track", "Signed Up", {"form": "newsletter"})
    if chance.random() < 0.5:
        person.customer = True
        happened("identify", "", {}, traits={"plan": chance.choice(["basic", "plus"])})
