"""What we know about somebody, and how an event changes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from customers import identify
from customers.clean import Fact
from customers.models import ContactPoint


@dataclass(slots=True)
class Person:
    """A profile as it will be after this batch."""

    id: int
    traits: dict[str, Any]
    is_known: bool
    created_at: datetime
    last_seen_at: datetime
    is_fresh: bool = False
    is_changed: bool = False
    has_new_traits: bool = False


def see(*, person: Person, fact: Fact) -> None:
    """Take note that somebody did something then, and whether we know them by name."""
    if fact.is_active and fact.at > person.last_seen_at:
        person.last_seen_at = fact.at
        person.is_changed = True
    if fact.at < person.created_at:
        person.created_at = fact.at
        person.is_changed = True
    if fact.user_id is not None and not person.is_known:
        person.is_known = person.is_changed = True


def take(
    *, person: Person, fact: Fact, received_at: datetime
) -> list[tuple[str, str, str, int, datetime]]:
    """Take over the traits of an identify call; return the addresses it tells.

    An address: (channel, normal form, as it was given, profile, at).
    """
    traits = dict(person.traits)
    for key, value in fact.properties.items():
        if value is None:
            # Null takes a trait away; what is not mentioned stays.
            traits.pop(key, None)
        else:
            traits[key] = value
    if traits == person.traits:
        return []
    email = traits.get("email")
    is_new = email != person.traits.get("email")
    person.traits = traits
    person.is_changed = person.has_new_traits = True
    if not (is_new and isinstance(email, str)):
        return []
    try:
        value = identify.normal_address(channel=ContactPoint.Channel.EMAIL, address=email)
    except identify.BadAddress:
        return []
    person.is_known = True
    return [(str(ContactPoint.Channel.EMAIL), value, email.strip()[:320], person.id, received_at)]
