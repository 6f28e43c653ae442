"""Say of each delivery of a batch whether it goes, goes later, or never."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from customers.models import ContactPoint
from dxp.lib.rows import array, raw_cursor
from journeys.limit import Held, limits
from journeys.models import Delivery, Edition, Message
from journeys.permit import Asked, Verdict, is_limited, permit

Reason = Delivery.Reason


@dataclass(slots=True)
class Row:
    """A queued delivery as it was read."""

    id: int
    profile_id: int
    message_id: int
    edition_id: int | None
    contact_point_id: int | None
    confirms_id: int | None
    attempts: int
    queued_at: datetime
    expires_at: datetime
    journey_id: int | None
    entry: str | None
    staff_mail_id: int | None

    @property
    def event(self) -> dict[str, Any]:
        """What the event told that let the person in."""
        entry: dict[str, Any] = orjson.loads(self.entry) if self.entry else {}
        return entry.get("event") or {}


def ask(row: Row, message: Message) -> Asked:
    """Return what is asked about a delivery: a question to an address goes there and nowhere else.

    An address that it was handed over to before is the one of every try.
    """
    point = row.contact_point_id if row.confirms_id or row.attempts else None
    return Asked.about(message, profile_id=row.profile_id, point=point)


class Scales:
    """Says of each delivery of a batch whether it goes, in order: what goes counts for the next."""

    def __init__(
        self,
        rows: Sequence[Row],
        asked: Mapping[int, Asked],
        messages: Mapping[int, Message],
        at: datetime,
        zone: ZoneInfo,
    ) -> None:
        self.asked, self.messages, self.at = asked, messages, at
        mine = [asked[row.id] for row in rows]
        self.verdicts = permit(asked=set(mine), at=at)
        limited = {one.profile_id for one in mine if is_limited(one)}
        self.limits = limits(profile_ids=limited, at=at, zone=zone)
        people = array({one.profile_id for one in mine})
        with raw_cursor() as cursor:
            found = cursor.execute(
                "SELECT id, traits FROM customers_profile WHERE id = ANY(%s::bigint[])", [people]
            )
            # Django's connection leaves JSON as text.
            self.traits: dict[int, dict[str, Any]] = {
                profile: orjson.loads(traits) for profile, traits in found
            }
        kept = {row.edition_id for row in rows if row.edition_id and row.attempts}
        self.editions = Edition.objects.in_bulk(kept) if kept else {}
        self.served: set[int] = set()

    def points(self) -> list[ContactPoint]:
        """Return the addresses that messages may go to."""
        found = [one.contact_point for one in self.verdicts.values() if one.contact_point]
        return list({point.pk: point for point in found}.values())

    def edition(self, row: Row) -> Edition | None:
        """Return the form that is sent: that of the first try, else the one of today."""
        kept = self.editions.get(row.edition_id or 0)
        return kept or self.messages[row.message_id].current

    def __call__(self, row: Row) -> Verdict:
        """Return the last word on one delivery."""
        asked = self.asked[row.id]
        found = self.verdicts[asked]
        if row.expires_at <= self.at:
            return Verdict(None, Reason.EXPIRED)
        if not found or self.edition(row) is None:
            return found
        if found.once and row.profile_id in self.served:
            return Verdict(None, Reason.RHYTHM)
        if is_limited(asked):
            held = self._held(asked)
            if held:
                return Verdict(None, held.reason, until=held.until)
            self.limits.count(profile_id=asked.profile_id, channel=asked.channel, topic=asked.topic)
        if not asked.transactional:
            self.served.add(row.profile_id)
        return found

    def _held(self, asked: Asked) -> Held | None:
        return self.limits.hold(
            profile_id=asked.profile_id, channel=asked.channel, topic=asked.topic,
            traits=self.traits.get(asked.profile_id, {}),
        )  # fmt: skip
