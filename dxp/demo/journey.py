"""The demo world's journeys: a welcome for those who sign up, and a hand for those who stop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from customers.models import Segment
from dxp.demo import letters
from journeys import enroll, publish
from journeys.compose import House
from journeys.models import Cap, Journey, Message, Sender

WELCOME = [
    ("heading", 'Good to have you here, {{ first_name|default:"reader" }}'),
    (
        "text",
        "Thank you for asking us to write. About twice a month you get one letter: what we "
        "learned, what it means for ordinary savings, and nothing that you must act on today.\n\n"
        "The piece that most people begin with explains how a plan survives a bad year.",
    ),
    ("link", {"text": "Read where to begin", "url": "/insights/", "look": "button"}),
    ("divider", None),
    ("text", "If you would rather talk to a person, reply to this message: it reaches one."),
]
REMINDER = [
    ("heading", "One page, when you have a quiet minute"),
    (
        "text",
        'Hello {{ first_name|default:"there" }}, last week we sent you a place to begin. In case '
        "the week was full: our products stand on one page, with what each costs and when it is "
        "the wrong choice.",
    ),
    ("link", {"text": "See the products", "url": "/products/", "look": "button"}),
]
LETTER = [
    ("heading", "What we learned this week"),
    (
        "text",
        "One page, four minutes: what moved, what it means for ordinary savings, and what you may "
        "ignore. Nothing here asks you to act today.",
    ),
    ("link", {"text": "Read this week's piece", "url": "/insights/", "look": "button"}),
]
OUTLINE = [
    {"id": "welcome", "type": "send", "message": "Welcome letter"},
    {
        "id": "reads",
        "type": "wait",
        "amount": 3,
        "unit": "days",
        "for": [
            {
                "id": "clicked",
                "event": "Message Clicked",
                "steps": [{"id": "curious", "type": "end", "outcome": "read on"}],
            },
        ],
        "timeout": [
            {"id": "reminder", "type": "send", "message": "A quiet reminder"},
            {"id": "rest", "type": "delay", "mode": "for", "amount": 7, "unit": "days"},
        ],
    },
]
PLAN = [
    ("heading", "Your plan is still here"),
    (
        "text",
        'Hello {{ first_name|default:"there" }}, you began a savings plan{% if event.monthly %} of '
        '{{ event.monthly|money:"EUR" }} a month{% endif %} and stopped on the way. Nothing is '
        "lost: it waits where you left it.\n\n"
        "If a question stopped you, reply to this message. It reaches a person.",
    ),
    ("link", {"text": "Go on with the plan", "url": "/products/", "look": "button"}),
]
OPENED = {"event": "Savings Plan Opened", "same": "plan_id"}
UNFINISHED = [
    {
        "id": "opens",
        "type": "wait",
        "name": "An hour to finish",
        "amount": 1,
        "unit": "hours",
        "for": [
            {
                "id": "opened",
                **OPENED,
                "steps": [{"id": "done", "type": "end", "outcome": "opened at once"}],
            },
        ],
        "timeout": [],
    },
    {"id": "letter", "type": "send", "message": "Your plan is waiting"},
    {"id": "morning", "type": "delay", "mode": "time", "time": "09:30", "after": 1},
    {"id": "note", "type": "send", "message": "Pick up your plan"},
    {"id": "week", "type": "delay", "mode": "for", "amount": 7, "unit": "days"},
]


def letter(*, at: datetime) -> int:
    """Write the letter of every Thursday; return its number."""
    return _message(letters.NAME, "What we learned this week", LETTER, _house(), at)


def _house() -> House:
    return House(site=settings.SITE_URL, sender=settings.MAIL_FROM, rate=settings.SEND_RATE)


def build(*, at: datetime) -> None:
    """Write messages, draw two journeys, publish them, and let today's subscribers on."""
    house = _house()
    Cap.objects.get_or_create(channel="", topic=None, hours=7 * 24, defaults={"most": 5})
    if not Journey.objects.filter(name="Welcome").exists():
        _welcome(house, at)
    if not Journey.objects.filter(name="Unfinished plan").exists():
        _unfinished(house, at)


def _unfinished(house: House, at: datetime) -> None:
    pages, _made = Sender.objects.get_or_create(
        name="Our website", defaults={"channel": "onsite", "adapter": "site"}
    )
    note, _made = Message.objects.get_or_create(
        name="Pick up your plan",
        defaults={
            "channel": "onsite",
            "sender": pages,
            "subject": "Your plan is where you left it",
            "text": "Two questions are left. It takes five minutes.",
            "url": "/products/",
        },
    )
    publish.publish_message(message=note, house=house, at=at)
    subject = "Your savings plan is waiting"
    numbers = {
        "Your plan is waiting": _message("Your plan is waiting", subject, PLAN, house, at),
        "Pick up your plan": note.pk,
    }
    journey = Journey(
        name="Unfinished plan",
        entry={"type": "event", "event": "Savings Plan Started", "key": "plan_id"},
        reentry=Journey.Reentry.KEYED,
        goals=[OPENED],
        outline=_with_numbers(UNFINISHED, numbers),
    )
    journey.save()
    publish.publish(journey=journey, at=at)


def _welcome(house: House, at: datetime) -> None:
    numbers = {
        name: _message(name, subject, body, house, at)
        for name, subject, body in (
            ("Welcome letter", "Welcome to Alder & Finch", WELCOME),
            ("A quiet reminder", "A page to begin with", REMINDER),
        )
    }
    segment = Segment.objects.get(slug="new-subscribers")
    journey = Journey(
        name="Welcome",
        entry={"type": "segment", "segment": segment.pk, "change": "entered"},
        outline=_with_numbers(OUTLINE, numbers),
    )
    journey.save()
    publish.publish(journey=journey, at=at)
    enroll.fill(journey=journey, at=at)


def _message(
    name: str, subject: str, body: Sequence[tuple[str, object]], house: House, at: datetime
) -> int:
    message, _ = Message.objects.get_or_create(
        name=name, defaults={"subject": subject, "preheader": "", "body": body}
    )
    publish.publish_message(message=message, house=house, at=at)
    return int(message.pk)


def _with_numbers(steps: object, numbers: dict[str, int]) -> list[dict[str, object]]:
    """Return the outline with messages by number, as the engine stores them."""
    assert isinstance(steps, list)
    done = []
    for step in steps:
        copy = dict(step)
        if copy["type"] == "send":
            copy["message"] = numbers[copy["message"]]
        if "for" in copy:
            copy["for"] = [
                {**arm, "steps": _with_numbers(arm["steps"], numbers)} for arm in copy["for"]
            ]
        if "timeout" in copy:
            copy["timeout"] = _with_numbers(copy["timeout"], numbers)
        done.append(copy)
    return done
