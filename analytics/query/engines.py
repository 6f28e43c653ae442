"""The same statement for two engines: DuckDB over files and tables, PostgreSQL over its own."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from analytics import collect
from analytics.collect import COLUMNS, Lake
from analytics.facts import AFTER_ALL, BEFORE_ALL, Select
from analytics.measures.base import Row, Statement
from analytics.measures.values import MACROS
from analytics.query.limits import Busy, Watch, watched
from dxp.lib import rows

# What a question that outgrows its memory may put on disk has an end. What was read stays in the
# system's cache of files and not in ours, which would hold on to it between questions.
SETTINGS = (
    "SET max_temp_directory_size = '4GB'; SET preserve_insertion_order = false;"
    " SET enable_external_file_cache = false; SET parquet_metadata_cache = true"
)
PROGRESS = "SET enable_progress_bar = true; SET enable_progress_bar_print = false"
VALUE = re.compile(r"\$([a-z]\w*)")

_idle: dict[tuple[Any, ...], tuple[contextlib.ExitStack, Any]] = {}
_lock = threading.Lock()


def needed(statement: Statement) -> list[str]:
    """Return the columns of the event table that a statement reads, and those that we do."""
    ours = {"alias_id", "happened_at", "profile_id"}
    return [name for name in COLUMNS if name in statement.reads or name in ours]


def relation(
    statement: Statement, source: str, joins: Mapping[str, str], *, timed: bool, otherwise: str
) -> str:
    """Return the statement with `ev` before it: the events under who owns them now.

    Args:
        statement: the question.
        source: a SELECT of the events as they are stamped.
        joins: what stands for `owners`, `picked` and `known`; owners may be missing too.
        timed: whether an owner may have had an alias for a while only.
        otherwise: the fact of those of whom nothing is known.
    """
    then = " AND e.happened_at >= o.since AND e.happened_at < o.until" if timed else ""
    owner = "coalesce(o.profile_id, e.profile_id)" if "owners" in joins else "e.profile_id"
    columns = [
        f"{owner} AS profile_id" if name == "profile_id" else f"e.{name}"
        for name in needed(statement)
    ]
    tables = f"({source}) e"
    if "owners" in joins:
        tables += f" LEFT JOIN {joins['owners']} o ON o.alias_id = e.alias_id{then}"
    if "known" in joins:
        columns.append(f"coalesce(k.fact, {otherwise}) AS fact")
        tables += f" LEFT JOIN {joins['known']} k ON k.profile_id = {owner}"
    where = ""
    if "picked" in joins:
        where = f" WHERE {owner} IN (SELECT profile_id FROM {joins['picked']} p)"
    ev = f"ev AS (\n  SELECT {', '.join(columns)} FROM {tables}{where}\n)"
    sql = statement.sql
    body = f", {sql.removeprefix('WITH ')}" if sql.startswith("WITH ") else f"\n{sql}"
    return f"WITH {ev}{body}"


def by_postgres(statement: Statement, selects: Mapping[str, Select]) -> list[Row]:
    """Return the raw rows as PostgreSQL computes them, inside the caller's transaction."""
    # Marks of our own for what carries literals: only the statement's values are bound.
    marks = {name: f"\0{name}\0" for name in selects}
    chosen = ", ".join(f"{COLUMNS[name][1]} AS {name}" for name in needed(statement))
    sql = relation(
        statement, f"SELECT {chosen} FROM customers_event e", marks, timed=True,
        otherwise=_otherwise(selects),
    )  # fmt: skip
    sql = VALUE.sub(r"%(\1)s", sql.replace("%", "%%"))
    for name, mark in marks.items():
        sql = sql.replace(mark, f"({selects[name].sql})".replace("%", "%%"))
    with rows.raw_cursor() as cursor:
        cursor.execute(sql, dict(statement.parameters))
        return cursor.fetchall()


def by_duckdb(
    statement: Statement,
    files: Sequence[Path],
    tables: Mapping[str, Any],
    selects: Mapping[str, Select],
    *,
    lake: Lake,
    watch: Watch | None,
    seconds: float,
) -> list[Row]:
    """Return the raw rows as DuckDB computes them from files and tables.

    Args:
        statement: the question.
        files: the sealed events.
        tables: `tail`, and `owners`, `picked`, `known` and `erased` where they are needed.
        selects: what those tables were read by.
        lake: how much of the machine it may take.
        watch: told how far it is, and asked whether to go on.
        seconds: how long it may take.

    Raises:
        Busy: it took too long or too much memory, or the watch said no.
        FileNotFoundError: a file is missing, or is none.
    """
    import duckdb

    sql = relation(
        statement, _source(statement, files, tables), {n: n for n in selects if n in tables},
        timed=_is_timed(tables), otherwise=_otherwise(selects),
    )  # fmt: skip
    with _engine(lake) as database:
        if watch is not None:
            database.execute(
                "SET enable_progress_bar = true; SET enable_progress_bar_print = false"
            )
        for name, table in tables.items():
            database.register(name, table)

        def progress() -> float | None:
            told = float(database.query_progress())
            return told / 100 if told > 0 else None

        with watched(database.interrupt, progress, watch, seconds) as ended:
            try:
                found: list[Row] = database.execute(sql, dict(statement.parameters)).fetchall()
            except duckdb.InterruptException as error:
                raise ended.error() from error
            except duckdb.OutOfMemoryException as error:
                raise Busy(_("The question looks at more than fits into memory.")) from error
            except (
                duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException,
                # A file of an older layout, without the column, till it is written anew.
                duckdb.BinderException,
            ) as error:  # fmt: skip
                raise FileNotFoundError(str(error)) from error
    return found


@contextlib.contextmanager
def _engine(lake: Lake) -> Iterator[Any]:
    """Yield a connection to a DuckDB that nobody else uses meanwhile.

    One stays open for the next question of this process, since opening costs more than a small
    question; one that failed, and may still hold what it was at, is closed.
    """
    key = (os.getpid(), lake.folder, lake.memory, lake.threads)
    with _lock:
        kept = _idle.pop(key, None)
    stack, database = kept or _open(lake)
    try:
        with contextlib.closing(database.cursor()) as cursor:
            cursor.execute("SET TimeZone = 'UTC'")
            yield cursor
    except BaseException:
        stack.close()
        raise
    with _lock:
        is_kept = _idle.setdefault(key, (stack, database))[0] is stack
    if not is_kept:
        stack.close()


def _open(lake: Lake) -> tuple[contextlib.ExitStack, Any]:
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(collect.engine(lake))
        database.execute(SETTINGS)
        for macro in MACROS:
            database.execute(macro)
        kept = stack.pop_all()
    return kept, database


def _source(statement: Statement, files: Sequence[Path], tables: Mapping[str, Any]) -> str:
    chosen = ", ".join(needed(statement))
    source = f"SELECT {chosen} FROM tail"
    if not files:
        return source
    listed = ", ".join(f"'{collect.quoted(file)}'" for file in files)
    sealed = f"SELECT {chosen} FROM read_parquet([{listed}])"
    if "erased" in tables:
        sealed += " WHERE alias_id NOT IN (SELECT alias_id FROM erased)"
    return f"{sealed} UNION ALL {source}"


def _is_timed(tables: Mapping[str, Any]) -> bool:
    import pyarrow.compute as pc

    owners = tables.get("owners")
    if not owners:
        return False
    since, until = pc.max(owners["since"]).as_py(), pc.min(owners["until"]).as_py()
    return (since, until) != (BEFORE_ALL, AFTER_ALL)


def _otherwise(selects: Mapping[str, Select]) -> str:
    return selects["known"].otherwise if "known" in selects else "NULL"
