"""What every report has in common: who may see it, its days, its file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from wagtail.admin.auth import permission_required
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from analytics import query, shelf
from analytics.admin.period import PRESETS, Period, PeriodForm
from analytics.collect import Lake
from analytics.measures.base import Measure
from analytics.query import Table
from dxp.lib import clock

VIEW_REPORTS = "analytics.view_reports"
VIEW_PEOPLE = "customers.view_profile"
# What a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Report(WagtailAdminTemplateMixin, TemplateView):  # type: ignore[misc]
    """A report over some days: asks, shows, and says how fresh it is."""

    header_icon = "doc-full-inverse"
    request: HttpRequest

    @method_decorator(permission_required(VIEW_REPORTS))
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse those without the right; tell those who come while the machine is busy."""
        self.at: datetime = clock.now()
        self.form = PeriodForm(request.GET)
        self.period: Period = self.form.period(zone=settings.TIME_ZONE, at=self.at)
        try:
            return super().dispatch(request, *args, **kwargs)
        except query.Busy:
            self.template_name = "analytics/busy.html"
            context = WagtailAdminTemplateMixin.get_context_data(self)
            return self.render_to_response({**context, "view": self}, status=503)

    def ask(self, measure: Measure, **parameters: Any) -> Table:
        """Return a measure's answer for the report's days, or for those in `parameters`."""
        asked = {**self.period.window, **parameters}
        return query.ask(measure, lake=lake(), at=self.at, **asked)

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
    writer = csv.writer(response)
    writer.writerow(heads)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return response


def source_name(source: str) -> str:
    """Return where a visit came from, in words where there is no source."""
    return source or _("Direct, or unknown")


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
