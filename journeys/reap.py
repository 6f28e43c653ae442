"""Settle deliveries whose sender died, by the marks it left."""

from __future__ import annotations

import contextlib
from datetime import datetime

import redis
from django.db import transaction

from journeys import mark
from journeys.models import Delivery, Notice, StaffMail
from journeys.permit import is_transactional
from journeys.settle import MOST_ATTEMPTS, pause
from journeys.ways import is_idempotent

State, Reason = Delivery.State, Delivery.Reason


def reap(*, at: datetime, limit: int = 1000) -> dict[str, int]:
    """Settle deliveries whose sender died; return how many ended how.

    Answered: as answered. Never tried: back into the queue. Tried without an answer, or a Redis
    that forgot: unknown. Then it is sent again with the same token where the provider takes it only
    once, or where a second copy is better than none; of advertisement nobody wants two.
    """
    found = {"sent": 0, "queued": 0, "unknown": 0}
    with transaction.atomic():
        over = list(
            Delivery.objects
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("message", "enrollment", "sender")
            .filter(state=State.SENDING, lease_until__lt=at)
            .order_by("lease_until")[:limit]
        )
        if not over:
            return found
        leases = {delivery.pk: delivery.mark_epoch for delivery in over}
        epoch = mark.epoch()
        try:
            marks = mark.seize(leases)
        except redis.RedisError:
            # Redis is away for now: its memory may come back with it.
            return found
        for delivery in over:
            known = mark.is_marked(delivery.mark_epoch, epoch)
            found[_reap(delivery, marks.get(delivery.pk, ""), known, at)] += 1
        Delivery.objects.bulk_update(
            over,
            ["state", "reason", "detail", "due_at", "lease_until", "mark_epoch", "sent_at"],
        )
        Notice.objects.bulk_create([
            Notice(
                profile_id=delivery.profile_id, name="Message Sent", properties=delivery.about(),
                message_id=f"message-sent:{delivery.pk}", at=at,
            )
            for delivery in over
            if delivery.state == State.SENT and delivery.profile_id is not None
        ])  # fmt: skip
        sent = [one.staff_mail_id for one in over if one.state == State.SENT and one.staff_mail_id]
        StaffMail.objects.filter(pk__in=sent).update(content="")
    with contextlib.suppress(redis.RedisError):
        mark.forget(leases.items())
    return found


def _reap(delivery: Delivery, marked: str, known: bool, at: datetime) -> str:
    delivery.lease_until, delivery.mark_epoch, delivery.due_at = None, "", at
    if marked.startswith("ok:"):
        delivery.state, delivery.sent_at, delivery.detail = State.SENT, at, marked[3:500]
        return "sent"
    if known and (not marked or marked.startswith("no:")):
        delivery.state, delivery.detail = State.QUEUED, marked[3:500]
        return "queued"
    if _repeats(delivery):
        delivery.state, delivery.due_at = State.QUEUED, at + pause(delivery.pk, delivery.attempts)
        return "queued"
    delivery.state, delivery.reason = State.UNKNOWN, Reason.NO_RECEIPT
    return "unknown"


def _repeats(delivery: Delivery) -> bool:
    free = is_transactional(delivery.message) or is_idempotent(delivery.sender)
    return free and delivery.attempts < MOST_ATTEMPTS
