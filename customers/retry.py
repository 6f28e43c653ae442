"""Try rejected events again: through the same door as new ones, once each, none lost on the way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from customers import clean, ingest
from customers.models import Quarantine, Replay, Source

BITE = 200


def begin(
    *,
    source: Source | None = None,
    code: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    words: str = "",
    by: Any = None,
    at: datetime,
) -> Replay:
    """Return a new round over the rejected events that these words choose; `step` works it off.

    Args:
        source: whose events, or everybody's.
        code: the kind of reason, or any.
        since: received at this moment or later.
        until: received before this moment.
        words: part of the reason.
        by: who asked for it.
        at: the moment.
    """
    replay = Replay(
        source=source, code=code, since=since, until=until, words=words[:200], started_by=by,
        started_at=at, until_id=0, total=0,
    )  # fmt: skip
    rows = chosen(replay)
    replay.until_id = rows.aggregate(last=Max("id"))["last"] or 0
    replay.total = rows.filter(id__lte=replay.until_id).count()
    if not replay.total:
        replay.finished_at = at
    replay.save()
    return replay


def chosen(replay: Replay) -> QuerySet[Quarantine]:
    """Return what a round is about; of floods and giants too little was kept to try."""
    wanted = Q(is_whole=True)
    if replay.source_id:
        wanted &= Q(source_id=replay.source_id)
    if replay.code:
        wanted &= Q(code=replay.code)
    if replay.since:
        wanted &= Q(received_at__gte=replay.since)
    if replay.until:
        wanted &= Q(received_at__lt=replay.until)
    if replay.words:
        wanted &= Q(reason__icontains=replay.words)
    return Quarantine.objects.filter(wanted)


def step(*, at: datetime, limit: int = BITE) -> int:
    """Try the next events of the oldest unfinished round; return how many, zero if none is open."""
    with transaction.atomic():
        replay = (
            Replay.objects
            .select_for_update(skip_locked=True, of=("self",))
            .filter(finished_at=None)
            .order_by("id")
            .first()
        )
        if replay is None:
            return 0
        rows = list(
            chosen(replay)
            .filter(id__gt=replay.last_id, id__lte=replay.until_id)
            .select_related("source")
            .select_for_update(of=("self",))
            .order_by("id")[:limit]
        )
        accepted = _try(rows, at)
        replay.accepted += accepted
        replay.rejected += len(rows) - accepted
        if len(rows) < limit:
            replay.finished_at = at
        if rows:
            replay.last_id = rows[-1].pk
        replay.save()
    return max(len(rows), 1)


@transaction.atomic
def one(*, pk: int, at: datetime) -> Quarantine | None:
    """Try one event again; return it where it still can't be accepted, else None.

    Raises:
        Quarantine.DoesNotExist: it is not there, or too little of it was kept.
    """
    row = (
        Quarantine.objects
        .select_related("source")
        .select_for_update(of=("self",))
        .get(pk=pk, is_whole=True)
    )
    return None if _try([row], at) else row


def _try(rows: Sequence[Quarantine], at: datetime) -> int:
    """Hand in what is fit now, and give the rest its reason of today; return how many were fit."""
    fit: dict[Source, list[dict[str, Any]]] = {}
    done, unfit = [], []
    for row in rows:
        event = _as_new(row)
        try:
            clean.fact(event, position=0, at=at)
        except clean.Unfit as reason:
            row.code, row.reason = reason.code, str(reason)[:200]
            unfit.append(row)
        else:
            fit.setdefault(row.source, []).append(event)
            done.append(row.pk)
    for source, events in fit.items():
        ingest.accept(source=source, events=events, at=at)
    Quarantine.objects.filter(pk__in=done).delete()
    Quarantine.objects.bulk_update(unfit, ["code", "reason"])
    return len(done)


def _as_new(row: Quarantine) -> dict[str, Any]:
    """Return an event as it would be sent now, with the time that it would have had then."""
    event = dict(row.body)
    moment, doubt = clean.when(event, at=row.received_at, sent_at=None)
    if row.source.kind == Source.Kind.BROWSER and row.received_at - moment > clean.KEPT_BY_BROWSERS:
        moment, doubt = row.received_at, event.get("timestamp")
    event["timestamp"] = event["originalTimestamp"] = moment.isoformat()
    context = event.get("context")
    if doubt is not None and isinstance(context, dict):
        event["context"] = {**context, "originalTimestamp": doubt}
    return event
