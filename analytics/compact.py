"""Small files become about one a day; what was replaced goes when nobody can still read it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from analytics import collect, shelf
from analytics.collect import LAYOUT, SORTED, Lake
from analytics.models import Chunk, Damage

log = logging.getLogger(__name__)

BIGGEST = 5_000_000
GRACE = timedelta(hours=1)
ORPHAN = timedelta(days=1)


def compact(*, lake: Lake, at: datetime) -> int:
    """Merge neighboring files to one a day, remove what nobody reads; return the merges made.

    A damaged file stays alone and is noted: mending builds it anew.
    """
    live = Chunk.objects.filter(retired_at=None, layout=LAYOUT)
    merged = sum(_merge(lake, group, at) for group in _days(list(live.order_by("lo"))))
    sweep(lake=lake, at=at)
    return merged


def sweep(*, lake: Lake, at: datetime) -> None:
    """Remove the files that were retired long ago, and what a sealer that died left behind."""
    for chunk in Chunk.objects.filter(retired_at__lt=at - GRACE):
        lake.drop(chunk.path)
        chunk.delete()
    # Listed before the manifest is read: what is sealed meanwhile is in the manifest alone.
    lying = lake.files()
    known = set(Chunk.objects.values_list("path", flat=True))
    for path, found in lying.items():
        # A living sealer is done long before.
        if path not in known and found.changed_at < at - ORPHAN:
            lake.drop(path)
    lake.tidy(at)


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
    files = []
    for chunk in group:
        try:
            file = lake.local(chunk.path)
        except FileNotFoundError:
            return _note(chunk, Damage.Reason.MISSING, at)
        if shelf.checksum_of(file) != chunk.checksum:
            return _note(chunk, Damage.Reason.SPOILT, at)
        files.append(file)
    listed = ", ".join(f"'{collect.quoted(file)}'" for file in files)
    label = f"{group[0].lo}-{group[-1].hi}"
    with collect.engine(lake) as database:
        written = collect.write(
            lake, database, f"SELECT * FROM read_parquet([{listed}]) {SORTED}", label
        )
    return collect.replace(chunks=group, written=written, at=at)


def _note(chunk: Chunk, reason: str, at: datetime) -> bool:
    if Damage.note(chunk=chunk, reason=reason, at=at):
        log.error("A file of the event lake is damaged: %s, %s.", chunk.path, reason)
    return False
