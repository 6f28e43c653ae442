"""The one door to event data: a measure and its parameters in, a table out."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from analytics import collect, facts
from analytics.collect import Lake
from analytics.measures.base import Measure, Row, Statement
from analytics.models import Chunk, ErasedAlias
from analytics.query import answers, engines, limits
from analytics.query.answers import forget as forget_answers
from analytics.query.limits import Busy, Stopped, TooLong, Watch, take_turn
from customers import rules
from dxp.lib import hints

__all__ = [
    "Busy", "Job", "Stopped", "Table", "TooLong", "Watch", "ask", "forget_answers", "on_postgres",
    "ready", "take_turn", "work",
]  # fmt: skip

log = logging.getLogger(__name__)

# Past this, copying the tail costs more than letting PostgreSQL answer.
BIG_TAIL = 500_000
WAITING = """
SELECT t.*, o.* FROM
 (SELECT count(*), coalesce(max(id), 0), coalesce(sum(id), 0)::text FROM (
   SELECT id FROM customers_event WHERE xid >= %s::text::xid8 LIMIT %s) e) t,
 (SELECT count(*), coalesce(sum(id), 0)::text, coalesce(max(changed_at)::text, '')
   FROM customers_aliasoverride) o"""


@dataclass(frozen=True, slots=True)
class Table:
    """An answer, and what it rests on.

    `engine` says who computed it; `tail` how many events had not been sealed yet; `whole` is False
    where a file of the lake was missing, so that only PostgreSQL's events are in it.
    """

    measure: Measure
    rows: list[Row]
    as_of: datetime
    engine: str
    tail: int
    whole: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        return self.measure.columns

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """What the manifest says, and numbers that change whenever tail or owners do."""

    chunks: tuple[tuple[int, str, datetime, datetime], ...]
    alone: bool
    whole: bool
    since: int
    tail: int
    changed: tuple[Any, ...]
    erased: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """A question with everything that PostgreSQL had to say to it: files alone are left to read."""

    measure: Measure
    statement: Statement
    at: datetime
    key: str
    snapshot: _Snapshot
    selects: Mapping[str, facts.Select]
    tables: Mapping[str, Any]


def ask(
    measure: Measure,
    *,
    lake: Lake,
    at: datetime,
    who: rules.Node | None = None,
    cached: bool = True,
    watch: Watch | None = None,
    **parameters: Any,
) -> Table:
    """Answer a measure over everything committed by now: sealed files and the hot tail.

    Args:
        measure: what is asked.
        lake: where the files lie.
        at: the moment.
        who: only events of people whom this rule picks now.
        cached: whether an answer may be one that was computed before, from the same events.
        watch: told how far it is, and asked whether to go on.
        parameters: the measure's own.

    Raises:
        Busy: the machine is at its limit, the question took too long, or somebody stopped it.
    """
    asked = {"at": at, "who": who, "watch": watch, **parameters}
    with take_turn(lake, patience=limits.WAIT_SECONDS, watch=watch):
        for _again in range(2):
            found = ready(measure, cached=cached, **asked)
            if isinstance(found, Table):
                return found
            try:
                return work(found, lake=lake, watch=watch)
            except FileNotFoundError as error:
                # It was retired and removed meanwhile: another look finds what took its place.
                log.warning("A file of the lake is missing: %s", error)
        log.error("A file of the lake is missing or damaged; PostgreSQL answers.")
        hints.now("analytics.tasks.verify")
        return replace(on_postgres(measure, **asked), whole=False)


def ready(
    measure: Measure,
    *,
    at: datetime,
    who: rules.Node | None = None,
    cached: bool = True,
    watch: Watch | None = None,
    seconds: float | None = None,
    **parameters: Any,
) -> Table | Job:
    """Return the answer where it is kept or PostgreSQL's to give, else the job to do.

    Raises:
        Busy: PostgreSQL took more than `seconds`, or somebody stopped it.
    """
    statement = measure.ask(**parameters)
    with limits.snapshot(seconds or limits.LONGEST_SECONDS, watch):
        snapshot = _look(statement)
        is_big = snapshot.tail > BIG_TAIL
        selects = _selects(statement, who, at, snapshot)
        read = {name: facts.read(select) for name, select in selects.items()}
        key = _key(statement, snapshot, {name: digest for name, (_, digest) in read.items()})
        # Of a tail too big to count nobody can say whether it has changed.
        kept = answers.recall(key) if cached and not is_big else None
        if kept is not None:
            return Table(measure, kept, at, "cache", snapshot.tail, snapshot.whole)
        # What PostgreSQL no longer holds it can't answer, however long the tail is.
        if (is_big and not snapshot.alone) or not snapshot.since:
            answer = answers.plain(statement.shape(engines.by_postgres(statement, selects)))
            answers.remember(key, answer)
            return Table(measure, answer, at, "postgresql", snapshot.tail, snapshot.whole)
        tables = {name: table for name, (table, _) in read.items()}
        tables["tail"] = collect.read(
            since=snapshot.since,
            columns=engines.needed(statement),
            window=(statement.start, statement.end),
        )
    if snapshot.erased:
        tables["erased"] = facts.column("alias_id", snapshot.erased)
    # The files stay where they are for a while after they are retired: no transaction is held open.
    return Job(measure, statement, at, key, snapshot, selects, tables)


def work(job: Job, *, lake: Lake, watch: Watch | None = None) -> Table:
    """Answer from the files and what the job has brought along; needs no database.

    Raises:
        Busy: it took too long or too much memory, or somebody stopped it.
        FileNotFoundError: a file of the lake is missing, or is damaged.
    """
    files = [lake.local(path) for _id, path, _first, _latest in job.snapshot.chunks]
    raw = engines.by_duckdb(
        job.statement, files, job.tables, job.selects,
        lake=lake, watch=watch, seconds=limits.LONGEST_SECONDS,
    )  # fmt: skip
    answer = answers.plain(job.statement.shape(raw))
    answers.remember(job.key, answer)
    return Table(job.measure, answer, job.at, "duckdb", job.snapshot.tail)


def on_postgres(
    measure: Measure,
    *,
    at: datetime,
    who: rules.Node | None = None,
    watch: Watch | None = None,
    **parameters: Any,
) -> Table:
    """Answer by PostgreSQL alone, by the same text: the fallback, and the oracle of tests.

    Raises:
        Busy: the question took too long, or somebody stopped it.
    """
    statement = measure.ask(**parameters)
    with limits.snapshot(limits.LONGEST_SECONDS, watch):
        selects = _selects(statement, who, at)
        answer = answers.plain(statement.shape(engines.by_postgres(statement, selects)))
    return Table(measure, answer, at, "postgresql", 0)


def _look(statement: Statement) -> _Snapshot:
    live = Chunk.objects.filter(retired_at=None).order_by("lo")
    listed = live.values_list("pk", "path", "first_at", "latest_at", "hi", "alone", "cluster")
    mine = collect.cluster()
    chunks = [chunk for chunk in listed if chunk[6] == mine]
    since = chunks[-1][4] if chunks else 0
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [str(since), BIG_TAIL + 1])
        tail, *changed = cursor.fetchone()
    chosen = [one for one in chunks if one[2] < statement.end and one[3] >= statement.start]
    return _Snapshot(
        chunks=tuple(chunk[:4] for chunk in chosen),
        alone=any(chunk[5] for chunk in chosen),
        # After a restore, till the files are taken over.
        whole=len(chunks) == len(listed),
        since=since,
        tail=tail,
        changed=tuple(changed),
        erased=tuple(ErasedAlias.objects.order_by("pk").values_list("pk", flat=True)),
    )


def _selects(
    statement: Statement, who: rules.Node | None, at: datetime, snapshot: _Snapshot | None = None
) -> dict[str, facts.Select]:
    found = {}
    if snapshot is None or snapshot.changed[2]:
        found["owners"] = facts.owners()
    if who is not None:
        found["picked"] = facts.picked(who, at=at)
    if statement.fact:
        found["known"] = facts.known(statement.fact)
    return found


def _key(statement: Statement, snapshot: _Snapshot, digests: Mapping[str, str]) -> str:
    # Events and owners are only added, under growing ids, or taken away: their number and the sum
    # of their ids tell any two states apart.
    told = [
        [chunk[0] for chunk in snapshot.chunks], snapshot.since, snapshot.tail, snapshot.changed,
        list(snapshot.erased), statement.sql, statement.fact, dict(digests),
        {name: str(value) for name, value in statement.parameters.items()},
    ]  # fmt: skip
    return hashlib.sha256(orjson.dumps(told)).hexdigest()
