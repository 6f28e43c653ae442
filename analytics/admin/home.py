"""What the home page shows of the last seven days; what takes long comes when it is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from wagtail.admin.auth import permission_required
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from analytics import desk, draw, pose, query
from analytics.admin.conversion import conversion
from analytics.admin.period import Period
from analytics.admin.report import VIEW_REPORTS, lake
from analytics.admin.troubles import troubles
from analytics.desk import Desk
from analytics.measures import counts, traffic
from analytics.models import Question
from analytics.questions import asked as whole
from analytics.questions.base import QuestionError
from customers.models import Profile
from dxp.lib import clock
from journeys.models import Journey

DAYS = 7
SENT = "Message Sent"
# How long a look at the home page waits for each part before it shows the others.
PATIENCE = 0.3
MOST_QUESTIONS = 6
# A longer table is for the question's own page.
MOST_ROWS = 31


@dataclass(slots=True)
class Part:
    """One piece of the page: its answer, or the words that stand in its place."""

    title: str
    desk: Desk
    question: Question | None = None
    told: Any = None
    words: str = ""
    is_pending: bool = False

    def fill(self, answer: Callable[[Desk], Any]) -> Part:
        """Ask; what takes long is left to the next look."""
        try:
            self.told = answer(self.desk)
        except desk.Pending:
            self.is_pending = True
        except query.Busy as error:
            self.words = error.words
        except QuestionError as error:
            self.words = _(error.words)
        return self


@method_decorator(permission_required(VIEW_REPORTS), name="dispatch")
class HomeView(WagtailAdminTemplateMixin, TemplateView):  # type: ignore[misc]
    """The last seven days: as a page, and with `?piece` as what stands on the home page."""

    header_icon = "home"
    request: HttpRequest

    def get_page_title(self) -> str:
        """Return what it is about."""
        return _("The last seven days")

    def get_template_names(self) -> list[str]:
        """Return the page's template, or the piece's."""
        return ["analytics/_home.html" if "piece" in self.request.GET else "analytics/home.html"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer; a page without scripts looks again by itself."""
        told = self.get_context_data(**kwargs)
        response: HttpResponse = self.render_to_response(told)
        response["Cache-Control"] = "no-store"
        if "piece" not in request.GET and told["is_pending"]:
            response["Refresh"] = "2"
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the numbers, what waits for a person, and the questions kept for this page."""
        at = clock.now()
        told = super().get_context_data(**kwargs) if "piece" not in self.request.GET else {}
        week = self._part("week", at, title=self.get_page_title())
        period = _week(week.desk.at)
        week.fill(partial(tiles, period=period))
        kept = Question.objects.filter(on_home=True).order_by("name")[:MOST_QUESTIONS]
        questions = [
            self._part(f"{one.pk}.{one.revision}", at, question=one, title=one.name).fill(
                partial(answer, question=one)
            )
            for one in kept
        ]
        parts = [week, *questions]
        is_pending = any(one.is_pending for one in parts)
        if not is_pending:
            for one in parts:
                one.desk.close()
        return {
            **told,
            "week": week,
            "period": period,
            "troubles": troubles(user=self.request.user, lake=lake(), at=at),
            "questions": questions,
            "is_pending": is_pending,
        }

    def _part(self, name: str, at: datetime, **more: Any) -> Part:
        page = f"{self.request.user.pk} home {name}"
        return Part(desk=Desk(lake=lake(), page=page, at=at, patience=PATIENCE), **more)


@dataclass(frozen=True, slots=True)
class Small:
    """An answer to a kept question, as far as it fits here."""

    sentence: str
    empty: str
    sheet: draw.Drawn | None
    as_of: datetime


def answer(at_desk: Desk, *, question: Question) -> Small:
    """Return the sentence and the first table of a question's answer.

    Raises:
        QuestionError: what is kept can't be asked any more.
    """
    asked = whole.parse(question.asked)
    found = pose.answer(asked=asked, zone=settings.TIME_ZONE, at=at_desk.at, via=at_desk.ask)
    first = next((one for one in found.shown.sheets if len(one.rows) <= MOST_ROWS), None)
    drawn = None
    if first is not None and not found.shown.empty:
        marks = [(one.happened_on, one.text) for one in pose.remarks(
            days=found.days, question=question)]  # fmt: skip
        drawn = draw.sheet(
            first, marks=marks, today=found.days.today, place=f"question-{question.pk}-"
        )
        # A picture is enough here; the numbers are one step away.
        drawn = replace(drawn, folded=drawn.chart != "none")
    return Small(found.shown.sentence, found.shown.empty, drawn, found.as_of)


@dataclass(frozen=True, slots=True)
class Week:
    """The tiles, and the moment of their oldest answer."""

    tiles: list[draw.Tile]
    as_of: datetime


def tiles(at_desk: Desk, *, period: Period) -> Week:
    """Return what happened within a week, against the week before."""
    zone, success = period.zone, conversion(since=period.first)
    names = (SENT, success) if success else (SENT,)
    week: dict[str, Any] = dict(period.window)
    week_before: dict[str, Any] = dict(period.before)
    both: dict[str, Any] = {**week, "start": week_before["start"]}
    visitors = at_desk.ask(traffic.per_day, zone=zone, **week)
    now, before = (at_desk.ask(traffic.totals, **one) for one in (week, week_before))
    acts = at_desk.ask(counts.per_day, zone=zone, names=names, **both)
    new = _new_profiles(**both)
    found = [
        draw.tile(
            _("Visitors"), now.rows[0][0], before.rows[0][0], line=_line(visitors.rows, period)
        ),
        _tile(_("New profiles"), new, period),
        _tile(
            _("Messages sent"), {day: n for name, day, n, _who in acts.rows if name == SENT}, period
        ),
    ]
    if success:
        told = {day: n for name, day, n, _who in acts.rows if name == success}
        found.append(_tile(_("Conversions"), told, period, hint=success))
    running = Journey.objects.filter(state=Journey.State.LIVE).count()
    found.append(draw.Tile(_("Running journeys"), draw.number(running), _("right now"), "same"))
    return Week(found, min(one.as_of for one in (visitors, now, before, acts)))


def _week(at: datetime) -> Period:
    today = at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    return Period(today - timedelta(days=DAYS - 1), today, settings.TIME_ZONE, at)


def _tile(label: str, days: dict[str, int], period: Period, hint: str = "") -> draw.Tile:
    line = _line(days.items(), period)
    before = sum(days.values()) - sum(line)
    return draw.tile(label, sum(line), before, hint=hint, line=line)


def _line(rows: Any, period: Period) -> list[int]:
    return [cells[0] for _day, cells in draw.every_day(rows, period.first, DAYS, 1)]


def _new_profiles(*, start: datetime, end: datetime) -> dict[str, int]:
    born = Profile.objects.filter(created_at__gte=start, created_at__lt=end)
    day = TruncDate("created_at", tzinfo=ZoneInfo(settings.TIME_ZONE))
    found = (
        born
        .exclude(state=Profile.State.ABSORBED)
        .annotate(day=day)
        .order_by("day")
        .values_list("day")
        .annotate(n=Count("pk"))
    )
    return {day.isoformat(): n for day, n in found}
