"""What every report has in common: who may see it, its days, its file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.generic import TemplateView
from wagtail.admin.auth import permission_required
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from analytics import query, shelf
from analytics.admin.period import PRESETS, Period, PeriodForm
from analytics.desk import Desk, Pending
from analytics.measures.base import Measure
from analytics.query import Table
from analytics.shelf import Lake
from customers.rules import Node
from dxp.lib import clock, sheets

VIEW_REPORTS = "analytics.view_reports"
VIEW_PEOPLE = "customers.view_profile"


class Report(WagtailAdminTemplateMixin, TemplateView):  # type: ignore[misc]
    """A report over some days: asks, shows, and says how fresh it is."""

    header_icon = "doc-full-inverse"
    request: HttpRequest

    @method_decorator(permission_required(VIEW_REPORTS))
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse those without the right; let those wait whose question takes long."""
        page = f"{request.user.pk} {request.get_full_path()}"
        self.desk = Desk(lake=lake(), page=page, at=clock.now())
        self.at: datetime = self.desk.at
        self.form = PeriodForm(request.GET)
        self.period: Period = self.form.period(zone=settings.TIME_ZONE, at=self.at)
        if self.desk.was_stopped:
            return self._instead("analytics/busy.html", stopped=True)
        try:
            response = super().dispatch(request, *args, **kwargs)
        except Pending as pending:
            return self._instead("analytics/pending.html", 202, **_waiting(pending))
        except query.Busy as error:
            return self._instead("analytics/busy.html", 503, words=error.words)
        self.desk.close()
        return response

    def ask(self, measure: Measure, *, who: Node | None = None, **parameters: Any) -> Table:
        """Return a measure's answer for the report's days, or for those in `parameters`.

        Raises:
            Pending: it takes long; the page that waits for it is shown instead.
            Busy: there is none just now; the page says so.
        """
        return self.desk.ask(measure, who=who, **{**self.period.window, **parameters})

    def _instead(self, template: str, status: int = 200, **told: Any) -> HttpResponse:
        context = WagtailAdminTemplateMixin.get_context_data(self)
        self.template_name = template
        return self.render_to_response({**context, "view": self, **told}, status=status)

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        """Return the path to this report."""
        return [*super().get_breadcrumbs_items(), {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what every report's template needs."""
        found: dict[str, Any] = super().get_context_data(**kwargs)
        query_string = self.request.GET.urlencode()
        return found | {
            "form": self.form,
            "period": self.period,
            "presets": PRESETS,
            "query_string": f"?{query_string}" if query_string else "",
        }


def lake() -> Lake:
    """Return the lake as the settings place it."""
    return shelf.lake(settings.LAKE_DIR, settings.LAKE_URL, settings.LAKE_CACHE_GB)


def as_csv(name: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Return rows as a file for spreadsheets, with nothing in it that they would execute."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.write("\ufeff")
    response.writelines(sheets.lines([heads, *rows]))
    return response


def _waiting(pending: Pending) -> dict[str, Any]:
    percent = None if pending.progress is None else round(pending.progress * 100)
    return {"page": pending.page, "asked_at": pending.at, "percent": percent}
