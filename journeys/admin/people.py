"""Who stands at a step of a journey, and who passed it."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from wagtail.admin.auth import permission_denied
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from journeys.admin import counts
from journeys.graph import steps_of
from journeys.models import Enrollment, Journey
from journeys.models.enrollments import Lane

PER_PAGE = 50


class PeopleView(WagtailAdminTemplateMixin, TemplateView):
    """A list of people, by step and by whether they are still there."""

    template_name = "journeys/journey/people.html"
    page_title = _("People")
    header_icon = "group"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in who may see journeys and people."""
        if not request.user.has_perms(  # type: ignore[union-attr]
            ["journeys.view_journey", "customers.view_profile"]
        ):
            return permission_denied(request)  # type: ignore[no-any-return]
        self.journey = get_object_or_404(Journey, pk=kwargs["pk"])
        self.step = request.GET.get("step", "")[:40]
        self.passed = request.GET.get("show") == "passed"
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        """Return the way here."""
        journey = self.journey
        return [
            *super().get_breadcrumbs_items(),
            {"url": reverse("journeys_journeys:index"), "label": _("Journeys")},
            {"url": reverse("journeys_journeys:edit", args=[journey.pk]), "label": str(journey)},
            {"url": "", "label": _("People")},
        ]

    def get_page_subtitle(self) -> str:
        """Return the journey's name."""
        return str(self.journey)

    def get_queryset(self) -> QuerySet[Enrollment]:
        """Return the runs that were asked for, newest first."""
        runs = counts.waiting(self.journey)
        if self.passed:
            runs = Enrollment.objects.filter(journey=self.journey)
        if self.step and self.passed:
            runs = runs.filter(steps__node=self.step).distinct()
        elif self.step:
            runs = runs.filter(node=self.step)
        return runs.select_related("profile", "version")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the page of people."""
        page: Page[Enrollment] = Paginator(self.get_queryset(), PER_PAGE).get_page(
            self.request.GET.get("p")
        )
        rows = [
            {
                "run": run,
                "url": reverse("customers_profiles:inspect", args=[run.profile_id]),
                "failed": run.lane == Lane.FAILED,
            }
            for run in page
        ]
        return {
            **super().get_context_data(**kwargs),
            "journey": self.journey,
            "step": self.step,
            "step_name": self._step_name(),
            "passed": self.passed,
            "rows": rows,
            "page": page,
        }

    def _step_name(self) -> str:
        outline = self.journey.current.outline if self.journey.current else self.journey.outline
        names = {
            "delay": _("Delay"),
            "wait": _("Wait for event"),
            "send": _("Send message"),
            "end": _("End"),
        }
        for number, step in enumerate(steps_of(outline), 1):
            if step.get("id") == self.step:
                return f"{number}. {names.get(str(step.get('type')), '')}"
        return _("All steps")
