"""Journeys in the admin: the list, the outline editor, and who stands where."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import Count, QuerySet
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from journeys import phrase
from journeys.admin.asks import CheckView, CountsView, SizeView
from journeys.admin.begin import begin
from journeys.admin.editor import JourneyCreate, JourneyEdit
from journeys.admin.forms import JourneyForm
from journeys.admin.page import names
from journeys.admin.pages import pages
from journeys.admin.tables import OwnViewSet, StateColumn, StepsIndexView, TextColumn, WhenColumn
from journeys.models import Enrollment, Journey


class JourneyList(StepsIndexView):
    """All journeys with their state and how many people are under way."""

    any_permission_required = ["view", "add", "change", "delete"]
    is_searchable = True
    search_fields = ["name"]

    def get_base_queryset(self) -> QuerySet[Journey]:
        """Return journeys with their number of people."""
        return Journey.objects.all()

    @cached_property
    def running(self) -> dict[int, int]:
        """How many people are under way, by journey."""
        return dict(
            Enrollment.objects.running().order_by().values_list("journey").annotate(Count("pk"))
        )

    @cached_property
    def names(self) -> phrase.Names:
        """How to tell where people enter."""
        return names()

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
            TextColumn(
                "entry",
                label=_("People enter"),
                accessor=lambda one: phrase.entry(one.entry, self.names),
            ),
            TextColumn(
                "running",
                label=_("People under way"),
                accessor=lambda one: self.running.get(one.pk, 0),
            ),
            WhenColumn("changed_at", label=_("Changed")),
        ]


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
        return [
            *super().get_urlpatterns(),
            path("size/", SizeView.as_view(), name="size"),
            path("check/", CheckView.as_view(), name="check"),
            path("begin/<int:segment>/", begin, name="begin"),
            path("<int:pk>/counts/", CountsView.as_view(), name="counts"),
            *pages(),
        ]
