"""Where events come from."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.views import generic

from customers import bots
from customers.admin import wording
from customers.admin.live import live, live_piece, newest
from customers.admin.tables import (
    CountColumn,
    ListingView,
    OwnViewSet,
    StateColumn,
    TextColumn,
    WhenColumn,
)
from customers.append import OWN_SOURCE
from customers.models import Quarantine, Seen, Source
from dxp.lib import clock

LATEST = 20
DAY = timedelta(days=1)


def counted(at: datetime) -> dict[int, int]:
    """Return how many events each source sent within a day."""
    seen = Seen.objects.filter(seen_at__gt=at - DAY).order_by().values_list("source_id")
    return dict(seen.annotate(n=Count("message_id")))


class SourceList(ListingView):
    """All sources, with how much they sent."""

    any_permission_required = ["view", "add", "change"]

    def get_base_queryset(self) -> QuerySet[Source]:
        """Return the sources that people made; our own can't be sent with."""
        return Source.objects.exclude(name=OWN_SOURCE)

    @cached_property
    def sent(self) -> dict[int, int]:
        """Events within a day, by source."""
        return counted(clock.now())

    @cached_property
    def last(self) -> dict[int, datetime]:
        """When each source's latest event came, where that is among the newest."""
        found = newest().exclude(source=None).order_by().values_list("source_id")
        return dict(found.annotate(at=Max("received_at")))

    @cached_property
    def list_display(self) -> list[Any]:
        """Return the columns."""
        return [
            TitleColumn(
                "name", label=_("Name"), url_name="customers_sources:inspect", sort_key="name"
            ),
            StateColumn(
                "state",
                label=_("State"),
                accessor=lambda source: _("On") if source.is_active else _("Off"),
                primary=lambda source: source.is_active,
            ),
            CountColumn(
                "sent", label=_("Events in 24 hours"), accessor=lambda one: self.sent.get(one.pk, 0)
            ),
            WhenColumn("last", label=_("Latest event"), accessor=lambda one: self.last.get(one.pk)),
            TextColumn("kind", label=_("Key stands in"), accessor="get_kind_display"),
            WhenColumn("created_at", label=_("Created"), sort_key="created_at"),
        ]


class SourcePage(generic.InspectView):
    """One source: its key, how to send with it, what came last."""

    any_permission_required = ["view", "change"]
    page_title = lazy("Source")

    def get_fields(self) -> list[str]:
        """Return no fields: the page shows sections of its own."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the sections."""
        at = clock.now()
        rejected = Quarantine.objects.filter(source=self.object, received_at__gt=at - DAY)
        return {
            **super().get_context_data(**kwargs),
            "source": self.object,
            "host": settings.SITE_URL,
            "sent": counted(at).get(self.object.pk, 0),
            "rejected": rejected.count(),
            "bots": bots.counted(since=at - DAY).get(self.object.pk, 0),
            "latest_url": reverse("customers_sources:latest", args=[self.object.pk]),
            **latest(self.object),
        }


def latest(source: Source) -> dict[str, Any]:
    """Return a source's newest events."""
    found = newest().filter(source=source).select_related("alias__profile").order_by("-id")[:LATEST]
    return {"events": [wording.tell(event) for event in found]}


def latest_events(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a source's newest events as a piece of its page.

    Raises:
        PermissionDenied: this person may not see sources.
    """
    if not any(request.user.has_perm(f"customers.{right}_source") for right in ("view", "change")):
        raise PermissionDenied
    source = get_object_or_404(Source, pk=pk)
    return render(request, "customers/source/_latest.html", latest(source))


class _ToPage:
    """After saving comes the source's page."""

    object: Any

    def get_success_url(self) -> str:
        """Return the page with the key."""
        return reverse("customers_sources:inspect", args=[self.object.pk])


class SourceForm(WagtailAdminModelForm):
    """What a person says of a source."""

    kind = forms.ChoiceField(
        label=lazy("Where its key stands"),
        choices=Source.Kind.choices,
        initial=Source.Kind.SERVER,
        required=False,
        widget=forms.RadioSelect,
        help_text=Source._meta.get_field("kind").help_text,
    )

    class Meta:
        model = Source
        fields = ["name", "kind", "is_active", "takes_bots"]


class SourceCreate(_ToPage, generic.CreateView):
    """A new source."""


class SourceEdit(_ToPage, generic.EditView):
    """A changed source."""


class SourceViewSet(OwnViewSet):
    """Who may send us events. A source that is no longer used is switched off, never deleted."""

    model = Source
    icon = "download"
    name = "customers_sources"
    url_prefix = "customers/sources"
    menu_order = 300
    pages = ("index", "index_results", "add", "edit", "inspect")
    index_view_class = SourceList
    add_view_class = SourceCreate
    edit_view_class = SourceEdit
    inspect_view_class = SourcePage
    inspect_view_enabled = True
    inspect_template_name = "customers/source/page.html"
    ordering = "name"

    def get_form_class(self, for_update: bool = False) -> type[SourceForm]:
        """Return the form."""
        return SourceForm

    def get_urlpatterns(self) -> list[Any]:
        """Return the addresses, that of the live list among them."""
        return [
            *super().get_urlpatterns(),
            path("latest/<int:pk>/", latest_events, name="latest"),
            path("live/<int:pk>/", live, name="live"),
            path("live/<int:pk>/piece/", live_piece, name="live_piece"),
        ]
