"""The outline editor: the page on which marketing draws a journey."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin.views import generic
from wagtail.log_actions import log, registry

from customers.models import EventMatcher, Segment
from dxp.lib import clock, hints
from journeys import enroll, graph, publish
from journeys.admin import counts
from journeys.admin.faults import faults_of, sentences
from journeys.admin.forms import DRAWN, WRITTEN, JourneyForm
from journeys.admin.words import channel_names, editor_words, our_events
from journeys.models import Journey, Message, Version
from journeys.tasks import ADVANCE

MOST_EVENT_NAMES = 300


def address(name: str, journey: Journey | None = None) -> str:
    """Return the address of a page about journeys, or nothing where no such page exists."""
    try:
        return reverse(f"journeys_journeys:{name}", args=[journey.pk] if journey else [])
    except NoReverseMatch:
        return ""


class Editor:
    """What creating and editing a journey share."""

    form_class = JourneyForm
    template_name = "journeys/journey/form.html"
    actions = ["edit", "publish"]
    submit_button_label = gettext_lazy("Save draft")
    request: HttpRequest
    object: Any
    form: Any
    theirs: Journey | None = None
    refused: graph.Plan | None = None

    @property
    def may_publish(self) -> bool:
        """Whether this person may let people onto journeys."""
        return bool(self.request.user.has_perm("journeys.publish_journey"))  # type: ignore[union-attr]

    def form_valid(self, form: Any) -> HttpResponse:
        """Save the draft, and publish it if asked; a fault keeps everything in the form.

        Raises:
            PermissionDenied: this person may draw, but not publish.
        """
        publishes = "action-publish" in self.request.POST
        if publishes and not self.may_publish:
            raise PermissionDenied
        with transaction.atomic():
            self.theirs = self._newer(form)
            if self.theirs:
                form.add_error(None, _("Somebody else has changed this journey in the meantime."))
                self.produced_error_message = _("The journey was not saved: see below.")
                return self.form_invalid(form)  # type: ignore[attr-defined, no-any-return]
            if publishes and not self._can_be_walked(form):
                return self.form_invalid(form)  # type: ignore[attr-defined, no-any-return]
            if publishes:
                self.success_message = None
            response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
            if publishes:
                self._publish(form)
        if "action-launch" in self.request.POST and address("launch", self.object):
            return redirect("journeys_journeys:launch", self.object.pk)
        return response

    def _newer(self, form: Any) -> Journey | None:
        """Return what somebody else saved after this draft was opened; hold on to the row."""
        opened = form.cleaned_data.get("revision")
        if not form.instance.pk or opened is None:
            return None
        stored = Journey.objects.select_for_update(of=["self"]).get(pk=form.instance.pk)
        if stored.revision != opened:
            return stored
        form.instance.revision = stored.revision
        return None

    def _can_be_walked(self, form: Any) -> bool:
        plan = self._drawn(form.cleaned_data)
        try:
            graph.compile_plan(plan, known=publish.known())
        except graph.BadOutline:
            self.refused = plan
            form.add_error("outline", _("Some steps are not complete yet."))
            self.produced_error_message = _("The journey was not published: see the steps below.")
            return False
        return True

    def _publish(self, form: Any) -> None:
        at, user = clock.now(), self.request.user
        version = publish.publish(journey=self.object, at=at, by=user)  # type: ignore[arg-type]
        log(instance=self.object, action="wagtail.publish")
        words = _("Version %(number)s of “%(journey)s” is published.") % {
            "number": version.number,
            "journey": self.object,
        }
        if form.cleaned_data["enroll_now"] and self.object.entry["type"] == "segment":
            began = enroll.fill(journey=self.object, at=at)
            hints.after_commit(ADVANCE)
            words += " " + ngettext(
                "%(n)s person was enrolled.", "%(n)s people were enrolled.", began
            ) % {"n": began}
        messages.success(self.request, words)

    def get_success_url(self) -> str:
        """Stay with the journey."""
        return reverse("journeys_journeys:edit", args=[self.object.pk])

    @staticmethod
    def _drawn(told: dict[str, Any]) -> graph.Plan:
        return graph.Plan(told["outline"], told["entry"], told["goals"], told["exits"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the outline editor needs to know."""
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        journey = self.object if self.object and self.object.pk else None
        others = self._of_others(journey)
        context["editor"] = {
            **known_to_editor(journey), **self._checked(journey), "theirs": others["theirs"],
            "isNew": journey is None,
        }  # fmt: skip
        context["journey"] = journey
        context["totals"] = counts.totals(journey) if journey else {}
        context["may_publish"] = self.may_publish
        context["launches"] = _launches()
        current = journey.current if journey else None
        context["changed"] = bool(
            journey and current and publish.plan(journey) != _published(current)
        )
        context["places"] = (
            {name: address(name, journey) for name in ("people", "rehearse", "versions", "resume")}
            if journey
            else {}
        )
        context |= others
        return context

    def _checked(self, journey: Journey | None) -> dict[str, Any]:
        """Return what is wrong with the draft as the page shows it first."""
        told: dict[str, Any] = getattr(self.form, "cleaned_data", {})
        if all(name in told for name in DRAWN):
            plan = self._drawn(told)
        elif self.refused:
            plan = self.refused
        elif journey and self.request.method == "GET":
            plan = publish.plan(journey)
        else:
            return {"faults": [], "sentences": {}}
        names = dict(Segment.objects.values_list("pk", "name"))
        shows = bool(plan.outline) or self.refused is not None
        return {
            "faults": faults_of(plan) if shows else [],
            "sentences": sentences(plan.outline, names),
        }

    def _of_others(self, journey: Journey | None) -> dict[str, Any]:
        """Return what somebody else saved, so that both drafts can be looked at."""
        if not self.theirs or not journey:
            return {"theirs": None, "revision": journey.revision if journey else 0}
        latest = registry.get_logs_for_instance(self.theirs).select_related("user").first()
        return {
            "theirs": {name: getattr(self.theirs, name) for name in WRITTEN},
            "their_name": str(latest.user) if latest and latest.user else "",
            "their_moment": self.theirs.changed_at,
            "revision": self.theirs.revision,
        }


class JourneyCreate(Editor, generic.CreateView):
    """Draw a new journey."""


class JourneyEdit(Editor, generic.EditView):
    """Draw on."""


def known_to_editor(journey: Journey | None) -> dict[str, Any]:
    """Return what the editor knows from the start."""
    channels = channel_names()
    return {
        "kindsOffered": graph.described(),
        "messages": [
            {
                "id": pk,
                "name": name,
                "channel": channels.get(channel, channel),
                "published": current is not None,
            }
            for pk, name, channel, current in Message.objects.filter(
                kind=Message.Kind.NEWS
            ).values_list("pk", "name", "channel", "current")
        ],
        "segments": [
            {"id": pk, "name": name}
            for pk, name in Segment.objects.order_by("name").values_list("pk", "name")
        ],
        "events": event_names(),
        "counts": counts.by_step(journey) if journey and journey.current_id else {},
        "words": editor_words(),
        "addresses": {
            "size": address("size"),
            "check": address("check"),
            "counts": address("counts", journey) if journey and journey.current_id else "",
            "vocabulary": reverse("customers_segment_vocabulary"),
            "suggest": reverse("customers_segment_suggest"),
            "message": reverse("journeys_messages:edit", args=[0]),
        },
    }


def event_names() -> list[str]:
    """Return the names of events that can be listened to: those that were seen, and our own."""
    seen = (
        EventMatcher.objects
        .filter(where=[])
        .exclude(event="")
        .values_list("event", flat=True)[:MOST_EVENT_NAMES]
    )
    return sorted({*seen, *our_events()}, key=str.lower)


def _published(version: Version) -> graph.Plan:
    return graph.Plan(version.outline, version.entry, version.goals, version.exits)


def _launches() -> bool:
    """Return whether journeys have a page of their own from which they are launched."""
    try:
        reverse("journeys_journeys:launch", args=[0])
    except NoReverseMatch:
        return False
    return True
