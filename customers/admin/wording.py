"""Events as people would tell them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from customers.models import Event

# Name → icon, sentence, the properties it may tell (the first that is there).
TOLD: dict[str, tuple[str, Any, tuple[str, ...]]] = {
    "Page Viewed": ("view", lazy("Viewed the page %s"), ("title", "path", "url", "name")),
    "Screen Viewed": ("mobile-alt", lazy("Opened the screen %s"), ("name", "title")),
    "Article Viewed": ("doc-full", lazy("Read the article %s"), ("title", "path")),
    "Product Viewed": ("tag", lazy("Looked at %s"), ("name", "product_id", "path")),
    "Signed Up": ("check", lazy("Signed up by the form %s"), ("form",)),
    "Joined Group": ("group", lazy("Joined the group %s"), ("name", "group_id")),
    "Segment Entered": ("group", lazy("Entered the segment %s"), ("segment", "segment_id")),
    "Segment Left": ("group", lazy("Left the segment %s"), ("segment", "segment_id")),
    "Journey Entered": ("redirect", lazy("Entered the journey %s"), ("journey", "journey_id")),
    "Journey Exited": ("redirect", lazy("Left the journey %s"), ("journey", "journey_id")),
    "Message Sent": ("mail", lazy("Was sent the message %s"), ("message", "message_id")),
    "Message Failed": (
        "warning",
        lazy("Could not be sent the message %s"),
        ("message", "message_id"),
    ),
    "Message Delivered": ("check", lazy("Got the message %s"), ("message", "message_id")),
    "Message Bounced": (
        "warning",
        lazy("The message %s came back"),
        ("message", "message_id"),
    ),
    "Message Complained": (
        "warning",
        lazy("Reported the message %s as spam"),
        ("message", "message_id"),
    ),
    "Message Opened": ("view", lazy("Opened the message %s"), ("message", "message_id")),
    "Message Opened by Machine": (
        "cog",
        lazy("A program opened the message %s"),
        ("message", "message_id"),
    ),
    "Message Clicked by Machine": (
        "cog",
        lazy("A program followed a link in the message %s"),
        ("message", "message_id"),
    ),
    "Message Clicked": ("link", lazy("Clicked in the message %s"), ("message", "message_id")),
    "Message Unsubscribed": (
        "mail",
        lazy("Unsubscribed by the message %s"),
        ("message", "message_id"),
    ),
}
ICONS = {
    "identify": "user",
    "alias": "link",
    "group": "group",
    "page": "view",
    "screen": "mobile-alt",
}
MONEY = ("revenue", "value", "total")


@dataclass(frozen=True, slots=True)
class Told:
    """One event of the timeline."""

    event: Event
    icon: str
    sentence: str
    amount: str
    details: list[tuple[str, str]]


def tell(event: Event) -> Told:
    """Return an event with its sentence, its icon and its details."""
    properties = event.properties if isinstance(event.properties, Mapping) else {}
    icon, sentence = _sentence(event, properties)
    amount = next((properties[key] for key in MONEY if _is_number(properties.get(key))), None)
    details = [(str(key), shown(value)) for key, value in sorted(properties.items())]
    return Told(event, icon, sentence, "" if amount is None else f"{amount:,.2f}", details)


def _sentence(event: Event, properties: Mapping[str, Any]) -> tuple[str, str]:
    if event.type == Event.Type.IDENTIFY:
        names = ", ".join(sorted(map(str, properties)))
        return "user", _("Told us: %s") % names if names else _("Was recognized")
    if event.type == Event.Type.ALIAS:
        ids = {"old": event.previous_id or "?", "new": event.user_id or "?"}
        return "link", _("Is known as %(new)s, before as %(old)s") % ids
    if event.name in TOLD:
        icon, words, keys = TOLD[event.name]
        what = next((properties[key] for key in keys if properties.get(key)), None)
        if what is None and event.type == Event.Type.GROUP:
            what = event.group_id
        if what is not None:
            return icon, words % f"“{_short(what)}”"
        return icon, event.name
    return ICONS.get(event.type, "pick"), event.name


def shown(value: Any) -> str:
    """Return a value of a trait or property as text for people."""
    if value is None:
        return _("empty")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(shown(one) for one in value)
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {shown(one)}" for key, one in value.items())
    return str(value)


def _short(value: Any) -> str:
    text = shown(value)
    return text if len(text) <= 100 else f"{text[:99]}…"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
