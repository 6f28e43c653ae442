"""The page about the event lake: is it fresh, is it whole, who holds it up?"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import TemplateView
from wagtail.admin.auth import permission_required
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from analytics import health
from analytics.admin.report import VIEW_REPORTS, lake
from dxp.lib import clock

# What the clock does, in the order of its hurry.
WORKS = {
    "seal": lazy("Events filed"),
    "compact": lazy("Files merged"),
    "rewrite": lazy("Erased and outdated events taken out"),
    "verify": lazy("Every file read"),
}


class LakeView(WagtailAdminTemplateMixin, TemplateView):  # type: ignore[misc]
    """What the lake holds, what waits, what was lost."""

    template_name = "analytics/lake.html"
    page_title = lazy("Event lake")
    header_icon = "folder-inverse"

    @method_decorator(permission_required(VIEW_REPORTS))
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse those without the right."""
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        """Return the path to this page."""
        return [*super().get_breadcrumbs_items(), {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the lake's health, in words where something is wrong."""
        at = clock.now()
        found = health.look(lake=lake(), at=at)
        return super().get_context_data(**kwargs) | {
            "health": found,
            "worries": health.worries(lake=lake(), at=at),
            "works": [(name, found.done.get(work)) for work, name in WORKS.items()],
        }
