"""Events become Parquet: sealed under a transaction-id watermark, merged to about a file a day."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.db import connection, transaction

from analytics import shelf
from analytics.models import Chunk, Era
from analytics.shelf import FOLDER, Lake
from dxp.lib import rows

__all__ = [
    "COLUMNS", "FOLDER", "LAYOUT", "SORTED", "Lake", "Written", "ahead_of", "cluster", "engine",
    "from_postgres", "moment", "quoted", "read", "replace", "seal", "write", "write_range",
]  # fmt: skip

# One list for the files, the hot tail and PostgreSQL itself, so that a question means the same
# everywhere. A path is the page's own, else that of the page the event happened on.
COLUMNS: dict[str, tuple[str, str]] = {
    "id": ("int64", "e.id"),
    # `at` is a reserved word in DuckDB.
    "happened_at": ("time", "e.at"),
    "received_at": ("time", "e.received_at"),
    "profile_id": ("int64", "e.profile_id"),
    "alias_id": ("int64", "e.alias_id"),
    "type": ("text", "e.type"),
    "name": ("text", "e.name"),
    "path": ("text", "coalesce(e.properties->>'path', e.context#>>'{page,path}')"),
    "url": ("text", "coalesce(e.properties->>'url', e.context#>>'{page,url}')"),
    "referrer": ("text", "coalesce(e.properties->>'referrer', e.context#>>'{page,referrer}')"),
    "title": ("text", "coalesce(e.properties->>'title', e.context#>>'{page,title}')"),
    "campaign_source": ("text", "e.context#>>'{campaign,source}'"),
    "campaign_medium": ("text", "e.context#>>'{campaign,medium}'"),
    "campaign_name": ("text", "e.context#>>'{campaign,name}'"),
    # Thirteen digits fit numeric(18,4); what is no such number is no amount, and stops nothing.
    "amount": (
        "money",
        "(SELECT CASE WHEN v ~ '^-?[0-9]{1,13}([.][0-9]+)?$' THEN round(v::numeric, 4) END"
        " FROM coalesce(e.properties->>'revenue', e.properties->>'value',"
        " e.properties->>'total') v)",
    ),
    "properties": ("text", "e.properties"),
}
# A file says in which of its columns and their meanings it was written.
LAYOUT = zlib.crc32(repr(COLUMNS).encode()) & 0x7FFFFFFF
LOCK = "analytics.lake"
SORTED = "ORDER BY profile_id, happened_at, id"
# What one file takes in at once: after a standstill, or when the lake is built anew.
SLICE = 1_000_000
RANGE = "e.xid >= %s::text::xid8 AND e.xid < %s::text::xid8"
# In the order of transactions: up to where the next day's events begin, or the slice is full.
WAITING = """
WITH e AS (
  SELECT xid, received_at FROM customers_event WHERE xid >= %(lo)s::text::xid8
  AND xid < %(hi)s::text::xid8 ORDER BY xid LIMIT %(most)s
), first AS (
  SELECT xid, date_trunc('day', received_at, 'UTC') AS day FROM e ORDER BY xid LIMIT 1
)
SELECT count(*), min(e.received_at),
  (SELECT min(e.xid)::text::bigint FROM e, first
   WHERE e.received_at >= first.day + interval '1 day' AND e.xid > first.xid),
  CASE WHEN count(*) = %(most)s THEN greatest(max(e.xid)::text::bigint,
    min(e.xid)::text::bigint + 1) END
FROM e"""


@dataclass(frozen=True, slots=True)
class Written:
    """A file that lies in its place and that nobody lists yet."""

    path: str
    checksum: str
    bytes: int
    rows: int
    first_at: datetime
    latest_at: datetime


@dataclass(frozen=True, slots=True)
class _Waiting:
    rows: int
    oldest: datetime
    until: int
    is_past: bool


def seal(
    *, lake: Lake, at: datetime, least: int = 1, patience: timedelta = timedelta(0)
) -> Chunk | None:
    """Write what was committed since the last time into one file, and list it.

    Fewer than `least` events wait until the oldest is older than `patience`; as the hot tail they
    are in every answer all the same. More than a day's or a million come in several files, one a
    call. Returns None if there was nothing to do, if somebody else does it, or if this database
    was restored and has not taken over yet what the files hold (`repair.adopt`).
    """
    with transaction.atomic():
        mine = cluster()
        ahead = ahead_of(mine)
        if ahead is None or not rows.advisory_lock(LOCK):
            return None
        latest = Chunk.objects.filter(retired_at=None).order_by("-hi").values_list("hi", flat=True)
        lo, hi = latest.first() or 0, _watermark() + ahead
        waiting = _waiting(lo, hi)
        if not waiting.rows or (waiting.rows < least and at - waiting.oldest < patience):
            return None
        written = write_range(lake, lo, waiting.until)
        day = waiting.oldest if waiting.is_past else at
        return _list(written, lo, waiting.until, mine, day) if written else None


def ahead_of(mine: str) -> int | None:
    """Return what is added to this database's transaction ids; None before that is settled."""
    eras = dict(Era.objects.values_list("cluster", "ahead"))
    strangers = Chunk.objects.filter(retired_at=None).exclude(cluster=mine)
    return eras[mine] if mine in eras else None if eras or strangers.exists() else 0


def replace(*, chunks: Sequence[Chunk], written: Written | None, at: datetime) -> bool:
    """Put one file, or none, in the place of others; False where somebody else was faster.

    The old files stay for a while: somebody may be reading them.
    """
    ids = [chunk.pk for chunk in chunks]
    first, last = chunks[0], chunks[-1]
    with transaction.atomic():
        live = Chunk.objects.select_for_update().filter(pk__in=ids, retired_at=None)
        if len(live) != len(ids):
            return False
        Chunk.objects.filter(pk__in=ids).update(retired_at=at)
        if written:
            _list(written, first.lo, last.hi, first.cluster, first.created_at)
    return True


def write_range(lake: Lake, lo: int, hi: int) -> Written | None:
    """Write what PostgreSQL holds of some transactions into a file; None if that is nothing."""
    with from_postgres(lake, lo, hi) as (database, is_empty):
        if is_empty:
            return None
        return write(lake, database, f"SELECT * FROM batches {SORTED}", f"{lo}-{hi}")


@contextlib.contextmanager
def from_postgres(
    lake: Lake, lo: int, hi: int, columns: Sequence[str] = ()
) -> Iterator[tuple[Any, bool]]:
    """Yield a DuckDB that reads PostgreSQL's events of some transactions, once, as `batches`."""
    columns = columns or list(COLUMNS)
    lake.events.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=lake.events) as file, engine(lake) as database:
        _copy_out(file, columns, RANGE, [str(lo), str(hi)])
        is_empty = not file.tell()
        database.register("batches", _batches(file, columns))
        yield database, is_empty


def read(
    *, since: int, columns: Sequence[str], window: tuple[datetime, datetime] | None = None
) -> Any:
    """Return the hot tail, everything from transaction `since` on, as an Arrow table."""
    where, parameters = "e.xid >= %s::text::xid8", [str(since)]
    with tempfile.SpooledTemporaryFile(max_size=8_000_000) as file:
        if window:
            where += " AND e.at >= %s AND e.at < %s"
        _copy_out(file, columns, where, [*parameters, *(window or ())])
        reader = _batches(file, columns)
        return reader.read_all()


def cluster() -> str:
    """Return what names this database: transaction ids mean something only inside it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT system_identifier::text || '/' || d.oid FROM pg_control_system(), pg_database d"
            " WHERE d.datname = current_database()"
        )
        return str(cursor.fetchone()[0])


@contextlib.contextmanager
def engine(lake: Lake) -> Iterator[Any]:
    """Yield a DuckDB of its own, bounded in memory and threads, that loads nothing from outside."""
    import duckdb

    spill = lake.folder / "tmp" / secrets.token_hex(8)
    spill.parent.mkdir(parents=True, exist_ok=True)
    database = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": lake.memory,
            "threads": str(lake.threads),
            "temp_directory": str(spill),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
        },
    )
    try:
        database.execute("SET TimeZone = 'UTC'")
        yield database
    finally:
        database.close()


def _watermark() -> int:
    # Every transaction below the snapshot's xmin has ended; ids come in order, commits do not, so
    # that max(xid) or max(id) would skip what a slower neighbor commits later.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def _waiting(lo: int, hi: int) -> _Waiting:
    with connection.cursor() as cursor:
        cursor.execute(WAITING, {"lo": str(lo), "hi": str(hi), "most": SLICE})
        found, oldest, next_day, full = cursor.fetchone()
    # A transaction is never cut in two: one that fills the slice alone goes in whole.
    return _Waiting(found, oldest, next_day or full or hi, bool(next_day))


def _list(written: Written, lo: int, hi: int, cluster: str, at: datetime) -> Chunk:
    return Chunk.objects.create(
        lo=lo, hi=hi, cluster=cluster, path=written.path, checksum=written.checksum,
        bytes=written.bytes, rows=written.rows, layout=LAYOUT, first_at=written.first_at,
        latest_at=written.latest_at, created_at=at,
    )  # fmt: skip


def _copy_out(file: IO[bytes], columns: Sequence[str], where: str, parameters: list[Any]) -> None:
    chosen = ", ".join(COLUMNS[name][1] for name in columns)
    statement = (
        f"COPY (SELECT {chosen} FROM customers_event e WHERE {where}) TO STDOUT (FORMAT csv)"
    )
    with rows.raw_cursor() as cursor, cursor.copy(statement, parameters) as copy:
        for block in copy:
            file.write(block)


def _batches(file: IO[bytes], columns: Sequence[str]) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    types = {
        "int64": pa.int64(), "text": pa.string(), "money": pa.decimal128(18, 4),
        "time": pa.timestamp("us", tz="UTC"),
    }  # fmt: skip
    schema = pa.schema([(name, types[COLUMNS[name][0]]) for name in columns])
    if file.seek(0, os.SEEK_END) == 0:
        return pa.RecordBatchReader.from_batches(schema, [])
    file.seek(0)
    return csv.open_csv(
        file,
        # A record must fit into a block; one thread, since many read far ahead into memory.
        read_options=csv.ReadOptions(
            column_names=list(columns), block_size=4 << 20, use_threads=False
        ),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        # COPY writes NULL as nothing and an empty text as "".
        convert_options=csv.ConvertOptions(
            column_types=schema, null_values=[""], strings_can_be_null=True,
            quoted_strings_can_be_null=False, timestamp_parsers=[csv.ISO8601],
        ),
    )  # fmt: skip


def write(lake: Lake, database: Any, select: str, label: str) -> Written:
    """Write what a SELECT says into a file, and put it in its place."""
    lake.events.mkdir(parents=True, exist_ok=True)
    draft = lake.events / f"{label}.{secrets.token_hex(4)}.tmp"
    database.execute(f"COPY ({select}) TO '{quoted(draft)}' (FORMAT parquet, COMPRESSION zstd)")
    found, first, last = database.execute(
        "SELECT count(*), epoch_us(min(happened_at)), epoch_us(max(happened_at))"
        " FROM read_parquet($path)",
        {"path": str(draft)},
    ).fetchone()
    checksum, size = shelf.checksum_of(draft), draft.stat().st_size
    path = shelf.name_of(label, checksum)
    lake.keep(draft, path)
    return Written(path, checksum, size, found, moment(first), moment(last))


def quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def moment(microseconds: int) -> datetime:
    """Return the moment of so many microseconds since 1970."""
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)
