"""What every page about a question shares: the question that its address asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from wagtail.admin.auth import permission_denied

from analytics import draw, pose, query
from analytics.admin.ask_address import dumped, meant, read
from analytics.admin.report import VIEW_PEOPLE, Report, lake
from analytics.draw import DASH
from analytics.measures.base import Measure
from analytics.models import Question
from analytics.query import Table
from analytics.questions import asked as whole
from analytics.questions.asked import Asked
from analytics.questions.base import Days, Point, QuestionError, Sheet


class AskingPage(Report):
    """A report about a question: of its address, else one that is kept."""

    header_icon = "help"

    @cached_property
    def kept(self) -> Question | None:
        """The kept question that the page is about."""
        number = self.kwargs.get("pk")
        return None if number is None else get_object_or_404(Question, pk=number)

    @cached_property
    def told(self) -> dict[str, Any]:
        """What was told, rows in which nothing was chosen yet included."""
        found = read(self.request.GET)
        return found or (dict(self.kept.asked) if self.kept else {})

    @cached_property
    def raw(self) -> dict[str, Any]:
        """What is asked, as JSON that may be no question."""
        return meant(self.told)

    @cached_property
    def read_as(self) -> tuple[Asked | None, QuestionError | None]:
        """The question, or why there is none."""
        try:
            return whole.parse(self.raw), None
        except QuestionError as error:
            return None, error

    @property
    def is_changed(self) -> bool:
        """Whether the address asks something else than what is kept."""
        asked, _fault = self.read_as
        return self.kept is None or asked is None or asked.plain() != self.kept.asked

    def answer(self, asked: Asked) -> pose.Answered:
        """Return the answer, through the desk that shows progress.

        Raises:
            QuestionError: it asks for something that is not there.
        """
        return pose.answer(asked=asked, zone=settings.TIME_ZONE, at=self.at, via=self.ask)

    def at_once(self, measure: Measure, **parameters: Any) -> Table:
        """Answer a measure in this request: for files and for what is kept, which can't wait."""
        return query.ask(measure, lake=lake(), at=self.at, **parameters)

    def people_url(self, sheet: Sheet) -> Callable[[Point], str] | None:
        """Return where the people of a table's numbers are listed, for those who may see people."""
        asked, _fault = self.read_as
        if asked is None or not self.request.user.has_perm(VIEW_PEOPLE):
            return None
        question, place = dumped(asked.plain()), reverse("analytics_people")
        columns = sheet.columns
        called = {
            dumped(dict(point)): f"{draw.shown(sheet.rows[i][0], columns[0].kind)}, "
            f"{columns[j].label}"
            for (i, j), point in sheet.points.items()
        }

        def address(point: Point) -> str:
            told = dumped(dict(point))
            return f"{place}?{urlencode({'q': question, 'point': told, 'of': called[told]})}"

        return address


def days_label(days: Days) -> str:
    """Return days as people read them."""
    # The days compared with may end during their last day.
    last = (days.end - timedelta(microseconds=1)).date() if days.end > days.start else days.first
    last = min(max(last, days.first), days.last)
    if days.first == last:
        return date_format(days.first, "j M Y")
    return f"{date_format(days.first, 'j M Y')} {DASH} {date_format(last, 'j M Y')}"


def refused(request: HttpRequest) -> HttpResponse:
    """Return what those without a right are told."""
    answer: HttpResponse = permission_denied(request)
    return answer


def in_words(fault: QuestionError | None) -> str:
    """Return what is wrong with a question, translated."""
    return _(fault.words) if fault else ""
