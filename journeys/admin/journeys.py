"""Journeys in the admin: the list, the outline editor, and who stands where."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views import View
from django.views.decorators.http import require_POST
from wagtail.admin.views import generic
from wagtail.log_actions import log

from customers.models import EventMatcher, Segment
from dxp.lib import clock, hints
from journeys import enroll, graph, publish
from journeys.admin import counts
from journeys.admin.forms import JourneyForm, sentence
from journeys.admin.people import PeopleView
from journeys.admin.tables import OwnViewSet, StateColumn, StepsIndexView, TextColumn, WhenColumn
from journeys.admin.words import editor_words
from journeys.models import Enrollment, Journey, Message
from journeys.tasks import ADVANCE

MOST_EVENT_NAMES = 300


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


class _Editor:
    """What creating and editing a journey share."""

    form_class = JourneyForm
    template_name = "journeys/journey/form.html"
    actions = ["edit", "publish"]
    request: HttpRequest
    object: Any
    form: Any
    faults: list[graph.Fault]

    @property
    def may_publish(self) -> bool:
        """Whether this person may let people onto journeys."""
        return bool(self.request.user.has_perm("journeys.publish_journey"))  # type: ignore[union-attr]

    def form_valid(self, form: Any) -> HttpResponse:
        """Save the draft, and publish it if asked; a fault keeps everything in the form.

        Raises:
            PermissionDenied: this person may draw, but not publish.
        """
        if "action-publish" not in self.request.POST:
            return super().form_valid(form)  # type: ignore[misc, no-any-return]
        if not self.may_publish:
            raise PermissionDenied
        try:
            segment = form.cleaned_data["segment"].pk
            entry = {"type": "segment", "segment": segment, "change": "entered"}
            graph.compile_plan(
                graph.Plan(form.cleaned_data["outline"], entry), known=publish.known()
            )
        except graph.BadOutline as error:
            self.faults = error.faults
            form.add_error("outline", _("Some steps are not complete yet."))
            self.produced_error_message = _("The journey was not published: see the steps below.")
            return self.form_invalid(form)  # type: ignore[attr-defined, no-any-return]
        with transaction.atomic():
            self.success_message = None
            response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
            self._publish(form)
        return response

    def _publish(self, form: Any) -> None:
        at = clock.now()
        version = publish.publish(journey=self.object, at=at)
        log(instance=self.object, action="wagtail.publish")
        words = _("Version %(number)s of “%(journey)s” is published.") % {
            "number": version.number,
            "journey": self.object,
        }
        if form.cleaned_data["enroll_now"]:
            began = enroll.fill(journey=self.object, at=at)
            hints.after_commit(ADVANCE)
            words += " " + ngettext(
                "%(n)s person was enrolled.", "%(n)s people were enrolled.", began
            ) % {"n": began}
        messages.success(self.request, words)

    def get_success_url(self) -> str:
        """Stay with the journey."""
        return reverse("journeys_journeys:edit", args=[self.object.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the outline editor needs to know."""
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        journey = self.object if self.object and self.object.pk else None
        segment = journey.segment if journey else None
        context["editor"] = {
            "messages": [
                {"id": pk, "name": name, "published": current is not None}
                for pk, name, current in Message.objects.values_list("pk", "name", "current")
            ],
            "events": _event_names(),
            "faults": self._faults(journey),
            "counts": counts.by_step(journey) if journey else {},
            "words": editor_words(),
            "sizeUrl": reverse("journeys_journeys:size"),
        }
        context["journey"] = journey
        context["members"] = enroll.inside(segment=segment) if segment else 0
        context["totals"] = counts.totals(journey) if journey else {}
        context["may_publish"] = self.may_publish
        context["changed"] = (
            journey
            and journey.current
            and (
                journey.current.outline != journey.outline
                or journey.current.segment_id != journey.segment_id
            )
        )
        return context

    def _faults(self, journey: Journey | None) -> list[dict[str, str]]:
        faults = getattr(self, "faults", [])
        if not faults and journey and journey.outline and self.request.method == "GET":
            # A draft may be incomplete: say at each step what is missing before it is published.
            try:
                graph.compile_plan(publish.plan(journey), known=publish.known())
            except graph.BadOutline as error:
                faults = error.faults
        return [
            {"step": fault.step, "field": fault.field, "text": sentence(fault.code)}
            for fault in faults
        ]


class JourneyCreate(_Editor, generic.CreateView):
    """Draw a new journey."""

    submit_button_label = gettext_lazy("Save draft")


class JourneyEdit(_Editor, generic.EditView):
    """Draw on."""

    submit_button_label = gettext_lazy("Save draft")


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
        if act == "pause" and publish.pause(journey=journey):
            log(instance=journey, action="wagtail.edit", data={"paused": True})
            messages.success(request, _("“%(journey)s” is paused.") % {"journey": journey})
        if act == "resume" and publish.resume(journey=journey, at=clock.now()):
            log(instance=journey, action="wagtail.edit", data={"paused": False})
            hints.after_commit(ADVANCE)
            messages.success(request, _("“%(journey)s” goes on.") % {"journey": journey})
        return redirect("journeys_journeys:edit", journey.pk)


class SizeView(View):
    """Tells the editor how many people are in a segment now."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with a number.

        Raises:
            PermissionDenied: this person sees no journeys.
        """
        if not request.user.has_perm("journeys.change_journey"):  # type: ignore[union-attr]
            raise PermissionDenied
        asked = request.GET.get("segment", "")
        segment = get_object_or_404(Segment, pk=int(asked) if asked.isdigit() else 0)
        return JsonResponse({"members": enroll.inside(segment=segment)})


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
            path("<int:pk>/people/", PeopleView.as_view(), name="people"),
            path("<int:pk>/pause/", switch, {"act": "pause"}, name="pause"),
            path("<int:pk>/resume/", switch, {"act": "resume"}, name="resume"),
        ]


def _event_names() -> list[str]:
    """Return the names of events that were seen, those of our own included."""
    return sorted(
        EventMatcher.objects
        .filter(where=[])
        .exclude(event="")
        .values_list("event", flat=True)[:MOST_EVENT_NAMES],
        key=str.lower,
    )
