"""How the event lake is: what it holds, what waits, what hinders it, what was lost."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import redis
from django.db import connection
from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timesince
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics import collect
from analytics.collect import LAYOUT, Lake
from analytics.models import Chunk, Damage, ErasedAlias
from dxp.lib import hints

# The page of this floor that tells more.
PAGE = "analytics_lake"
# A transaction that holds the lake up is worth a look after the one, a warning after the other.
NOTABLE = timedelta(minutes=1)
LONG = timedelta(minutes=5)
# Sealing waits for two minutes at most.
LATE = timedelta(minutes=15)
MOST = 1_000_000
REMEMBERED = timedelta(days=30)
LITTLE_ROOM = 0.03
DONE = "hint:did:lake"

# Only who writes holds the watermark back: a reader has no transaction id. In any database: the ids
# are the cluster's.
HOLDERS = """
SELECT pid, coalesce(application_name, ''), coalesce(usename, ''), coalesce(datname, ''),
  xact_start
FROM pg_stat_activity
WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
  AND xact_start < clock_timestamp() - make_interval(secs => %(seconds)s)
UNION ALL
SELECT 0, gid, owner::text, database::text, prepared FROM pg_prepared_xacts
WHERE prepared < clock_timestamp() - make_interval(secs => %(seconds)s)
ORDER BY 5"""
WAITING = """
SELECT count(*), min(received_at) FROM (
  SELECT received_at FROM customers_event WHERE xid >= %s::text::xid8 LIMIT %s) e"""


@dataclass(frozen=True, slots=True)
class Worry:
    """Something that a person should look at, and where."""

    words: str
    url_name: str = PAGE


@dataclass(frozen=True, slots=True)
class Holder:
    """A transaction that is open for long and keeps events from being sealed.

    `pid` is 0 for one that was prepared and never ended.
    """

    pid: int
    application: str
    user: str
    database: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """Events that are in PostgreSQL alone by now: in every answer, and not in a file yet."""

    rows: int
    oldest: datetime | None
    lag: timedelta
    holders: Sequence[Holder]


@dataclass(frozen=True, slots=True)
class Health:
    """Everything worth knowing about the lake at a moment."""

    at: datetime
    place: str
    files: int
    rows: int
    bytes: int
    alone: int
    first_at: datetime | None
    latest_at: datetime | None
    sealed_at: datetime | None
    retired: int
    aged: int
    erased: int
    is_ours: bool
    waiting: Waiting
    done: dict[str, datetime]
    damages: Sequence[Damage]


def look(*, lake: Lake, at: datetime) -> Health:
    """Return how the lake is; asks PostgreSQL alone, no storage."""
    live = Q(retired_at=None)
    told = Chunk.objects.aggregate(
        files=Count("pk", filter=live), rows=Sum("rows", filter=live, default=0),
        bytes=Sum("bytes", filter=live, default=0), alone=Sum("alone", filter=live, default=0),
        first_at=Min("first_at", filter=live), latest_at=Max("latest_at", filter=live),
        sealed_at=Max("created_at", filter=live), retired=Count("pk", filter=~live),
        aged=Count("pk", filter=live & ~Q(layout=LAYOUT)),
    )  # fmt: skip
    return Health(
        at=at, place=_place(lake), erased=ErasedAlias.objects.count(),
        is_ours=collect.ahead_of(collect.cluster()) is not None, waiting=waiting(at=at),
        done=_done(), damages=list(Damage.objects.order_by("-found_at")[:20]), **told,
    )  # fmt: skip


def waiting(*, at: datetime) -> Waiting:
    """Return what waits to be sealed, since when, and who holds it up."""
    since = Chunk.objects.filter(retired_at=None).aggregate(hi=Max("hi"))["hi"] or 0
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [str(since), MOST])
        found, oldest = cursor.fetchone()
        cursor.execute(HOLDERS, {"seconds": int(NOTABLE.total_seconds())})
        holders = [Holder(*row) for row in cursor.fetchall()]
    lag = max(at - oldest, timedelta(0)) if oldest else timedelta(0)
    return Waiting(found, oldest, lag, holders)


def worries(*, lake: Lake, at: datetime) -> list[Worry]:
    """Return what a person should look at, in words; nothing while all is well."""
    waits = waiting(at=at)
    found = [Worry(words(holder, at)) for holder in waits.holders if at - holder.since >= LONG]
    if waits.lag >= LATE and not found:
        found.append(
            Worry(
                _("Events wait to be filed since %(when)s: is the background worker running?")
                % {"when": _moment(waits.oldest)}
            )
        )
    recent = Damage.objects.filter(found_at__gte=at - REMEMBERED)
    for damage in recent.filter(Q(mended_at=None) | Q(rows__gt=0)):
        if damage.mended_at is None:
            found.append(
                Worry(
                    _("A file of the event lake is damaged and is built anew soon: %s")
                    % damage.path
                )
            )
        elif damage.lost:
            found.append(
                Worry(
                    ngettext(
                        "%(n)s event was lost with a damaged file.",
                        "%(n)s events were lost with a damaged file.",
                        damage.lost,
                    )
                    % {"n": damage.lost}
                )
            )
    return [*found, *_room(lake)]


def words(holder: Holder, at: datetime) -> str:
    """Return in words who keeps events from being filed."""
    told = {
        "who": holder.application or holder.user or _("somebody"),
        "pid": holder.pid,
        "database": holder.database,
        "when": _moment(holder.since),
        "long": timesince.timesince(holder.since, at, depth=1),
    }
    if not holder.pid:
        said = _(
            "A prepared transaction, %(who)s in %(database)s, holds the event lake up"
            " since %(when)s (%(long)s)."
        )
    else:
        said = _(
            "A transaction of %(who)s (process %(pid)s in %(database)s) holds the event lake up"
            " since %(when)s (%(long)s)."
        )
    return said % told


def did(*, work: str, at: datetime) -> None:
    """Remember that something was done: sealed, merged, written anew, verified."""
    with contextlib.suppress(redis.RedisError):
        hints.client().hset(DONE, work, at.isoformat())


def was_done(*, work: str, since: datetime) -> bool:
    """Return whether something was done since a moment, as far as is remembered."""
    last = _done().get(work)
    return last is not None and last >= since


def _done() -> dict[str, datetime]:
    try:
        told: Any = hints.client().hgetall(DONE)
    except redis.RedisError:
        return {}
    return {work.decode(): datetime.fromisoformat(when.decode()) for work, when in told.items()}


def _place(lake: Lake) -> str:
    if lake.bucket is None:
        return str(lake.folder)
    # Without who we are, should that stand in it.
    told = urlsplit(lake.bucket.url)
    return f"{told.scheme}://{told.hostname}{told.path}"


def _room(lake: Lake) -> list[Worry]:
    try:
        disk = shutil.disk_usage(lake.folder)
    except OSError:
        # Nothing was ever sealed.
        return []
    if disk.free > disk.total * LITTLE_ROOM:
        return []
    return [Worry(_("The disk of the event lake is almost full: %s.") % lake.folder)]


def _moment(at: datetime | None) -> str:
    return date_format(localtime(at), "DATETIME_FORMAT") if at else ""
