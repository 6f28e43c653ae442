"""The cast of this floor, and a small way to draw journeys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from customers import consent, identify, record, segment
from customers.models import Segment
from customers.record import New
from journeys import publish
from journeys.compose import House
from journeys.models import Journey, Message

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUSE = House(site="https://alder.example", sender="Alder & Finch <hello@alder.example>", rate=1000)


@pytest.fixture
def noon():
    return NOON


@pytest.fixture
def house():
    return HOUSE


def person(user, *, allows=True, email=None):
    """Return a person with an address who allowed e-mail, refused it, or said nothing (None)."""
    alias = identify.ensure_alias(kind="user", value=user, at=NOON)
    profile = alias.profile
    profile.traits = {"firstName": user.capitalize()}
    profile.save()
    point = identify.ensure_contact_point(
        profile_id=profile.pk,
        channel="email",
        address=email or f"{user}@example.com",
        at=NOON,
    )
    if allows is not None:
        consent.record(
            purpose="marketing",
            channel="email",
            state="GRANTED" if allows else "WITHDRAWN",
            method="form",
            contact_point=point,
            at=NOON,
        )
    return profile


@pytest.fixture
def ana(db):
    return person("ana")


@pytest.fixture
def bruno(db):
    return person("bruno", allows=False)


@pytest.fixture
def chen(db):
    return identify.ensure_alias(kind="anonymous", value="chen-cookie", at=NOON).profile


@pytest.fixture
def fans(db) -> Segment:
    """People who liked something."""
    rule = {
        "v": 1,
        "root": {
            "op": "event", "name": "Liked", "metric": "count", "window": "all", "cmp": "gte",
            "value": 1,
        },
    }  # fmt: skip
    return segment.create(name="Fans", rule=rule, at=NOON)


def happened(profile, name, *, at=NOON, key=None, **properties):
    """Record that a person did something, as any client would."""
    return record.events(
        [
            New(
                profile_id=profile.pk,
                name=name,
                properties=properties,
                at=at,
                message_id=key or f"{name}:{profile.pk}:{at.isoformat()}",
            )
        ],
        at=at,
    )


@pytest.fixture
def welcome(db) -> Message:
    return write("Welcome")


def write(name, *, at=NOON):
    """Return a published message with a greeting and a button."""
    message = Message.objects.create(
        name=name,
        subject='Hello {{ first_name|default:"there" }}',
        body=[
            ("heading", "Welcome"),
            ("text", 'Dear {{ first_name|default:"friend" }},\n\nthank you.'),
            ("link", {"text": "Read more", "url": "/news", "look": "button"}),
        ],
    )
    publish.publish_message(message=message, house=HOUSE, at=at)
    return message


def draw(segment, *steps, name="Onboarding", again=False, at=NOON, entry=None, **fields) -> Journey:
    """Return a live journey of these steps; ids s1, s2, … are given in order, branches included."""
    _number(steps, [0])
    journey = Journey.objects.create(
        name=name,
        entry=entry or {"type": "segment", "segment": segment.pk, "change": "entered"},
        outline=list(steps),
        **{"reentry": "AGAIN" if again else "ONCE", **fields},
    )
    publish.publish(journey=journey, at=at)
    return journey


def _number(steps, last):
    for step in steps:
        last[0] += 1
        step.setdefault("id", f"s{last[0]}")
        for name in ("for", "arms"):
            for place, arm in enumerate(step.get(name, ())):
                arm.setdefault("id", f"{step['id']}{'abcdefghij'[place]}")
                _number(arm["steps"], last)
        for name in ("timeout", "else"):
            _number(step.get(name, ()), last)


def delay(amount=1, unit="days"):
    return {"type": "delay", "mode": "for", "amount": amount, "unit": unit}


def wait(event, *, amount=3, unit="days", happened=(), timeout=()):
    return {
        "type": "wait", "for": [{"event": event, "steps": list(happened)}], "amount": amount,
        "unit": unit, "timeout": list(timeout),
    }  # fmt: skip


def send(message):
    return {"type": "send", "message": message.pk}


def end(outcome="done"):
    return {"type": "end", "outcome": outcome}


DAY = timedelta(days=1)
