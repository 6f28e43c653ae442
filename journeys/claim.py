"""Take queued deliveries out of the outbox, and ask for the last time whether they may go.

One transaction. Rows that somebody else holds are skipped, people too: a claim waits for nobody.
While it lasts, nobody else counts what these people got.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import transaction

from dxp.lib.kinds import UnknownKind
from dxp.lib.rows import array, raw_cursor
from journeys import mark
from journeys.channels import CHANNELS
from journeys.compose import House
from journeys.limit import Held, limits
from journeys.models import Delivery, Edition, Message, Sender
from journeys.models.deliveries import Urgency
from journeys.permit import Asked, Verdict, is_limited, permit
from journeys.wording import Values

# Longer than a batch may go on handing over plus the longest that one message can hang.
LEASE = timedelta(minutes=5)
State, Reason = Delivery.State, Delivery.Reason

DUE = """
SELECT d.id, d.profile_id, d.message_id, d.edition_id, d.contact_point_id, d.confirms_id,
  d.attempts, d.queued_at, d.expires_at, e.journey_id, e.entry
FROM journeys_delivery d LEFT JOIN journeys_enrollment e ON e.id = d.enrollment_id
WHERE d.sender_id = %s AND d.lane = %s AND d.state = 'QUEUED' AND d.due_at <= %s
ORDER BY d.due_at, d.id LIMIT %s FOR UPDATE OF d SKIP LOCKED"""
# Whoever counts what a person got holds all addresses of theirs.
HOLD = """
SELECT profile_id FROM customers_contactpoint WHERE profile_id = ANY(%s::bigint[])
ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"""
POINTS = """
SELECT profile_id, count(*) FROM customers_contactpoint WHERE profile_id = ANY(%s::bigint[])
GROUP BY 1"""
TAKE = """
UPDATE journeys_delivery d SET state = 'SENDING', reason = '', detail = '', lease_until = %s,
  mark_epoch = %s, attempts = d.attempts + 1, edition_id = v.edition, contact_point_id = v.point
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) v(id, edition, point) WHERE d.id = v.id"""
SKIP = """
UPDATE journeys_delivery d SET state = 'SKIPPED', reason = v.reason
FROM unnest(%s::bigint[], %s::text[]) v(id, reason) WHERE d.id = v.id"""
HOLD_BACK = """
UPDATE journeys_delivery d SET reason = v.reason, due_at = v.until
FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[]) v(id, reason, until) WHERE d.id = v.id"""


@dataclass(slots=True)
class Job:
    """A claimed delivery with all that is needed to send it."""

    id: int
    profile_id: int
    message: Message
    edition: Edition
    contact_point_id: int | None
    recipient: str
    values: Values
    sender: str
    confirms_id: int | None
    journey_id: int | None
    attempts: int
    queued_at: datetime
    # Whether it is sent again where nobody knows if it arrived.
    repeats: bool
    marked: bool

    def about(self) -> dict[str, Any]:
        """Return what every event about this delivery says."""
        return {
            "message": self.message.name,
            "message_id": self.message.pk,
            "delivery_id": self.id,
            "journey_id": self.journey_id,
        }


@dataclass(slots=True)
class Claimed:
    """What one claim took, and what it did not."""

    jobs: list[Job] = field(default_factory=list)
    looked: int = 0
    skipped: int = 0
    held: int = 0


@dataclass(slots=True)
class _Row:
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

    @property
    def event(self) -> dict[str, Any]:
        """What the event told that let the person in."""
        entry: dict[str, Any] = orjson.loads(self.entry) if self.entry else {}
        return entry.get("event") or {}


@transaction.atomic
def claim(*, sender: Sender, house: House, at: datetime, limit: int) -> Claimed:
    """Lease up to `limit` deliveries that may go; write down why the others may not, or not yet."""
    done = Claimed()
    rows = _due(sender, at, limit)
    if not rows:
        return done
    messages = Message.objects.select_related("topic", "current").in_bulk({
        row.message_id for row in rows
    })
    asked = {row.id: _asked(row, messages[row.message_id]) for row in rows}
    busy = _busy(asked)
    rows = [row for row in rows if row.id not in busy]
    done.looked = len(rows)
    judge = _Judge(rows, asked, messages, house, at)
    taken: list[tuple[_Row, Verdict, Edition]] = []
    skips: list[tuple[int, str]] = []
    holds: list[tuple[int, str, datetime]] = []
    for row in rows:
        edition, verdict = judge.edition(row), judge(row)
        if verdict.until and verdict.until < row.expires_at:
            holds.append((row.id, verdict.reason, verdict.until))
        elif not verdict or edition is None:
            skips.append((row.id, verdict.reason or Reason.NO_EDITION))
        else:
            taken.append((row, verdict, edition))
    epoch = mark.epoch() if taken else ""
    done.jobs = _jobs(taken, messages, judge, sender, house, marked=bool(epoch))
    done.skipped, done.held = len(skips), len(holds)
    _write(done.jobs, skips, holds, epoch, at)
    return done


def _due(sender: Sender, at: datetime, limit: int) -> list[_Row]:
    found: list[_Row] = []
    with raw_cursor() as cursor:
        for lane in Urgency.values:
            if len(found) < limit:
                asked = (sender.pk, lane, at, limit - len(found))
                found += [_Row(*row) for row in cursor.execute(DUE, asked).fetchall()]
    return found


def _asked(row: _Row, message: Message) -> Asked:
    """Return what is asked about a delivery: a question to an address goes there and nowhere else.

    An address that it was handed over to before is the one of every try.
    """
    point = row.contact_point_id if row.confirms_id or row.attempts else None
    return Asked.about(message, profile_id=row.profile_id, point=point)


def _busy(asked: Mapping[int, Asked]) -> set[int]:
    """Lock the addresses of everybody whose messages are counted.

    Returns:
        Deliveries to people whom somebody else counts for at this moment: their turn comes.
    """
    counted = {one.profile_id for one in asked.values() if not one.transactional}
    if not counted:
        return set()
    with raw_cursor() as cursor:
        people = array(sorted(counted))
        held = Counter(profile for (profile,) in cursor.execute(HOLD, [people]).fetchall())
        total = dict(cursor.execute(POINTS, [people]).fetchall())
    busy = {profile for profile in counted if held[profile] < total.get(profile, 0)}
    return {pk for pk, one in asked.items() if one.profile_id in busy and not one.transactional}


class _Judge:
    """Says of each delivery of a batch whether it goes, in order: what goes counts for the next."""

    def __init__(
        self,
        rows: Sequence[_Row],
        asked: Mapping[int, Asked],
        messages: Mapping[int, Message],
        house: House,
        at: datetime,
    ) -> None:
        self.asked, self.messages, self.at = asked, messages, at
        mine = [asked[row.id] for row in rows]
        self.verdicts = permit(asked=set(mine), at=at)
        limited = {one.profile_id for one in mine if is_limited(one)}
        self.limits = limits(profile_ids=limited, at=at, zone=house.zone)
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

    def edition(self, row: _Row) -> Edition | None:
        """Return the form that is sent: that of the first try, else the one of today."""
        kept = self.editions.get(row.edition_id or 0)
        return kept or self.messages[row.message_id].current

    def __call__(self, row: _Row) -> Verdict:
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


def _jobs(
    taken: Sequence[tuple[_Row, Verdict, Edition]],
    messages: Mapping[int, Message],
    judge: _Judge,
    sender: Sender,
    house: House,
    *,
    marked: bool,
) -> list[Job]:
    shown = _recipients(sender.channel, [verdict for _row, verdict, _edition in taken])
    jobs = []
    for row, verdict, edition in taken:
        message, point = messages[row.message_id], verdict.contact_point
        # Spares a question each: what is sent reads its channel there.
        edition.message = message
        traits = judge.traits.get(row.profile_id, {})
        if point is not None and point.channel == "email":
            traits = {"email": point.shown} | traits
        job = Job(
            id=row.id, profile_id=row.profile_id, message=message, edition=edition,
            contact_point_id=point.pk if point else None,
            recipient=shown[point.pk] if point else str(row.profile_id),
            values=Values(traits, row.event),
            sender=sender.address or house.sender, confirms_id=row.confirms_id,
            journey_id=row.journey_id, attempts=row.attempts + 1, queued_at=row.queued_at,
            repeats=judge.asked[row.id].transactional, marked=marked,
        )  # fmt: skip
        jobs.append(job)
    return jobs


def _recipients(channel: str, verdicts: Iterable[Verdict]) -> dict[int, str]:
    points = [one.contact_point for one in verdicts if one.contact_point]
    try:
        return CHANNELS.get(channel)().recipients(points)
    except UnknownKind:
        return {point.pk: point.shown for point in points}


def _write(
    jobs: Sequence[Job],
    skips: Sequence[tuple[int, str]],
    holds: Sequence[tuple[int, str, datetime]],
    epoch: str,
    at: datetime,
) -> None:
    with raw_cursor() as cursor:
        if jobs:
            took = [(job.id, job.edition.pk, job.contact_point_id) for job in jobs]
            cursor.execute(TAKE, [at + LEASE, epoch, *_columns(took)])
        if skips:
            cursor.execute(SKIP, _columns(skips))
        if holds:
            cursor.execute(HOLD_BACK, _columns(holds))


def _columns(rows: Sequence[Sequence[Any]]) -> list[str]:
    return [array(column) for column in zip(*rows, strict=True)]
