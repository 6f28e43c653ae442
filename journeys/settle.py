"""Write down how a batch went; and what people decide about messages that did not go."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Value
from django.db.models.functions import Greatest

from dxp.lib import ids
from dxp.lib.rows import array, raw_cursor
from journeys.channels.base import Outcome, Receipt
from journeys.claim import Job
from journeys.models import Delivery, StaffMail, Suppression

MOST_ATTEMPTS = 10
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(hours=1)
SLOW_DOWN = timedelta(seconds=30)

State, Reason = Delivery.State, Delivery.Reason
# Only what is still ours: the reaper may have given it to somebody else. Where it left a doubt, an
# answer in hand is better.
WRITE = """
UPDATE journeys_delivery d SET state = v.state, reason = v.reason, detail = v.detail,
  attempts = v.attempts, due_at = v.due_at, sent_at = v.sent_at, lease_until = NULL,
  mark_epoch = '', provider_id = v.provider_id
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::smallint[], %s::timestamptz[],
  %s::timestamptz[], %s::text[], %s::boolean[])
  v(id, state, reason, detail, attempts, due_at, sent_at, provider_id, answered)
WHERE d.id = v.id AND (d.state = 'UNKNOWN' AND v.answered
  OR d.state = 'SENDING' AND split_part(d.mark_epoch, '.', 2) = split_part(%s, '.', 2))
RETURNING d.id"""
LOCK = """
SELECT id FROM journeys_delivery WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE"""
TELL = """
INSERT INTO journeys_notice (profile_id, name, properties, message_id, at)
SELECT v.profile_id, v.name, v.properties, v.message_id, %s
FROM unnest(%s::bigint[], %s::text[], %s::jsonb[], %s::text[])
  v(profile_id, name, properties, message_id)"""


@dataclass(frozen=True, slots=True)
class Ending:
    """What an answer means for a delivery."""

    state: str
    reason: str = ""
    detail: str = ""
    attempts: int = 0
    due_at: datetime | None = None
    sent_at: datetime | None = None
    provider_id: str = ""


@dataclass(slots=True)
class Settled:
    """How many of a batch ended how."""

    sent: int = 0
    failed: int = 0
    unknown: int = 0
    later: int = 0
    endings: dict[int, Ending] = field(default_factory=dict)


def settle(
    *,
    jobs: Sequence[Job],
    lease: str,
    receipts: Mapping[int, Receipt],
    broken: Mapping[int, str],
    idempotent: bool,
    at: datetime,
) -> Settled:
    """Write down how a batch went, with its events and the addresses that were refused.

    The events are left as notices: recording them locks people, for whom a sender must not wait.

    Args:
        jobs: what was claimed.
        lease: what their lease is called.
        receipts: the answers, by delivery; what has none was not handed over.
        broken: what could not even be composed, with the reason.
        idempotent: whether the provider takes a message with the same token only once.
        at: the moment.
    """
    slow = [one for one in receipts.values() if one.outcome is Outcome.THROTTLED]
    wait = max([SLOW_DOWN, *(timedelta(seconds=one.retry_after or 0) for one in slow)])
    done = Settled(
        endings={
            job.id: ending(
                delivery=job.id, attempts=job.attempts, receipt=receipts.get(job.id), at=at,
                wait=wait if slow else timedelta(0), repeats=job.repeats or idempotent,
            )
            for job in jobs
            if job.id not in broken
        }
    )  # fmt: skip
    for job in jobs:
        if job.id in broken:
            done.endings[job.id] = _unfilled(job, broken[job.id], at)
    with transaction.atomic(), raw_cursor() as cursor:
        cursor.execute(LOCK, [array(done.endings)])
        rows = [(*_row(pk, one), pk in receipts) for pk, one in done.endings.items()]
        written = {pk for (pk,) in cursor.execute(WRITE, [*_columns(rows), lease]).fetchall()}
        notices = _notices([job for job in jobs if job.id in written], done.endings)
        if notices:
            cursor.execute(TELL, [at, *_columns(notices)])
        _suppress(jobs, receipts, at)
        _wipe(job for job in jobs if job.id in written and done.endings[job.id].sent_at)
    for one in done.endings.values():
        done.sent += one.state == State.SENT
        done.failed += one.state == State.FAILED
        done.unknown += one.state == State.UNKNOWN
        done.later += one.state == State.QUEUED
    return done


def ending(
    *,
    delivery: int,
    attempts: int,
    receipt: Receipt | None,
    at: datetime,
    wait: timedelta,
    repeats: bool,
) -> Ending:
    """Return what an answer means; without one the message was not handed over.

    Args:
        delivery: its number, by which retries spread.
        attempts: how often it was tried, this time included.
        receipt: the answer.
        at: the moment.
        wait: for how long the other side wants to be left alone.
        repeats: whether it is sent again where nobody knows if it arrived.
    """
    if receipt is None or receipt.outcome is Outcome.THROTTLED:
        # Nobody looked at this message: no attempt is counted.
        detail = receipt.detail if receipt else ""
        return Ending(State.QUEUED, "", detail, attempts - 1, at + wait)
    if receipt.outcome is Outcome.OK:
        return Ending(State.SENT, "", receipt.detail, attempts, at, at, receipt.provider_id)
    if receipt.outcome is Outcome.PERMANENT:
        return Ending(State.FAILED, Reason.REFUSED, receipt.detail, attempts, at)
    doubtful = receipt.outcome is Outcome.UNKNOWN
    if doubtful and not repeats:
        return Ending(State.UNKNOWN, Reason.NO_RECEIPT, receipt.detail, attempts, at)
    if attempts >= MOST_ATTEMPTS:
        if doubtful:
            return Ending(State.UNKNOWN, Reason.NO_RECEIPT, receipt.detail, attempts, at)
        return Ending(State.FAILED, Reason.GAVE_UP, receipt.detail, attempts, at)
    return Ending(State.QUEUED, "", receipt.detail, attempts, at + pause(delivery, attempts))


def _unfilled(job: Job, detail: str, at: datetime) -> Ending:
    """Return what becomes of a message that could not be composed: it may be a fault of ours."""
    state = State.FAILED if job.attempts >= MOST_ATTEMPTS else State.QUEUED
    due_at = at + pause(job.id, job.attempts)
    return Ending(state, Reason.MISSING, detail, job.attempts, due_at)


def pause(delivery: int, attempts: int) -> timedelta:
    """Return how long a temporary error waits: doubling up to an hour, spread by a fifth."""
    doubled: timedelta = FIRST_RETRY * 2 ** min(attempts - 1, 10)
    spread = 0.8 + 0.4 * ids.bucket(f"retry:{attempts}", delivery) / 10_000
    return min(doubled, LONGEST_RETRY) * spread


def _row(pk: int, one: Ending) -> tuple[Any, ...]:
    return (
        pk, str(one.state), str(one.reason), one.detail[:500].replace("\0", ""), one.attempts,
        one.due_at, one.sent_at, one.provider_id[:200].replace("\0", ""),
    )  # fmt: skip


def _notices(jobs: Sequence[Job], endings: Mapping[int, Ending]) -> list[tuple[int, str, str, str]]:
    names = {
        State.SENT: ("Message Sent", "message-sent"),
        State.FAILED: ("Message Failed", "message-failed"),
    }
    return [
        (job.profile_id, name, json.dumps(job.about()), f"{key}:{job.id}")
        for job in jobs
        for name, key in [names.get(State(endings[job.id].state), ("", ""))]
        if name and job.profile_id is not None
    ]


def _wipe(sent: Iterable[Job]) -> None:
    """Forget what colleagues were sent: a link by which a password is set stands in no backup."""
    mails = [job.staff_mail_id for job in sent if job.staff_mail_id]
    if mails:
        StaffMail.objects.filter(pk__in=mails).update(content="")


def _suppress(jobs: Sequence[Job], receipts: Mapping[int, Receipt], at: datetime) -> None:
    refused = [
        Suppression(
            contact_point_id=job.contact_point_id, cause=Suppression.Cause.REFUSED,
            detail=receipts[job.id].detail[:500], at=at,
        )
        for job in jobs
        if job.id in receipts and receipts[job.id].recipient_refused and job.contact_point_id
    ]  # fmt: skip
    if refused:
        refused.sort(key=lambda one: one.contact_point_id)
        Suppression.objects.bulk_create(refused, ignore_conflicts=True)


def _columns(rows: Sequence[Sequence[Any]]) -> list[str]:
    return [array(column) for column in zip(*rows, strict=True)]


def retry(*, delivery_ids: Sequence[int], at: datetime) -> int:
    """Queue messages again that failed or were left out; return how many.

    Whether each may go is asked anew. What may have arrived is no such message (`resend`).
    """
    return _again([State.FAILED, State.SKIPPED], delivery_ids, at)


def resend(*, delivery_ids: Sequence[int], at: datetime) -> int:
    """Queue messages again that may have arrived: somebody decided so; return how many."""
    return _again([State.UNKNOWN], delivery_ids, at)


def _again(states: Sequence[str], delivery_ids: Sequence[int], at: datetime) -> int:
    hours = ExpressionWrapper(
        Value(timedelta(hours=1)) * F("message__valid_hours"), output_field=DurationField()
    )
    found = Delivery.objects.filter(pk__in=delivery_ids, state__in=states)
    until = dict(found.annotate(fresh=hours).values_list("pk", "fresh"))
    done = 0
    for fresh in set(until.values()):
        mine = [pk for pk, one in until.items() if one == fresh]
        done += Delivery.objects.filter(pk__in=mine, state__in=states).update(
            state=State.QUEUED, reason="", detail="", attempts=0, due_at=at, edition=None,
            expires_at=Greatest(F("expires_at"), Value(at + fresh)),
        )  # fmt: skip
    return done


def cancel(*, delivery_ids: Sequence[int], at: datetime) -> int:
    """Take queued messages out of the outbox; return how many. What is on its way goes."""
    return Delivery.objects.filter(pk__in=delivery_ids, state=State.QUEUED).update(
        state=State.SKIPPED, reason=Reason.CANCELED, due_at=at
    )
