"""Events become Parquet: sealed under a transaction-id watermark, merged to about a file a day."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.db import connection, transaction

from analytics.models import Chunk
from dxp.lib import rows

log = logging.getLogger(__name__)

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
FOLDER = "events"
LOCK = "analytics.lake"
SORTED = "ORDER BY profile_id, happened_at, id"


@dataclass(frozen=True, slots=True)
class Lake:
    """Where the files lie, and how much of the machine a question may take."""

    folder: Path
    memory: str = "512MB"
    threads: int = 2

    @property
    def events(self) -> Path:
        return self.folder / FOLDER


def seal(
    *, lake: Lake, at: datetime, least: int = 1, patience: timedelta = timedelta(0)
) -> Chunk | None:
    """Write what was committed since the last time into one file, and list it.

    Fewer than `least` events wait until the oldest is older than `patience`; as the hot tail they
    are in every answer all the same. Returns None if there was nothing to do, or if somebody else
    does it.
    """
    with transaction.atomic():
        if not rows.advisory_lock(LOCK):
            return None
        live = Chunk.objects.filter(retired_at=None)
        mine = cluster()
        if _strangers(lake, mine):
            forget(at=at)
        latest = live.order_by("-hi").values_list("hi", flat=True).first()
        lo, hi = latest or 0, _watermark()
        waiting, oldest = _waiting(lo, hi)
        if not waiting or (waiting < least and at - oldest < patience):
            return None
        path, checksum, found, first, last = _write_events(lake, lo, hi)
        return Chunk.objects.create(
            lo=lo, hi=hi, cluster=mine, path=path, checksum=checksum, rows=found,
            first_at=first, latest_at=last, created_at=at,
        )  # fmt: skip


def forget(*, at: datetime) -> None:
    """Drop the manifest, so that the next seal builds the lake from PostgreSQL again.

    Needed where files were lost, and after a restore into another cluster, whose transaction ids
    begin anew: rows from its future are brought into its past, else they would stay in the tail.
    """
    log.warning("The event lake is built anew.")
    with transaction.atomic():
        Chunk.objects.filter(retired_at=None).update(retired_at=at)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE customers_event SET xid = pg_current_xact_id()"
                " WHERE xid > pg_current_xact_id()"
            )


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


def _waiting(lo: int, hi: int) -> tuple[int, datetime]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), min(received_at) FROM customers_event"
            " WHERE xid >= %s::text::xid8 AND xid < %s::text::xid8",
            [str(lo), str(hi)],
        )
        found: tuple[int, datetime] = cursor.fetchone()
        return found


def _strangers(lake: Lake, mine: str) -> bool:
    return any(
        name != mine or not (lake.folder / path).exists()
        for name, path in Chunk.objects.filter(retired_at=None).values_list("cluster", "path")
    )


def _write_events(lake: Lake, lo: int, hi: int) -> tuple[str, str, int, datetime, datetime]:
    lake.events.mkdir(parents=True, exist_ok=True)
    where = "e.xid >= %s::text::xid8 AND e.xid < %s::text::xid8"
    with tempfile.TemporaryFile(dir=lake.events) as file, engine(lake) as database:
        _copy_out(file, list(COLUMNS), where, [str(lo), str(hi)])
        database.register("batches", _batches(file, list(COLUMNS)))
        return write(lake, database, f"SELECT * FROM batches {SORTED}", f"{lo}-{hi}")


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


def write(
    lake: Lake, database: Any, select: str, label: str
) -> tuple[str, str, int, datetime, datetime]:
    # A random ending: after a restore to an earlier moment the same ids are given out again.
    path = f"{FOLDER}/{label}-{secrets.token_hex(4)}.parquet"
    target, draft = lake.folder / path, lake.folder / f"{path}.tmp"
    database.execute(f"COPY ({select}) TO '{quoted(draft)}' (FORMAT parquet, COMPRESSION zstd)")
    found, first, last = database.execute(
        "SELECT count(*), epoch_us(min(happened_at)), epoch_us(max(happened_at))"
        " FROM read_parquet($path)",
        {"path": str(draft)},
    ).fetchone()
    checksum = checksum_of(draft)
    _settle(draft, target)
    return path, checksum, found, moment(first), moment(last)


def _settle(draft: Path, target: Path) -> None:
    _fsync(draft)
    draft.rename(target)
    _fsync(target.parent)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def checksum_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def moment(microseconds: int) -> datetime:
    """Return the moment of so many microseconds since 1970."""
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)
