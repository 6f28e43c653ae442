"""What is lost or spoilt is named and built anew; a restored database takes its files over.

Only the transactions of a damaged file are read again, from PostgreSQL. What PostgreSQL no longer
held is counted as lost.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime

from django.db import OperationalError, connection, transaction

from analytics import collect, shelf
from analytics.collect import LAYOUT, SORTED, Lake, quoted
from analytics.models import Chunk, Damage, Era, ErasedAlias
from analytics.shelf import Damaged, Stored
from dxp.lib import rows

log = logging.getLogger(__name__)

MISSING, SPOILT = Damage.Reason.MISSING, Damage.Reason.SPOILT
# Longer than that nobody who records an event waits for a restore to be noticed.
PATIENCE = "2s"
STANDS = """
SELECT greatest(
  coalesce((SELECT xid::text::bigint FROM customers_event ORDER BY xid DESC LIMIT 1), 0),
  coalesce((SELECT max(hi) FROM analytics_chunk WHERE retired_at IS NULL), 0)),
  pg_snapshot_xmin(pg_current_snapshot())::text::bigint"""
COUNT_ON = """
ALTER TABLE ONLY customers_event ALTER COLUMN xid
SET DEFAULT ((pg_current_xact_id()::text::bigint + {ahead})::text::xid8)"""
ANEW = "UPDATE customers_event e SET xid = DEFAULT WHERE"
IN_NO_CHUNK = f"""{ANEW}
e.xid < (SELECT max(hi) FROM analytics_chunk WHERE retired_at IS NULL)::text::xid8
  AND NOT EXISTS (SELECT FROM analytics_chunk c WHERE c.retired_at IS NULL
    AND e.xid >= c.lo::text::xid8 AND e.xid < c.hi::text::xid8)"""


def check(*, lake: Lake, deep: bool = False) -> Iterator[tuple[Chunk, str]]:
    """Yield each file and what is wrong with it: is it there and as long as it was?

    If `deep`, also: is it what was written, and how many of its events does PostgreSQL still hold?
    """
    listed = lake.files()
    for chunk in Chunk.objects.filter(retired_at=None).order_by("lo"):
        fault = _fault(lake, chunk, listed, deep)
        if deep and not fault:
            _count_alone(chunk)
        yield chunk, fault


def mend(*, lake: Lake, at: datetime, look: bool = True, deep: bool = False) -> list[Damage]:
    """Build each damaged file anew from PostgreSQL; return what was mended.

    Without `look` only those that somebody noted already.
    """
    for chunk, fault in check(lake=lake, deep=deep) if look else ():
        if fault and Damage.note(chunk=chunk, reason=fault, at=at):
            log.error("A file of the event lake is damaged: %s, %s.", chunk.path, fault)
    return [damage for damage in Damage.objects.filter(mended_at=None) if _mend(lake, damage, at)]


def relay(*, lake: Lake, at: datetime, everything: bool = False) -> int:
    """Write files of an older layout anew, or all; return how many.

    From PostgreSQL where it still holds an event, else from the file, with nothing in what is new.
    """
    chunks = Chunk.objects.filter(retired_at=None).order_by("lo")
    if not everything:
        chunks = chunks.exclude(layout=LAYOUT)
    return sum(_relay(lake, chunk, at) for chunk in chunks)


def rebuild(*, lake: Lake, at: datetime) -> int:
    """Write every file anew, and seal what waits; return how many files were written.

    Readers go on meanwhile: each file stands until the new one takes its place.
    """
    adopt(lake=lake, at=at)
    written = len(mend(lake=lake, at=at, deep=True)) + relay(lake=lake, at=at, everything=True)
    while collect.seal(lake=lake, at=at):
        written += 1
    return written


def adopt(*, lake: Lake, at: datetime) -> bool:
    """Take the lake over in a database that was restored into another cluster; False if it is ours.

    Files go on being right, for events keep the ids of the transactions that wrote them; what only
    files hold stays in answers. Transactions count on from where the former database stood, and
    what was recorded before that was so comes after everything that is sealed.
    """
    mine = collect.cluster()
    strangers = Chunk.objects.filter(retired_at=None).exclude(cluster=mine)
    if not strangers.exists() and Era.objects.filter(pk=mine).exists():
        return False
    try:
        with transaction.atomic():
            if not rows.advisory_lock(collect.LOCK):
                return False
            if not Era.objects.filter(pk=mine).exists():
                _begin_era(mine, at)
    except OperationalError as error:
        log.warning("The event lake is taken over later: %s", error)
        return False
    with transaction.atomic():
        if not rows.advisory_lock(collect.LOCK) or not strangers.exists():
            return False
        moved = sum(_take_over(lake, chunk, mine) for chunk in list(strangers))
        with connection.cursor() as cursor:
            cursor.execute(IN_NO_CHUNK)
            moved += cursor.rowcount
    log.warning("The event lake goes on in another database; %s events are sealed anew.", moved)
    return True


def _begin_era(mine: str, at: datetime) -> None:
    ahead = Era.objects.order_by("-began_at").values_list("ahead", flat=True).first() or 0
    with connection.cursor() as cursor:
        cursor.execute(STANDS)
        highest, current = cursor.fetchone()
        if highest >= current + ahead:
            # Nobody writes an event at this moment: what comes later bears a number above all.
            cursor.execute(
                f"SET LOCAL lock_timeout = '{PATIENCE}';"
                " LOCK TABLE ONLY customers_event IN ACCESS EXCLUSIVE MODE"
            )
            cursor.execute(STANDS)
            ahead, current = cursor.fetchone()
            cursor.execute(COUNT_ON.format(ahead=int(ahead)))
    Era.objects.create(cluster=mine, ahead=ahead, began_at=at)


def _take_over(lake: Lake, chunk: Chunk, mine: str) -> int:
    """Make a former database's file ours; move what this one recorded under its transactions."""
    moved = 0
    try:
        file = lake.local(chunk.path)
    except FileNotFoundError:
        # Mending reads all of it from PostgreSQL.
        Chunk.objects.filter(pk=chunk.pk).update(cluster=mine)
        return moved
    with collect.from_postgres(lake, chunk.lo, chunk.hi, ["id"]) as (database, _is_empty):
        database.execute("CREATE TEMP TABLE hot AS SELECT id FROM batches")
        held = f"SELECT id FROM read_parquet('{quoted(file)}')"
        new = database.execute(f"SELECT id FROM hot WHERE id NOT IN ({held})").fetchall()
        alone = database.execute(
            f"SELECT count(*) FROM ({held}) WHERE id NOT IN (SELECT id FROM hot)"
        ).fetchone()[0]
    if new:
        with connection.cursor() as cursor:
            cursor.execute(
                f"{ANEW} {collect.RANGE} AND e.id = ANY(%s)",
                [str(chunk.lo), str(chunk.hi), [number for (number,) in new]],
            )
            moved = cursor.rowcount
    Chunk.objects.filter(pk=chunk.pk).update(cluster=mine, alone=alone)
    return moved


def _fault(lake: Lake, chunk: Chunk, listed: Mapping[str, Stored], deep: bool) -> str:
    found = listed.get(chunk.path)
    if found is None:
        return MISSING
    if chunk.bytes and found.bytes != chunk.bytes:
        return SPOILT
    if not deep:
        return ""
    try:
        file = lake.local(chunk.path)
        if lake.bucket is not None and shelf.checksum_of(file) != chunk.checksum:
            # Perhaps only the copy on this machine.
            file.unlink(missing_ok=True)
            file = lake.local(chunk.path)
        return "" if shelf.checksum_of(file) == chunk.checksum else SPOILT
    except Damaged:
        return SPOILT
    except FileNotFoundError:
        return MISSING


def _count_alone(chunk: Chunk) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM customers_event e WHERE {collect.RANGE}",
            [str(chunk.lo), str(chunk.hi)],
        )
        chunk.alone = max(chunk.rows - int(cursor.fetchone()[0]), 0)
    Chunk.objects.filter(pk=chunk.pk).exclude(alone=chunk.alone).update(alone=chunk.alone)


def _mend(lake: Lake, damage: Damage, at: datetime) -> bool:
    chunk = Chunk.objects.filter(path=damage.path, retired_at=None).first()
    written = collect.write_range(lake, chunk.lo, chunk.hi) if chunk else None
    if chunk is None or not collect.replace(chunks=[chunk], written=written, at=at):
        # A merge or a rewrite was faster: it could read the file.
        damage.delete()
        return False
    damage.rebuilt = written.rows if written else 0
    damage.mended_at = at
    damage.save()
    log.warning(
        "The file was built anew: %s, %s of %s events, %s are lost.",
        damage.path, damage.rebuilt, damage.rows, damage.lost,
    )  # fmt: skip
    return True


def _relay(lake: Lake, chunk: Chunk, at: datetime) -> bool:
    try:
        file = lake.local(chunk.path)
    except FileNotFoundError:
        # Mending writes it in today's layout.
        return False
    erased = list(ErasedAlias.objects.values_list("alias_id", flat=True))
    source = f"read_parquet('{quoted(file)}')"
    with collect.from_postgres(lake, chunk.lo, chunk.hi) as (database, _is_empty):
        database.execute("CREATE TEMP TABLE hot AS SELECT * FROM batches")
        columns = [row[0] for row in database.execute(f"DESCRIBE FROM {source}").fetchall()]
        shared = ", ".join(name for name in columns if name in collect.COLUMNS)
        database.execute(
            f"INSERT INTO hot BY NAME SELECT {shared} FROM {source}"
            " WHERE id NOT IN (SELECT id FROM hot) AND NOT list_contains($erased, alias_id)",
            {"erased": erased},
        )
        is_empty = not database.execute("SELECT count(*) FROM hot").fetchone()[0]
        written = None if is_empty else collect.write(
            lake, database, f"SELECT * FROM hot {SORTED}", f"{chunk.lo}-{chunk.hi}"
        )  # fmt: skip
    return collect.replace(chunks=[chunk], written=written, at=at)
