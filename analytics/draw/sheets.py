"""A sheet as the page shows it: every value in words, and what the chart reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from analytics.draw.numbers import moment_of, number, shown
from analytics.questions.base import Column, Point, Sheet

# A longer table stands folded below its chart.
OPEN_ROWS = 15
MOST_COLORS = 8


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column; `series` is its color from 1 on, 0 where the chart leaves it out."""

    label: str
    kind: str
    series: int = 0
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One value: as a person reads it, as the chart reads it, and where its people are listed.

    `open` says that it may still grow.
    """

    text: str
    value: str = ""
    url: str = ""
    words: str = ""
    open: bool = False
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One row; `mark` is what somebody wrote beside that day, `open` whether it is not over."""

    label: str
    short: str
    cells: Sequence[Cell]
    mark: str = ""
    open: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sheet as `analytics/_sheet.html` shows it."""

    id: str
    title: str
    heads: Sequence[Head]
    lines: Sequence[Line]
    chart: str
    note: str
    cut: str
    folded: bool


def sheet(
    sheet: Sheet,
    *,
    people_url: Callable[[Point], str] | None = None,
    marks: Iterable[tuple[date, str]] = (),
    today: date | None = None,
    place: str = "",
) -> Drawn:
    """Return a sheet's cells as they are shown.

    Args:
        sheet: what to show.
        people_url: where the people of a point are listed; None for those who may not see them.
        marks: days with the words to write beside them, in tables by day.
        today: the day that is not over yet, so that its row is not taken for a fall.
        place: goes before the name of the sheet, where several questions share a page.
    """
    heads = _heads(sheet.columns)
    days = _days(sheet)
    noted = _noted(days, marks)
    lines = []
    for i, row in enumerate(sheet.rows):
        label = shown(row[0], sheet.columns[0].kind)
        cells = [
            _cell(value, column, label, sheet.points.get((i, j)), people_url, (i, j) in sheet.open)
            for j, (value, column) in enumerate(zip(row, sheet.columns, strict=True))
            if j
        ]
        short = _short(row[0]) if days else label
        lines.append(
            Line(label, short, cells, "; ".join(noted.get(i, ())), _is_open(days, i, today))
        )
    cut = ""
    if sheet.total is not None and sheet.total > len(sheet.rows):
        cut = _("The first %(n)s of %(total)s are shown.") % {
            "n": number(len(sheet.rows)), "total": number(sheet.total),
        }  # fmt: skip
    return Drawn(
        id=f"{place}{sheet.name}",
        title=sheet.title,
        heads=heads,
        lines=lines,
        chart=sheet.chart if sheet.rows else "none",
        note=sheet.note,
        cut=cut,
        folded=sheet.chart != "none" and len(sheet.rows) > OPEN_ROWS,
    )


def _heads(columns: Sequence[Column]) -> list[Head]:
    heads, color, colors = [], 0, 0
    for column in columns:
        if column.series:
            # What it is compared with has the color of the series before it.
            color = color if column.faint and color else colors % MOST_COLORS + 1
            colors += not column.faint
        heads.append(Head(column.label, column.kind, color * column.series, column.faint))
    return heads


def _cell(
    value: Any,
    column: Column,
    label: str,
    point: Point | None,
    people_url: Callable[[Point], str] | None,
    is_open: bool,
) -> Cell:
    text = shown(value, column.kind)
    is_text = column.kind == "text"
    plain = "" if value is None or is_text or column.kind == "day" else str(value)
    if point is None or people_url is None:
        return Cell(text, plain, open=is_open, is_text=is_text)
    words = _("people: %(row)s, %(column)s") % {"row": label, "column": column.label}
    return Cell(text, plain, people_url(point), words, is_open, is_text)


def _short(value: Any) -> str:
    moment = moment_of(value)
    return date_format(moment, "j M, H:i" if isinstance(moment, datetime) else "j M")


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _days(sheet: Sheet) -> list[tuple[date, date]]:
    """Return the first day of each row and the first day after it, where rows are days."""
    if sheet.columns[0].kind != "day" or any(row[0] is None for row in sheet.rows):
        return []
    firsts = [_day(moment_of(row[0])) for row in sheet.rows]
    step = max(firsts[-1] - firsts[-2], timedelta(days=1)) if len(firsts) > 1 else timedelta(days=1)
    return list(zip(firsts, [*firsts[1:], firsts[-1] + step], strict=True)) if firsts else []


def _noted(
    days: Sequence[tuple[date, date]], marks: Iterable[tuple[date, str]]
) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for day, words in marks:
        for i, (first, after) in enumerate(days):
            # Of the hours of one day, the first carries its mark.
            if first <= day < after or (first == day and (not i or days[i - 1][0] != day)):
                found.setdefault(i, []).append(words)
                break
    return found


def _is_open(days: Sequence[tuple[date, date]], i: int, today: date | None) -> bool:
    return bool(days) and today is not None and days[i][0] <= today < days[i][1]
