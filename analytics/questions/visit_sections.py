"""The tables about visits: what each asks, how its rows are read, and who stands behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from analytics.measures import documents, pages, searches, sources
from analytics.measures.base import Measure, Row
from analytics.questions.base import Column
from customers.conditions.base import gettext_noop as later

DASH = "\N{EN DASH}"
WHATS = (
    ("days", later("Day by day")),
    ("channels", later("Channels")),
    ("sources", later("Where visits came from")),
    ("campaigns", later("Campaigns")),
    ("entries", later("Where visits begin")),
    ("exits", later("Where visits end")),
    ("pages", later("Most viewed pages")),
    ("searches", later("Searches on the site")),
    ("unfound", later("Searches without results")),
    ("documents", later("Downloaded documents")),
    ("single", later("Single visits, newest first")),
)
# Those whose visits can be counted by another basis than views, and lead to a goal.
WAYS = ("channels", "sources", "campaigns")


@dataclass(frozen=True, slots=True)
class Section:
    """How one of the tables is asked for and read.

    Args:
        measure: what is asked; the row's key is its first `keys` columns.
        people: who stands behind a row.
        asked: what is always asked.
        columns: of the measure after the key: its place in the row, and how it is shown.
        who: the place of the number of people.
    """

    measure: Measure
    people: Measure
    asked: Mapping[str, Any]
    columns: tuple[tuple[int, Column], ...]
    who: int
    keys: int = 1


def _ways(measure: Measure, keys: int = 1) -> Section:
    return Section(
        measure,
        sources.people,
        {},
        (
            (keys, Column("visits", later("Visits"), series=True)),
            (keys + 1, Column("visitors", later("Visitors"))),
            (keys + 2, Column("bounces", later("Of one act"), "share")),
            (keys + 3, Column("conversions", later("Conversions"))),
        ),
        keys + 1,
        keys,
    )


def _edge(edge: str) -> Section:
    last = (
        (4, Column("bounces", later("Of one view"), "share"))
        if edge == "entry"
        else (5, Column("views", later("All views")))
    )
    return Section(
        pages.edges,
        pages.edge_people,
        {"edge": edge},
        (
            (2, Column("visits", later("Visits"), series=True)),
            (3, Column("visitors", later("Visitors"))),
            last,
        ),
        3,
    )


def _searched(**asked: Any) -> Section:
    columns = (
        (1, Column("searches", later("Searches"), series=True)),
        (2, Column("people", later("People"))),
        (3, Column("empty", later("Without results"))),
    )
    return Section(searches.top, searches.people, asked, columns, 2)


SECTIONS: dict[str, Section] = {
    "channels": _ways(sources.by_channel),
    "sources": _ways(sources.by_source, 2),
    "campaigns": _ways(sources.by_campaign),
    "entries": _edge("entry"),
    "exits": _edge("exit"),
    "pages": Section(
        pages.top, pages.viewers, {},
        ((2, Column("views", later("Views"), series=True)),
         (3, Column("visitors", later("Visitors")))), 3,
    ),
    "searches": _searched(),
    "unfound": _searched(without_results=True),
    "documents": Section(
        documents.top, documents.people, {},
        ((2, Column("downloads", later("Downloads"), series=True)),
         (3, Column("people", later("People")))), 3,
    ),
}  # fmt: skip

NAMES = {
    "channels": later("Channel"),
    "sources": later("Source"),
    "campaigns": later("Campaign"),
    "searches": later("Searched for"),
    "unfound": later("Searched for"),
    "documents": later("Document"),
}


def named(what: str, row: Row) -> str:
    """Return what a row of a table is about, in words."""
    if what == "sources":
        source = row[0] or _("Direct, or unknown")
        return f"{source} / {row[1]}" if row[1] else source
    if what in {"channels", "campaigns", "searches", "unfound"}:
        return str(row[0])
    path, title = row[0], row[1]
    return f"{title} {DASH} {path}" if title and path else title or path or _("Unknown page")


def value(row: Row, place: int, column: Column) -> Any:
    """Return one value of a row as its column shows it."""
    if column.kind == "share":
        # Of all visits, which stand in the first column after the name.
        visits = row[place - 2]
        return row[place] / visits if visits else None
    return row[place]
