"""The demo world's letter of every Thursday: who got it, opened it, clicked in it.

Known truths: two of a hundred bounce; of those that arrive 45 of a hundred are opened, and 30 of a
hundred of these clicked. The mail was sent by whatever the house had before; only its events came.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from customers import record
from customers.append import New
from customers.models import Alias

NAME = "Thursday letter"
THURSDAY = 3
BOUNCED, OPENED, CLICKED = 0.02, 0.45, 0.3


def send(*, message: int, readers: list[str], at: datetime) -> None:
    """Write down what became of one letter, for whoever had signed up by then.

    Args:
        message: the message's number.
        readers: their browsers' ids.
        at: when it was sent.
    """
    # A made-up world must be the same each time.
    chance = random.Random(at.toordinal())  # noqa: S311
    found = Alias.objects.filter(kind=Alias.Kind.ANONYMOUS, value__in=readers)
    people = dict(found.values_list("value", "profile_id"))
    new: list[New] = []
    for reader in readers:
        if reader in people:
            new += _letter(message, reader, people[reader], at, chance)
    record.events(new, at=at + timedelta(hours=12))


def _letter(
    message: int, reader: str, profile: int, at: datetime, chance: random.Random
) -> list[New]:
    told: dict[str, Any] = {
        "message": NAME, "message_id": message, "delivery_id": f"{at:%Y-%m-%d}:{reader}",
        "journey_id": None, "channel": "email",
    }  # fmt: skip
    moment = at
    new: list[New] = []

    def happened(name: str, minutes: float) -> None:
        nonlocal moment
        moment += timedelta(minutes=minutes)
        key = f"demo-{name.lower().replace(' ', '-')}:{at:%Y-%m-%d}:{reader}"
        new.append(New(profile, name, told, moment, key))

    happened("Message Sent", chance.uniform(0, 5))
    if chance.random() < BOUNCED:
        happened("Message Bounced", 1)
        return new
    happened("Message Delivered", 1)
    if chance.random() < OPENED:
        happened("Message Opened", chance.triangular(2, 600, 30))
        if chance.random() < CLICKED:
            happened("Message Clicked", 1)
    return new
