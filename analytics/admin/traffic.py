"""The traffic report: how many came, from where, what they read, sought and took away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics import draw
from analytics.admin.ask_address import clean, dumped, write
from analytics.admin.report import VIEW_PEOPLE, Report, as_csv
from analytics.measures import names, traffic
from analytics.measures.base import Measure, Row
from analytics.measures.channels import CHANNELS
from analytics.measures.where import Act
from analytics.query import Table
from analytics.questions.base import Days, Point, Sheet
from analytics.questions.visit_sections import WAYS, WHATS
from analytics.questions.visits import BASES, Visits

FILE_ROWS = 10_000
# The report's sections, each with a page of its own, so that none waits for another's questions.
PARTS = {
    "visitors": (gettext_lazy("Visitors"), ("days", "channels")),
    "sources": (gettext_lazy("Sources and campaigns"), ("sources", "campaigns")),
    "pages": (gettext_lazy("Pages"), ("pages", "entries", "exits")),
    "searches": (gettext_lazy("Searches"), ("searches", "unfound")),
    "documents": (gettext_lazy("Documents"), ("documents",)),
    "single": (gettext_lazy("Single visits"), ("single",)),
}


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the page, with its file and the question it can be kept as."""

    drawn: draw.Drawn
    file_url: str
    question_url: str


class TrafficView(Report):
    """Shows visitors, visits and views by day, and every table about visits."""

    template_name = "analytics/traffic.html"
    page_title = gettext_lazy("Traffic")

    @property
    def basis(self) -> str:
        """Return what counts as a sign that somebody was there."""
        asked = self.request.GET.get("basis", "views")
        return asked if asked in dict(BASES) else "views"

    @property
    def channel(self) -> str:
        """Return the channel whose visits are shown; nothing for all."""
        asked = self.request.GET.get("channel", "")
        return asked if asked in CHANNELS else ""

    @property
    def goal(self) -> str:
        """Return the event that visits should lead to, if one is chosen."""
        return str(clean(self.request.GET.get("goal", "")))[:200]

    @property
    def compares(self) -> bool:
        """Return whether the tables show the days before as well."""
        return self.request.GET.get("compare") == "1"

    @cached_property
    def window(self) -> Days:
        """The days of the report."""
        window = self.period.window
        return Days(self.period.first, self.period.last, self.period.zone, **window)

    @cached_property
    def before(self) -> Days:
        """The days they are compared with, up to the same time of day."""
        first = self.period.first - timedelta(days=self.period.days)
        last = self.period.first - timedelta(days=1)
        return Days(first, last, self.period.zone, **self.period.before)

    def kind(self, what: str, most: int | None = None) -> Visits:
        """Return the question that one of the tables answers."""
        goal = Act(self.goal) if self.goal and what in WAYS else None
        found = Visits(what, self.basis, self.channel, goal)
        return found if most is None else replace(found, most=most)

    def sheet(self, what: str, most: int | None = None) -> Sheet:
        """Return one of the tables."""
        before = self.before if self.compares or what == "days" else None
        return self.kind(what, most).show(self._rows, self.window, before).sheets[0]

    def _rows(
        self, measure: Measure, *, days: Days | None = None, **parameters: Any
    ) -> Sequence[Row]:
        asked = days or self.window
        return self.ask(measure, start=asked.start, end=asked.end, **parameters).rows

    def _asked(self, what: str) -> dict[str, Any]:
        days = {"from": self.window.first.isoformat(), "to": self.window.last.isoformat()}
        if self.period.preset:
            period: dict[str, Any] = {"last": [int(self.period.preset), "days"]}
        else:
            period = days
        return {"kind": Visits.name, "period": period, **self.kind(what).plain()}

    def section(self, what: str, sheet: Sheet) -> Section:
        """Return one of the tables as the page shows it."""
        asked = self._asked(what)

        def people_url(point: Point) -> str:
            told = urlencode({"q": dumped(asked), "point": dumped(point)})
            return f"{reverse('analytics_people')}?{told}"

        sees = self.request.user.has_perm(VIEW_PEOPLE)
        drawn = draw.sheet(
            sheet,
            people_url=people_url if sees else None,
            today=self.period.last if self.period.unfinished else None,
        )
        query_string = self.request.GET.urlencode()
        file_url = reverse("analytics_traffic_file", args=[what])
        return Section(
            drawn,
            f"{file_url}?{query_string}" if query_string else file_url,
            f"{reverse('analytics_question_new')}?{write(asked)}",
        )

    @property
    def part(self) -> str:
        """Return which section of the report is shown."""
        asked = self.request.GET.get("part", "visitors")
        return asked if asked in PARTS else "visitors"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the numbers of the period and of the one before it."""
        (now,) = self._now_and_before(traffic.totals, before=False)
        found = super().get_context_data(**kwargs) | {
            "table": now,
            "empty": not now.rows[0][1],
            "bases": BASES,
            "basis": self.basis,
            "channels": CHANNELS,
            "channel": self.channel,
            "goals": self._goals(),
            "goal": self.goal,
            "compares": self.compares,
            "part": self.part,
            "parts": [
                {"name": name, "title": title, "url": self._url(part=name)}
                for name, (title, _whats) in PARTS.items()
            ],
        }
        if found["empty"]:
            return found
        sheets = {what: self.sheet(what) for what in PARTS[self.part][1]}
        found["sections"] = [self.section(what, sheet) for what, sheet in sheets.items()]
        if self.part == "visitors":
            totals = [table.rows[0] for table in self._now_and_before(traffic.totals)]
            stays = [table.rows[0] for table in self._now_and_before(traffic.stays)]
            lines = list(zip(*(row[1:4] for row in sheets["days"].rows), strict=True))
            found["tiles"] = _tiles(totals, lines, self.basis) + _stays(*stays)
        return found

    def _url(self, **changes: str) -> str:
        asked = self.request.GET.copy()
        for name, value in changes.items():
            asked[name] = value
        return f"{reverse('analytics_traffic')}?{asked.urlencode()}"

    def _now_and_before(self, measure: Measure, *, before: bool = True) -> list[Table]:
        asked: dict[str, Any] = {"basis": self.basis, "channel": self.channel}
        windows = [self.window, self.before][: 1 + before]
        return [self.ask(measure, start=days.start, end=days.end, **asked) for days in windows]

    def _goals(self) -> list[str]:
        known = [row[0] for row in self.ask(names.seen).rows]
        return known if not self.goal or self.goal in known else [self.goal, *known]


class TrafficFile(TrafficView):
    """The report's tables as files."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return one of the tables as CSV.

        Raises:
            Http404: the report has no such table.
        """
        table = kwargs["table"]
        if table not in dict(WHATS):
            raise Http404
        sheet = self.sheet(table, FILE_ROWS)
        heads = [str(column.label) for column in sheet.columns]
        return as_csv(f"traffic-{table}", heads, sheet.rows)


def _tiles(totals: Sequence[Row], lines: Any, basis: str) -> list[draw.Tile]:
    now, before = totals
    visitors, visits, views, bounces = now
    label = _("One-page visits") if basis == "views" else _("Visits of one act")
    deep = replace(
        draw.tile(
            _("Views per visit"), draw.ratio(views, visits), draw.ratio(before[2], before[1])
        ),
        value=draw.DASH if not visits else draw.shown(views / visits, "number"),
    )
    return [
        draw.tile(_("Visitors"), visitors, before[0], line=lines[0]),
        draw.tile(_("Visits"), visits, before[1], line=lines[1]),
        draw.tile(_("Views"), views, before[2], line=lines[2]),
        deep,
        draw.tile(
            label,
            draw.ratio(bounces, visits),
            draw.ratio(before[3], before[1]),
            percent=True,
            hint=_("of all"),
        ),
    ]


def _stays(now: Any, before: Any) -> list[draw.Tile]:
    found = []
    for label, hint, seconds, visits in (
        (_("Length of a visit"), _("on average"), 1, 0),
        (_("Time of reading"), _("of visits that tell"), 3, 2),
    ):
        mean = draw.ratio(now[seconds], now[visits])
        was = draw.ratio(before[seconds], before[visits])
        found.append(replace(draw.tile(label, mean, was, hint=hint), value=draw.duration(mean)))
    return found
