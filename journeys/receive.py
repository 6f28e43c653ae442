"""Mail that comes back to us: read it, find the message it is about, and report it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from journeys import bounce
from journeys.bounce import Bounce
from journeys.links import BadToken, delivery_of
from journeys.models import Report
from journeys.report import Told, report

SOURCE = "mail"
# Where a name of ours may stand: in the address it came back to, in the headings of what was sent.
LOOK_AT = 200_000
_NAME = re.compile(rb"\bd\d{1,18}\.[0-9a-f]{20}\b")
_KINDS = {
    bounce.Kind.FAILED: Report.Kind.BOUNCED,
    bounce.Kind.DELAYED: Report.Kind.DEFERRED,
}
# RFC 5965 and 6591: what a person did. The rest tells about our signatures, or takes it back.
_BY_PEOPLE = {
    "abuse": Report.Kind.COMPLAINED,
    "fraud": Report.Kind.COMPLAINED,
    "opt-out": Report.Kind.UNSUBSCRIBED,
    "opt-out-list": Report.Kind.UNSUBSCRIBED,
}


@dataclass(slots=True)
class Received:
    """What came: mails, reports in them, those about messages of ours, and news among these."""

    mails: int = 0
    reports: int = 0
    ours: int = 0
    news: int = 0


def receive(*, mails: Iterable[bytes], at: datetime) -> tuple[Received, list[bool]]:
    """Report what returned mails tell; return how much, and which mails a machine wrote.

    Only a report that carries the name we gave a message is believed: whoever can write to us
    could otherwise have any address suppressed.
    """
    total, read = Received(), []
    told: list[Told] = []
    for raw in mails:
        found = bounce.read(raw)
        total.mails += 1
        read.append(bool(found))
        about = [one for one in found if one.kind is not bounce.Kind.ANSWER]
        total.reports += len(about)
        delivery = subject(raw, about)
        if delivery:
            total.ours += len(about)
            digest = hashlib.sha256(raw).hexdigest()[:32]
            told += [_told(one, delivery, f"mail:{digest}:{n}", at) for n, one in enumerate(about)]
    total.news = report(told=told, at=at)
    return total, read


def subject(raw: bytes, found: Iterable[Bounce]) -> int:
    """Return the delivery that a returned mail is about; 0: none of ours."""
    named = [one.message_id for one in found if one.message_id]
    named += [word.decode() for word in _NAME.findall(raw[:LOOK_AT])]
    for word in dict.fromkeys(named):
        try:
            return delivery_of(word)
        except BadToken:
            continue
    return 0


def _told(one: Bounce, delivery: int, key: str, at: datetime) -> Told:
    kind = _KINDS.get(one.kind) or _BY_PEOPLE.get(one.feedback, Report.Kind.OTHER)
    reason = one.feedback if one.kind is bounce.Kind.COMPLAINT else one.reason
    return Told(
        key=key, kind=kind, source=SOURCE, at=at, delivery_id=delivery, address=one.recipient,
        hard=one.hard, reason=reason, detail=one.detail,
    )  # fmt: skip
