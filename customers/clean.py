"""Bring an event from outside into its normal shape, or say why that can't be done."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import orjson

from customers import identify
from dxp.lib import ids

BIGGEST_EVENT = 100 * 1024
LONGEST_ID = 255
LONGEST_NAME = 200
LONGEST_MESSAGE_ID = 100
DEEPEST = 20
BIGGEST_INT = 2**63 - 1
# Network delay must not swap events some milliseconds apart; a wrong clock is off by more.
SKEW = timedelta(seconds=10)
# Before this, a time is a default of some program and not a memory.
OLDEST = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECONDS_FROM = 10**11
# A browser keeps what it could not send; whoever claims to have kept it longer is not believed, and
# message ids are not remembered longer either.
KEPT_BY_BROWSERS = timedelta(days=30)

NAMES = {
    "page": "Page Viewed",
    "screen": "Screen Viewed",
    "identify": "Identified",
    "group": "Joined Group",
    "alias": "Aliased",
}
READ = frozenset({
    "type", "event", "userId", "anonymousId", "previousId", "groupId", "properties", "traits",
    "context", "timestamp", "originalTimestamp", "sentAt", "messageId", "name", "category",
    "writeKey",
})  # fmt: skip


class Unfit(ValueError):
    """The event can't be accepted; the message is the reason, the code its kind."""

    def __init__(self, reason: str, code: str = "other") -> None:
        super().__init__(reason)
        self.code = code


class Made(msgspec.Struct, array_like=True, gc=False):
    """An event in its normal shape, as it is put into the inbox.

    `properties` of identify and group events are the traits they tell.
    """

    message_id: str
    type: str
    name: str
    at: datetime
    position: int
    user_id: str | None
    anonymous_id: str | None
    previous_id: str | None
    group_id: str | None
    properties: dict[str, Any]
    context: dict[str, Any]


class Fact(msgspec.Struct, array_like=True, gc=False):
    """The same event, as the fold takes it out: field by field, its JSON still as text."""

    message_id: str
    type: str
    name: str
    at: datetime
    position: int
    user_id: str | None
    anonymous_id: str | None
    previous_id: str | None
    group_id: str | None
    raw_properties: msgspec.Raw
    raw_context: msgspec.Raw

    @property
    def properties(self) -> dict[str, Any]:
        """What the event tells; read anew at each call."""
        told: dict[str, Any] = orjson.loads(memoryview(self.raw_properties))
        return told

    @property
    def context(self) -> dict[str, Any]:
        """Where and with what it happened; read anew at each call."""
        told: dict[str, Any] = orjson.loads(memoryview(self.raw_context))
        return told

    @property
    def is_active(self) -> bool:
        """Whether the person was there: `context.active` false means that a server spoke."""
        # Hardly any event says so: looking for the word spares reading the rest.
        return b'"active"' not in bytes(self.raw_context) or (
            self.context.get("active") is not False
        )


def fact(
    raw: Any,
    *,
    position: int,
    at: datetime,
    sent_at: Any = None,
    context: dict[str, Any] | None = None,
    measure: bool = True,
    met: dict[str, Any] | None = None,
) -> Made:
    """Return an event in its normal shape.

    Args:
        raw: what was sent; Segment's shape.
        position: its place in the batch.
        at: when it was received.
        sent_at: when the batch was sent, by the sender's clock.
        context: the batch's context, under the event's own.
        measure: whether the event may be too big (the batch was not small).
        met: what we saw of the sender ourselves, where its claims do not count: it goes over the
            event's own context, and times of long ago are not believed.

    Raises:
        Unfit: it can't be accepted.
    """
    if not isinstance(raw, dict):
        raise Unfit("An event is an object.", "shape")
    if measure and _size(raw) > BIGGEST_EVENT:
        raise Unfit("The event is larger than 100 KB.", "size")
    clean: dict[str, Any] = tidy(raw)
    kind = clean.get("type")
    if kind not in NAMES and kind != "track":
        raise Unfit("The type is none of track, page, screen, identify, group, alias.", "type")
    told = _told(clean)
    if context:
        told = {**context, **told}
    user_id, anonymous_id = name_of(clean.get("userId")), name_of(clean.get("anonymousId"))
    previous_id = name_of(clean.get("previousId")) if kind == "alias" else None
    if user_id is None and anonymous_id is None and previous_id is None:
        raise Unfit("Neither userId nor anonymousId names anybody.", "nobody")
    if kind == "alias" and (user_id is None or previous_id is None):
        raise Unfit("An alias call needs userId and previousId.", "alias")
    moment, doubt = when(clean, at=at, sent_at=sent_at)
    if met is not None:
        told = {**told, **met}
        if at - moment > KEPT_BY_BROWSERS:
            moment, doubt = at, clean.get("timestamp") or clean.get("originalTimestamp")
    if doubt is not None:
        told = {**told, "originalTimestamp": doubt}
    return Made(
        message_id=_message_id(clean.get("messageId")),
        type=kind,
        name=_name(kind, clean.get("event")),
        at=moment,
        position=position,
        user_id=user_id,
        anonymous_id=anonymous_id,
        previous_id=previous_id,
        group_id=_group_id(clean.get("groupId")) if kind == "group" else None,
        properties=_properties(kind, clean, told),
        context=told,
    )


def tidy(value: Any, depth: int = 0) -> Any:
    """Return a value PostgreSQL can hold: no NUL, lone surrogate, NaN, giant number or abyss."""
    kind = type(value)
    if kind is str:
        return _text(value)
    if kind is dict:
        if depth >= DEEPEST:
            return None
        # Most keys and values are plain text: seen here, they cost no call (half of this work).
        return {
            key
            if type(key) is str and key.isascii() and "\x00" not in key
            else _text(str(key)): one
            if type(one) is str and one.isascii() and "\x00" not in one
            else tidy(one, depth + 1)
            for key, one in value.items()
        }
    if kind is list or kind is tuple:
        return None if depth >= DEEPEST else [tidy(one, depth + 1) for one in value]
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is int:
        return value if -BIGGEST_INT <= value <= BIGGEST_INT else float(value)
    if value is None or kind is bool:
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return _text(str(value))


def name_of(value: Any) -> str | None:
    """Return an id as text, or None where it names nobody.

    Raises:
        Unfit: it is too long to be told apart.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    text = str(value).strip()
    if identify.is_nobody(text):
        return None
    if len(text) > LONGEST_ID:
        raise Unfit(f"An id is longer than {LONGEST_ID} characters.", "id")
    return text


def when(raw: dict[str, Any], *, at: datetime, sent_at: Any) -> tuple[datetime, Any]:
    """Return the moment of an event, and what it claimed where we do not believe it.

    The sender's clock is corrected by the difference of sending and receiving, where that is more
    than ten seconds; if both `timestamp` and `originalTimestamp` stand there, `timestamp` counts as
    it is. What can't be read, and what lies in the future, is set to the moment of receiving.
    """
    timestamp, original = raw.get("timestamp"), raw.get("originalTimestamp")
    claimed = timestamp or original
    if not claimed:
        return at, None
    moment = moment_of(claimed)
    if moment is None:
        return at, claimed
    if not (timestamp and original):
        sent = moment_of(raw.get("sentAt") or sent_at)
        if sent is not None and abs(at - sent) > SKEW:
            moment = _shifted(moment, at - sent)
    if moment > at:
        # Some seconds are the clocks' disagreement and not worth a note.
        return at, (claimed if moment - at > SKEW else None)
    return (moment, None) if moment >= OLDEST else (at, claimed)


def moment_of(value: Any) -> datetime | None:
    """Return a moment told as ISO 8601 or as seconds or milliseconds since 1970, else None."""
    try:
        if isinstance(value, datetime):
            moment = value
        elif isinstance(value, str):
            moment = datetime.fromisoformat(value.strip())
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            seconds = value / 1000 if abs(value) >= MILLISECONDS_FROM else value
            moment = datetime.fromtimestamp(seconds, UTC)
        else:
            return None
        if moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _shifted(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return moment


def _text(value: str) -> str:
    if value.isascii():
        return value.replace("\x00", "") if "\x00" in value else value
    if "\x00" in value:
        value = value.replace("\x00", "")
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def _size(raw: dict[str, Any]) -> int:
    try:
        return len(orjson.dumps(raw))
    except TypeError:
        return len(repr(raw))


def _told(clean: dict[str, Any]) -> dict[str, Any]:
    """Return the event's context; keys that we do not know are kept under `extra`."""
    context = clean.get("context")
    told: dict[str, Any] = context if isinstance(context, dict) else {}
    extra = {key: one for key, one in clean.items() if key not in READ and one is not None}
    if context is not None and not isinstance(context, dict):
        extra["context"] = context
    return {**told, "extra": extra} if extra else told


def _message_id(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or value == "":
        return f"dxp-{ids.uuid7()}"
    text = str(value)
    if len(text) > LONGEST_MESSAGE_ID:
        raise Unfit(f"The messageId is longer than {LONGEST_MESSAGE_ID} characters.", "id")
    return text


def _name(kind: str, event: Any) -> str:
    if kind != "track":
        return NAMES[kind]
    if isinstance(event, bool) or not isinstance(event, (str, int, float)):
        raise Unfit("A track call needs the name of its event.", "name")
    text = str(event).strip()
    if not text:
        raise Unfit("A track call needs the name of its event.", "name")
    if len(text) > LONGEST_NAME:
        raise Unfit(f"The event's name is longer than {LONGEST_NAME} characters.", "name")
    return text


def _group_id(value: Any) -> str:
    group = name_of(value)
    if group is None:
        raise Unfit("A group call needs a groupId.", "group")
    return group


def _properties(kind: str, clean: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    key = "traits" if kind in ("identify", "group") else "properties"
    properties = clean.get(key)
    if kind == "identify" and not properties:
        # Some SDKs put the traits of identify here alone.
        properties = told.get("traits")
    if properties is None:
        properties = {}
    if not isinstance(properties, dict):
        raise Unfit(f"The {key} are not an object.", "fields")
    if kind in ("page", "screen"):
        # The name and category stand beside the properties.
        beside = {one: clean[one] for one in ("name", "category") if clean.get(one)}
        properties = {**beside, **properties}
    return properties
