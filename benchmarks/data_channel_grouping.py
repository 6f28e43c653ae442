"""Default channel grouping: the set's cases by the function and by both databases' SQL."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from django.db import connection

from analytics.measures import channels

Row = dict[str, str]
PREFIX = "SOURCE_CATEGORY_"
# Where a value is bound, in each driver's own spelling.
MARK = "<value>"


def run(folder: Path) -> dict[str, Any]:
    """Ask about each case of the set, print where we disagree, and return the figures."""
    cases = list(_rows(folder / "cases_a.csv"))
    figures: dict[str, Any] = {"cases": len(cases)}
    for name, answers in (
        ("function", by_function(cases)),
        ("duckdb", by_duckdb(cases)),
        ("postgresql", by_postgres(cases)),
    ):
        agreed = 0
        for case, said in zip(cases, answers, strict=True):
            if said == case["expected_channel"]:
                agreed += 1
            else:
                print(f"{name}: {case} said {said!r}")
        figures[f"{name}_agree"] = agreed
    figures |= _kinds(list(_rows(folder / "ga4_source_categories.csv")))
    for key, value in figures.items():
        print(f"{key:<28} {value}")
    return figures


def by_function(cases: list[Row]) -> list[str]:
    """Return what the Python function says about each case."""
    return [
        channels.channel_of(case["source"], case["medium"], case["campaign"], "", "")
        for case in cases
    ]


def by_duckdb(cases: list[Row]) -> list[str]:
    """Return what the SQL says about each case in DuckDB."""
    import duckdb

    sql, values = _query(cases)
    with duckdb.connect() as database:
        found = database.execute(sql.replace(MARK, "?"), values).fetchall()
    return [channel for _number, channel in found]


def by_postgres(cases: list[Row]) -> list[str]:
    """Return what the SQL says about each case in PostgreSQL."""
    sql, values = _query(cases)
    with connection.cursor() as cursor:
        cursor.execute(sql.replace("%", "%%").replace(MARK, "%s"), values)
        return [channel for _number, channel in cursor.fetchall()]


def _query(cases: list[Row]) -> tuple[str, list[Any]]:
    # Through the same CTEs as every report, from what an event says about its page.
    row = f"(cast({MARK} AS integer), {', '.join([f'cast({MARK} AS varchar)'] * 3)})"
    sql = f"""WITH visit AS (
      SELECT number, campaign_source, campaign_medium, campaign_name, cast(NULL AS varchar)
        AS referrer, cast(NULL AS varchar) AS url
      FROM (VALUES {", ".join([row] * len(cases))}) v(number, campaign_source, campaign_medium,
        campaign_name)
    ), {channels.named(of="visit", into="landed")}
    SELECT number, channel FROM landed ORDER BY number"""
    values = [
        value
        for number, case in enumerate(cases)
        for value in (number, case["source"], case["medium"], case["campaign"])
    ]
    return sql, values


def _kinds(rows: list[Row]) -> dict[str, int]:
    """Return how many sources are of the kind that the published list says."""
    agreed = 0
    for row in rows:
        said = channels.kind_of(channels.lower(row["source"]))
        if f"{PREFIX}{said.upper()}" == row["source_category"]:
            agreed += 1
        else:
            print(f"source {row['source']!r}: {row['source_category']}, said {said!r}")
    return {"sources": len(rows), "sources_agree": agreed}


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
