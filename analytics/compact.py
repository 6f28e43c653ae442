"""Small files become about one a day; what was replaced goes when nobody can still read it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from analytics import collect
from analytics.collect import FOLDER, SORTED, Lake
from analytics.models import Chunk

log = logging.getLogger(__name__)

BIGGEST = 5_000_000
GRACE = timedelta(hours=1)
ORPHAN = timedelta(days=1)


class Damaged(Exception):
    """A file is missing or is not what was sealed: the lake is built anew from PostgreSQL."""


def compact(*, lake: Lake, at: datetime) -> int:
    """Merge neighboring files to one a day, remove what nobody reads; return the merges made."""
    merged = 0
    for group in _days(list(Chunk.objects.filter(retired_at=None).order_by("lo"))):
        try:
            merged += _merge(lake, group, at)
        except Damaged as error:
            log.error("%s", error)
            collect.forget(at=at)
            break
    _sweep(lake, at)
    return merged


def _days(chunks: list[Chunk]) -> list[list[Chunk]]:
    groups: list[list[Chunk]] = []
    for chunk in chunks:
        group = groups[-1] if groups else []
        if (
            group
            and group[-1].hi == chunk.lo
            and group[-1].cluster == chunk.cluster
            and group[0].created_at.date() == chunk.created_at.date()
            and sum(c.rows for c in group) + chunk.rows <= BIGGEST
        ):
            group.append(chunk)
        else:
            groups.append([chunk])
    return [group for group in groups if len(group) > 1]


def _merge(lake: Lake, group: list[Chunk], at: datetime) -> bool:
    files = [lake.folder / chunk.path for chunk in group]
    for chunk, file in zip(group, files, strict=True):
        if not file.exists() or collect.checksum_of(file) != chunk.checksum:
            raise Damaged(f"{chunk.path} is missing or is not what was sealed.")
    listed = ", ".join(f"'{collect.quoted(file)}'" for file in files)
    lo, hi = group[0].lo, group[-1].hi
    with collect.engine(lake) as database:
        path, checksum, found, first, last = collect.write(
            lake, database, f"SELECT * FROM read_parquet([{listed}]) {SORTED}", f"{lo}-{hi}"
        )
    with transaction.atomic():
        ids = [chunk.pk for chunk in group]
        still = Chunk.objects.select_for_update().filter(pk__in=ids, retired_at=None)
        if len(still) != len(group):
            return False
        Chunk.objects.filter(pk__in=ids).update(retired_at=at)
        Chunk.objects.create(
            lo=lo, hi=hi, cluster=group[0].cluster, path=path, checksum=checksum, rows=found,
            first_at=first, latest_at=last, created_at=group[0].created_at,
        )  # fmt: skip
    return True


def _sweep(lake: Lake, at: datetime) -> None:
    for chunk in Chunk.objects.filter(retired_at__lt=at - GRACE):
        (lake.folder / chunk.path).unlink(missing_ok=True)
        chunk.delete()
    if not lake.events.exists():
        return
    known = set(Chunk.objects.values_list("path", flat=True))
    for file in lake.events.iterdir():
        # What a sealer that died left behind; a living one is done long before.
        old = file.stat().st_mtime < (at - ORPHAN).timestamp()
        if old and f"{FOLDER}/{file.name}" not in known:
            file.unlink(missing_ok=True)
