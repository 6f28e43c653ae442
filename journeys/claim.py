"""Take queued deliveries out of the outbox, and ask for the last time whether they may go.

One transaction. Rows that somebody else holds are skipped, people too: a claim waits for nobody.
While it lasts, nobody else counts what these people got.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from customers.models import ContactPoint
from dxp.lib.kinds import UnknownKind
from dxp.lib.rows import array, raw_cursor
from journeys import mark
from journeys.channels import CHANNELS
from journeys.compose import House
from journeys.models import Delivery, Edition, Message, Sender, StaffMail
from journeys.models.deliveries import Urgency
from journeys.permit import Asked
from journeys.post import content_of
from journeys.weigh import Row, Scales, ask
from journeys.wording import Values

# Longer than a batch may go on handing over plus the longest that one message can hang.
LEASE = timedelta(minutes=5)
State, Reason = Delivery.State, Delivery.Reason

DUE = """
SELECT d.id, d.profile_id, d.message_id, d.edition_id, d.contact_point_id, d.confirms_id,
  d.attempts, d.queued_at, d.expires_at, e.journey_id, e.entry, d.staff_mail_id
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
    profile_id: int | None
    message: Message
    # None where the mail is put together already.
    edition: Edition | None
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
    mail: bytes = b""
    staff_mail_id: int | None = None

    def about(self) -> dict[str, Any]:
        """Return what every event about this delivery says."""
        return {
            "message": self.message.name,
            "message_id": self.message.pk,
            "delivery_id": self.id,
            "journey_id": self.journey_id,
            "channel": self.message.channel,
        }


@dataclass(slots=True)
class Claimed:
    """What one claim took, and what it did not."""

    jobs: list[Job] = field(default_factory=list)
    # What the jobs' lease is called (`mark`).
    lease: str = ""
    looked: int = 0
    skipped: int = 0
    held: int = 0


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
    staff = [row for row in rows if row.staff_mail_id]
    rows = [row for row in rows if not row.staff_mail_id]
    asked = {row.id: ask(row, messages[row.message_id]) for row in rows}
    busy = _busy(asked)
    rows = [row for row in rows if row.id not in busy]
    done.looked = len(rows) + len(staff)
    scales = Scales(rows, asked, messages, at, house.zone)
    shown = _recipients(sender.channel, scales.points())
    done.jobs, skips = _letters(staff, messages, sender, house, at)
    holds: list[tuple[int, str, datetime]] = []
    for row in rows:
        edition, verdict = scales.edition(row), scales(row)
        point = verdict.contact_point
        if verdict.until and verdict.until < row.expires_at:
            holds.append((row.id, verdict.reason, verdict.until))
        elif not verdict or edition is None:
            skips.append((row.id, verdict.reason or Reason.NO_EDITION))
        elif point is not None and point.pk not in shown:
            skips.append((row.id, Reason.NO_ADDRESS))
        else:
            recipient = shown[point.pk] if point else str(row.profile_id)
            done.jobs.append(_job(row, point, edition, recipient, scales, sender, house))
    if done.jobs:
        done.lease = mark.lease()
    done.skipped, done.held = len(skips), len(holds)
    _write(done, skips, holds, at)
    return done


def _letters(
    rows: Sequence[Row],
    messages: Mapping[int, Message],
    sender: Sender,
    house: House,
    at: datetime,
) -> tuple[list[Job], list[tuple[int, str]]]:
    """Return what goes to colleagues, whom nobody asks for consent, and what can't go any more."""
    mails = StaffMail.objects.in_bulk([row.staff_mail_id for row in rows]) if rows else {}
    jobs: list[Job] = []
    skips: list[tuple[int, str]] = []
    for row in rows:
        mail = mails[row.staff_mail_id or 0]
        content = content_of(mail)
        if row.expires_at <= at or content is None:
            skips.append((row.id, Reason.MISSING if content is None else Reason.EXPIRED))
            continue
        jobs.append(
            Job(
                id=row.id, profile_id=None, message=messages[row.message_id], edition=None,
                contact_point_id=None, recipient=mail.recipient, values=Values({}, {}),
                sender=sender.address or house.sender, confirms_id=None, journey_id=None,
                attempts=row.attempts + 1, queued_at=row.queued_at, repeats=True, mail=content,
                staff_mail_id=mail.pk,
            )
        )  # fmt: skip
    return jobs, skips


def _due(sender: Sender, at: datetime, limit: int) -> list[Row]:
    found: list[Row] = []
    with raw_cursor() as cursor:
        for lane in Urgency.values:
            if len(found) < limit:
                asked = (sender.pk, lane, at, limit - len(found))
                found += [Row(*row) for row in cursor.execute(DUE, asked).fetchall()]
    return found


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


def _job(
    row: Row,
    point: ContactPoint | None,
    edition: Edition,
    recipient: str,
    scales: Scales,
    sender: Sender,
    house: House,
) -> Job:
    message = scales.messages[row.message_id]
    # Spares a question each: what is sent reads its channel there.
    edition.message = message
    traits = scales.traits.get(row.profile_id, {})
    if point is not None and point.channel == ContactPoint.Channel.EMAIL:
        traits = {"email": point.shown} | traits
    return Job(
        id=row.id, profile_id=row.profile_id, message=message, edition=edition,
        contact_point_id=point.pk if point else None, recipient=recipient,
        values=Values(traits, row.event), sender=sender.address or house.sender,
        confirms_id=row.confirms_id, journey_id=row.journey_id, attempts=row.attempts + 1,
        queued_at=row.queued_at, repeats=scales.asked[row.id].transactional,
    )  # fmt: skip


def _recipients(channel: str, points: Sequence[ContactPoint]) -> dict[int, str]:
    try:
        return CHANNELS.get(channel)().recipients(points)
    except UnknownKind:
        return {}


def _write(
    done: Claimed,
    skips: Sequence[tuple[int, str]],
    holds: Sequence[tuple[int, str, datetime]],
    at: datetime,
) -> None:
    with raw_cursor() as cursor:
        if done.jobs:
            took = [
                (job.id, job.edition.pk if job.edition else None, job.contact_point_id)
                for job in done.jobs
            ]
            cursor.execute(TAKE, [at + LEASE, done.lease, *_columns(took)])
        if skips:
            cursor.execute(SKIP, _columns(skips))
        if holds:
            cursor.execute(HOLD_BACK, _columns(holds))


def _columns(rows: Sequence[Sequence[Any]]) -> list[str]:
    return [array(column) for column in zip(*rows, strict=True)]
