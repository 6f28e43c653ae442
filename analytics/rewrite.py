"""Files of the lake are written anew without what must go: erased people, and what is too old.

Written beside the old file, then swapped in the manifest in one transaction; the old file goes with
the others that were retired (`compact`). A crash between any two steps leaves the old state or the
new one, and at most a file that nobody lists, which is removed after a day.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection

from analytics import collect
from analytics.collect import LAYOUT, SORTED, Lake
from analytics.models import Chunk, ErasedAlias
from customers import retain
from customers.retain import Term

log = logging.getLogger(__name__)
# Longer than any sealer or merger that had read before the erasure.
SETTLED = timedelta(days=1)
BITE = 1000
_TIMES = [name for name, (kind, _sql) in collect.COLUMNS.items() if kind == "time"]
MOMENTS = f"REPLACE ({', '.join(f'epoch_us({name}) AS {name}' for name in _TIMES)})"


def condemn(*, alias_ids: Iterable[int], at: datetime) -> int:
    """Leave these aliases out of every answer from now on; return how many are new."""
    wanted = set(alias_ids)
    known = set(ErasedAlias.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    ErasedAlias.objects.bulk_create(
        [ErasedAlias(alias_id=one, erased_at=at) for one in sorted(wanted - known)],
        ignore_conflicts=True,
    )
    return len(wanted - known)


def rewrite(*, lake: Lake, terms: Sequence[Term] = (), at: datetime) -> int:
    """Write every file anew that holds an erased person or what is too old; return how many.

    Args:
        lake: where the files lie.
        terms: what is too old; a class with a term of its own is not judged by the general one.
        at: the moment.
    """
    erased = list(ErasedAlias.objects.values_list("alias_id", flat=True))
    if not erased and not terms:
        return 0
    changed = 0
    clean = True
    # A merge that runs meanwhile retires what we list: the next night finds its file.
    for chunk in Chunk.objects.filter(retired_at=None).order_by("lo"):
        file = _file(lake, chunk.path)
        if file is None or chunk.layout != LAYOUT:
            # Another night, when it is mended or in today's layout.
            clean = False
            continue
        done = _rewrite(lake, chunk, file, erased, terms, at)
        changed += done is True
        clean = clean and done is not None
    if clean:
        _settle(at)
    return changed


def events_of(*, lake: Lake, alias_ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield the events of these aliases that only the lake still holds, a few at a time."""
    paths = Chunk.objects.filter(retired_at=None).order_by("lo").values_list("path", flat=True)
    files = [file for path in paths if (file := _file(lake, path))]
    if not files or not alias_ids:
        return
    listed = ", ".join(f"'{collect.quoted(file)}'" for file in files)
    with collect.engine(lake) as database:
        found = database.execute(
            # A moment with its zone would need a library that nobody else wants.
            f"SELECT * {MOMENTS} FROM read_parquet([{listed}], union_by_name = true)"
            " WHERE list_contains($aliases, alias_id) ORDER BY happened_at, id",
            {"aliases": list(alias_ids)},
        )
        names = [column[0] for column in found.description]
        while rows := found.fetchmany(BITE):
            ids = [row[names.index("id")] for row in rows]
            hot = _in_postgres(ids)
            for number, row in zip(ids, rows, strict=True):
                if number not in hot:
                    told = dict(zip(names, row, strict=True))
                    told.update({name: collect.moment(told[name]) for name in _TIMES})
                    yield told


def _rewrite(
    lake: Lake, chunk: Chunk, file: Path, erased: list[int], terms: Sequence[Term], at: datetime
) -> bool | None:
    """Return whether the file was written anew, or None where somebody else changed it."""
    doomed, values = _doomed(erased, terms)
    source = f"read_parquet('{collect.quoted(file)}')"
    with collect.engine(lake) as database:
        gone, kept = database.execute(
            f"SELECT count(*) FILTER (WHERE {doomed}), count(*) FILTER (WHERE NOT ({doomed}))"
            f" FROM {source}",
            values,
        ).fetchone()
        if not gone:
            return False
        written = None
        if kept:
            # COPY takes no parameters: numbers and quoted texts of our own instead.
            database.execute(
                f"CREATE TEMP TABLE living AS SELECT * FROM {source} WHERE NOT ({doomed})", values
            )
            written = collect.write(
                lake, database, f"SELECT * FROM living {SORTED}", f"{chunk.lo}-{chunk.hi}"
            )
    if not collect.replace(chunks=[chunk], written=written, at=at):
        return None
    log.info("A file of the lake was written anew without what had to go.")
    return True


def _file(lake: Lake, path: str) -> Path | None:
    try:
        return lake.local(path)
    except FileNotFoundError:
        return None


def _doomed(erased: list[int], terms: Sequence[Term]) -> tuple[str, dict[str, Any]]:
    overdue, values = retain.overdue(terms)
    # PostgreSQL's marks for values, as DuckDB writes them.
    overdue = re.sub(r"%\((\w+)\)s", r"$\1", overdue)
    return f"list_contains($erased::BIGINT[], alias_id) OR {overdue}", {**values, "erased": erased}


def _settle(at: datetime) -> None:
    # A sealer may have read before the erasure and list its file after it: one more night.
    ErasedAlias.objects.filter(erased_at__lt=at - SETTLED).delete()


def _in_postgres(ids: Sequence[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM customers_event WHERE id = ANY(%s)", [list(ids)])
        return {number for (number,) in cursor.fetchall()}
