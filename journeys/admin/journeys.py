"""Journeys in the admin: the list, the outline editor, and who stands where."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from django.views.decorators.http import require_POST
from wagtail.log_actions import log

from dxp.lib import clock, hints
from journeys import pause
from journeys.admin.asks import CheckView, CountsView, SizeView
from journeys.admin.editor import JourneyCreate, JourneyEdit
from journeys.admin.forms import JourneyForm
from journeys.admin.people import PeopleView
from journeys.admin.tables import OwnViewSet, StateColumn, StepsIndexView, TextColumn, WhenColumn
from journeys.models import Enrollment, Journey
from journeys.tasks import ADVANCE


class JourneyList(StepsIndexView):
    """All journeys with their state and how many people are under way."""

    any_permission_required = ["view", "add", "change", "delete"]
    is_searchable = True
    search_fields = ["name"]

    def get_base_queryset(self) -> QuerySet[Journey]:
        """Return journeys with their number of people."""
        return Journey.objects.select_related("segment", "current")

    @cached_property
    def running(self) -> dict[int, int]:
        """How many people are under way, by journey."""
        return dict(
            Enrollment.objects.running().order_by().values_list("journey").annotate(Count("pk"))
        )

    @cached_property
    def list_display(self) -> list[Any]:
        """Return the columns."""
        return [
            "name",
            StateColumn(
                "state",
                label=_("State"),
                accessor="get_state_display",
                primary=lambda one: one.state == Journey.State.LIVE,
            ),
            TextColumn("segment", label=_("Starts by segment")),
            TextColumn(
                "running",
                label=_("People under way"),
                accessor=lambda one: self.running.get(one.pk, 0),
            ),
            WhenColumn("changed_at", label=_("Changed")),
        ]


@method_decorator(require_POST, name="dispatch")
class SwitchView(View):
    """Pause a journey, or let it go on."""

    def post(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        """Switch, and go back to the journey.

        Raises:
            PermissionDenied: this person may not.
        """
        if not request.user.has_perm("journeys.publish_journey"):  # type: ignore[union-attr]
            raise PermissionDenied
        journey = get_object_or_404(Journey, pk=pk)
        if act == "pause" and pause.pause(journey=journey, at=clock.now()):
            log(instance=journey, action="wagtail.edit", data={"paused": True})
            messages.success(request, _("“%(journey)s” is paused.") % {"journey": journey})
        if act == "resume" and pause.resume(journey=journey, at=clock.now()):
            log(instance=journey, action="wagtail.edit", data={"paused": False})
            hints.after_commit(ADVANCE)
            messages.success(request, _("“%(journey)s” goes on.") % {"journey": journey})
        return redirect("journeys_journeys:edit", journey.pk)


class JourneyViewSet(OwnViewSet):
    """Journeys and their pages."""

    model = Journey
    name = "journeys_journeys"
    url_prefix = "journeys/journeys"
    icon = "resubmit"
    menu_label = gettext_lazy("Journeys")
    pages = ("index", "index_results", "add", "edit", "delete")
    index_view_class = JourneyList
    add_view_class = JourneyCreate
    edit_view_class = JourneyEdit

    def get_form_class(self, for_update: bool = False) -> Any:
        """Return the form of a journey."""
        return JourneyForm

    def get_urlpatterns(self) -> list[URLPattern]:
        """Return the list's and the editor's addresses, and our own."""
        switch = SwitchView.as_view()
        return [
            *super().get_urlpatterns(),
            path("size/", SizeView.as_view(), name="size"),
            path("check/", CheckView.as_view(), name="check"),
            path("<int:pk>/counts/", CountsView.as_view(), name="counts"),
            path("<int:pk>/people/", PeopleView.as_view(), name="people"),
            path("<int:pk>/pause/", switch, {"act": "pause"}, name="pause"),
            path("<int:pk>/resume/", switch, {"act": "resume"}, name="resume"),
        ]
