"""The traffic report: how many came, what they read, where they came from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics import draw
from analytics.admin.report import Report, as_csv, source_name
from analytics.measures import pages, sources, traffic

BASES = [
    ("views", gettext_lazy("Page and screen views")),
    ("events", gettext_lazy("Everything people did")),
]


class TrafficView(Report):
    """Shows visitors, visits and views by day, with the days before, pages and sources."""

    template_name = "analytics/traffic.html"
    page_title = gettext_lazy("Traffic")

    @property
    def basis(self) -> str:
        """Return what counts as a sign that somebody was there."""
        asked = self.request.GET.get("basis", "views")
        return asked if asked in dict(BASES) else "views"

    def days(self) -> list[tuple[Any, tuple[int, ...]]]:
        """Return visitors, visits and views for each day."""
        found = self.ask(traffic.per_day, zone=self.period.zone, basis=self.basis)
        return draw.every_day(found.rows, self.period.first, self.period.days, 3)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the numbers of the period and of the one before it."""
        now = self.ask(traffic.totals, basis=self.basis)
        before = self.ask(traffic.totals, basis=self.basis, **self.period.before)
        days = self.days()
        earlier = draw.every_day(
            self.ask(
                traffic.per_day, zone=self.period.zone, basis=self.basis, **self.period.before
            ).rows,
            self.period.first - timedelta(days=self.period.days),
            self.period.days,
            3,
        )
        return super().get_context_data(**kwargs) | {
            "table": now,
            "empty": not now.rows[0][1],
            "tiles": _tiles(now.rows[0], before.rows[0], days, self.basis),
            "days": [
                {"day": day, "label": draw.day_label(day), "cells": cells, "before": was[1][0]}
                for (day, cells), was in zip(days, earlier, strict=True)
            ],
            "pages": self.ask(pages.top).records(),
            "sources": [
                {**row, "source": source_name(row["source"])}
                for row in self.ask(sources.by_source, basis=self.basis).records()
            ],
            "bases": BASES,
            "basis": self.basis,
        }


class TrafficFile(TrafficView):
    """The report's tables as files."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return one of the tables as CSV.

        Raises:
            Http404: the report has no such table.
        """
        table = kwargs["table"]
        if table == "days":
            heads = [_("Day"), _("Visitors"), _("Visits"), _("Views")]
            return as_csv("traffic-days", heads, ([day, *cells] for day, cells in self.days()))
        if table == "pages":
            heads = [_("Page"), _("Title"), _("Views"), _("Visitors")]
            return as_csv("traffic-pages", heads, self.ask(pages.top, limit=10_000).rows)
        if table == "sources":
            heads = [_("Source"), _("Medium"), _("Visits"), _("Visitors")]
            found = self.ask(sources.by_source, basis=self.basis, limit=10_000).rows
            return as_csv("traffic-sources", heads, found)
        raise Http404


def _tiles(now: Any, before: Any, days: Any, basis: str) -> list[draw.Tile]:
    visitors, visits, views, bounces = now
    label = _("One-page visits") if basis == "views" else _("Visits of one act")
    lines = list(zip(*(cells for _day, cells in days), strict=True))
    return [
        draw.tile(_("Visitors"), visitors, before[0], line=lines[0]),
        draw.tile(_("Visits"), visits, before[1], line=lines[1]),
        draw.tile(_("Views"), views, before[2], line=lines[2]),
        draw.tile(
            label,
            draw.ratio(bounces, visits),
            draw.ratio(before[3], before[1]),
            percent=True,
            hint=_("of all"),
        ),
    ]
