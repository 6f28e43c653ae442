"""The one door to event data: a measure and its parameters in, a table out."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg
import redis
from django.db import OperationalError, connection, transaction

from analytics import collect
from analytics.collect import COLUMNS, Lake
from analytics.measures.base import Measure, Row, Statement
from analytics.measures.values import MACROS
from analytics.models import Chunk, ErasedAlias
from dxp.lib import hints, rows

log = logging.getLogger(__name__)

AT_ONCE = 2
WAIT_SECONDS = 20.0
LONGEST_SECONDS = 60.0
# Past this, copying the tail costs more than letting PostgreSQL answer.
BIG_TAIL = 500_000
KEPT_SECONDS = 600
_turns = threading.BoundedSemaphore(AT_ONCE)

OWNED = """ev AS (
  SELECT {columns} FROM ({source}) e LEFT JOIN {overlay} o ON o.alias_id = e.alias_id{then}
)"""
# An override holds for all time, unless a device went from hand to hand.
IN_POSTGRES = " AND o.valid @> e.happened_at"
IN_DUCKDB = " AND e.happened_at >= o.since AND e.happened_at < o.until"
BEFORE_ALL, AFTER_ALL = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


class Busy(Exception):
    """Too many questions at once, or this one took too long; try again."""


@dataclass(frozen=True, slots=True)
class Table:
    """An answer, and what it rests on.

    `engine` says who computed it; `tail` how many events had not been sealed yet.
    """

    measure: Measure
    rows: list[Row]
    as_of: datetime
    engine: str
    tail: int

    @property
    def columns(self) -> tuple[str, ...]:
        return self.measure.columns

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class _Snapshot:
    chunks: tuple[tuple[int, str, datetime, datetime], ...]
    since: int
    tail: int
    newest: int
    overrides: tuple[int, str]
    erased: tuple[int, ...] = ()

    def key(self, statement: Statement) -> str:
        # Events are only added, so that a count (and the newest id) tells what the tail holds.
        told = [
            [chunk[0] for chunk in self.chunks], self.since, self.tail, self.newest, self.overrides,
            list(self.erased), statement.sql,
            {name: str(value) for name, value in statement.parameters.items()},
        ]  # fmt: skip
        return f"answer:{hashlib.sha256(orjson.dumps(told)).hexdigest()}"


def ask(
    measure: Measure, *, lake: Lake, at: datetime, cached: bool = True, **parameters: Any
) -> Table:
    """Answer a measure over everything committed by now: sealed files and the hot tail.

    Raises:
        Busy: the machine is at its limit, or the question took too long.
    """
    statement = measure.ask(**parameters)
    if not _turns.acquire(timeout=WAIT_SECONDS):
        raise Busy("Too many questions at once.")
    try:
        return _answer(measure, statement, lake, at, cached)
    finally:
        _turns.release()


def on_postgres(measure: Measure, *, at: datetime, **parameters: Any) -> Table:
    """Answer by PostgreSQL alone, by the same text: the fallback, and the oracle of tests."""
    statement = measure.ask(**parameters)
    with _snapshot():
        return Table(measure, statement.shape(_by_postgres(statement)), at, "postgresql", 0)


def _answer(
    measure: Measure, statement: Statement, lake: Lake, at: datetime, cached: bool
) -> Table:
    with _snapshot():
        snapshot = _look(statement)
        key = snapshot.key(statement)
        found = _recall(key) if cached else None
        if found is not None:
            return Table(measure, found, at, "cache", snapshot.tail)
        if not snapshot.since or snapshot.tail > BIG_TAIL:
            answer, engine = _by_postgres(statement), "postgresql"
        else:
            tail = collect.read(
                since=snapshot.since,
                columns=_needed(statement),
                window=(statement.start, statement.end),
            )
            overlay = _overlay()
            answer, engine = None, "duckdb"
    # The files stay where they are for a while after they are retired: no transaction is held open.
    if answer is None:
        try:
            answer = _by_duckdb(statement, snapshot, lake, tail, overlay)
        except FileNotFoundError as error:
            log.error("A file of the lake is missing; PostgreSQL answers: %s", error)
            with _snapshot():
                answer, engine = _by_postgres(statement), "postgresql"
    shaped = statement.shape(answer)
    _remember(key, shaped)
    return Table(measure, shaped, at, engine, snapshot.tail)


@contextlib.contextmanager
def _snapshot() -> Iterator[None]:
    # Inside somebody's transaction the isolation can't be chosen any more. The answer is still
    # right: what follows the last `hi` that was read is the tail, whenever it is read.
    nested = connection.in_atomic_block
    with transaction.atomic():
        if not nested:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;"
                    f" SET LOCAL statement_timeout = {int(LONGEST_SECONDS * 1000)}"
                )
        yield


def _look(statement: Statement) -> _Snapshot:
    live = Chunk.objects.filter(retired_at=None, cluster=collect.cluster())
    chunks = list(live.order_by("lo").values_list("pk", "path", "first_at", "latest_at", "hi"))
    since = chunks[-1][4] if chunks else 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.*, o.* FROM (SELECT count(*), coalesce(max(id), 0) FROM ("
            " SELECT id FROM customers_event WHERE xid >= %s::text::xid8 LIMIT %s) e) t,"
            " (SELECT count(*), coalesce(max(changed_at)::text, '')"
            " FROM customers_aliasoverride) o",
            [str(since), BIG_TAIL + 1],
        )
        tail, newest, *overrides = cursor.fetchone()
    return _Snapshot(
        chunks=tuple(
            chunk[:4]
            for chunk in chunks
            if chunk[2] < statement.end and chunk[3] >= statement.start
        ),
        since=since,
        tail=tail,
        newest=newest,
        overrides=tuple(overrides),
        erased=tuple(ErasedAlias.objects.order_by("pk").values_list("pk", flat=True)),
    )


def _needed(statement: Statement) -> list[str]:
    return [
        name for name in COLUMNS if name in statement.reads or name in {"alias_id", "happened_at"}
    ]


def _owned(statement: Statement, source: str, overlay: str, then: str) -> str:
    columns = ", ".join(
        "coalesce(o.profile_id, e.profile_id) AS profile_id"
        if name == "profile_id"
        else f"e.{name}"
        for name in _needed(statement)
    )
    relation = OWNED.format(columns=columns, source=source, overlay=overlay, then=then)
    sql = statement.sql
    body = f", {sql.removeprefix('WITH ')}" if sql.startswith("WITH ") else f"\n{sql}"
    return f"WITH {relation}{body}"


def _by_postgres(statement: Statement) -> list[Row]:
    chosen = ", ".join(f"{COLUMNS[name][1]} AS {name}" for name in _needed(statement))
    source = f"SELECT {chosen} FROM customers_event e"
    sql = _owned(statement, source, "customers_aliasoverride", IN_POSTGRES).replace("%", "%%")
    try:
        with rows.raw_cursor() as cursor:
            cursor.execute(re.sub(r"\$([a-z]\w*)", r"%(\1)s", sql), dict(statement.parameters))
            return cursor.fetchall()
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
            raise Busy("The question took too long.") from error
        raise


def _overlay() -> list[tuple[int, int, datetime | None, datetime | None]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT alias_id, profile_id, lower(valid), upper(valid) FROM customers_aliasoverride"
        )
        found: list[tuple[int, int, datetime | None, datetime | None]] = cursor.fetchall()
    return found


def _by_duckdb(
    statement: Statement, snapshot: _Snapshot, lake: Lake, tail: Any, overlay: Sequence[Any]
) -> list[Row]:
    import duckdb
    import pyarrow as pa

    files = [lake.folder / path for _id, path, _first, _latest in snapshot.chunks]
    for file in files:
        if not file.exists():
            raise FileNotFoundError(file)
    chosen = ", ".join(_needed(statement))
    source = f"SELECT {chosen} FROM tail"
    if files:
        listed = ", ".join("'{}'".format(str(file).replace("'", "''")) for file in files)
        sealed = f"SELECT {chosen} FROM read_parquet([{listed}])"
        if snapshot.erased:
            sealed += " WHERE alias_id NOT IN (SELECT alias_id FROM erased)"
        source = f"{sealed} UNION ALL {source}"
    with collect.engine(lake) as database:
        for macro in MACROS:
            database.execute(macro)
        database.register("tail", tail)
        is_timed = any(since or until for _, _, since, until in overlay)
        database.register("overlay", _table(overlay, is_timed))
        if snapshot.erased:
            database.register(
                "erased", pa.table({"alias_id": pa.array(snapshot.erased, pa.int64())})
            )
        watch = threading.Timer(LONGEST_SECONDS, database.interrupt)
        watch.start()
        try:
            found: list[Row] = database.execute(
                _owned(statement, source, "overlay", IN_DUCKDB if is_timed else ""),
                dict(statement.parameters),
            ).fetchall()
        except duckdb.InterruptException as error:
            raise Busy("The question took too long.") from error
        finally:
            watch.cancel()
    return found


def _table(overlay: Sequence[Any], is_timed: bool) -> Any:
    import pyarrow as pa

    table = {
        "alias_id": pa.array((row[0] for row in overlay), pa.int64()),
        "profile_id": pa.array((row[1] for row in overlay), pa.int64()),
    }
    if is_timed:
        when = pa.timestamp("us", tz="UTC")
        table["since"] = pa.array((row[2] or BEFORE_ALL for row in overlay), when)
        table["until"] = pa.array((row[3] or AFTER_ALL for row in overlay), when)
    return pa.table(table)


def forget_answers() -> None:
    """Drop every answer that is kept: one may list a person who is erased."""
    try:
        client = hints.client()
        for key in client.scan_iter(match="answer:*", count=1000):
            client.delete(key)
    except redis.RedisError as error:
        log.warning("Kept answers die by themselves within ten minutes: %s", error)


def _recall(key: str) -> list[Row] | None:
    try:
        found = hints.client().get(key)
    except redis.RedisError:
        return None
    return [tuple(row) for row in orjson.loads(found)] if isinstance(found, bytes) else None


def _remember(key: str, answer: list[Row]) -> None:
    # The cache fails open: without Redis every question is computed.
    with contextlib.suppress(redis.RedisError):
        hints.client().set(key, orjson.dumps(answer), ex=KEPT_SECONDS)
