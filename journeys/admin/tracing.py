"""One person's way through a journey, and the door through which somebody is let in by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.log_actions import log

from customers.models import Profile
from dxp.lib import clock, hints
from journeys import enroll, phrase, trace
from journeys.admin.page import PEOPLE, PUBLISH, JourneyPage, found, name_of
from journeys.models import Enrollment
from journeys.models.enrollments import Lane
from journeys.tasks import ADVANCE


class TracePage(JourneyPage):
    """Each step that one run took, when, and why."""

    template_name = "journeys/journey/trace.html"
    page_title = lazy("Trace")
    header_icon = "list-ul"
    rights = ("journeys.view_journey", PEOPLE)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the run and its lines."""
        runs = Enrollment.objects.select_related("profile", "version", "journey")
        run = get_object_or_404(runs, pk=self.kwargs["run"], journey=self.journey)
        called = trace.outline_names(enrollment=run, names=self.names)
        return {
            **super().get_context_data(**kwargs),
            "run": run,
            "name": name_of(run.profile, self.sight),
            "lines": trace.trace(enrollment=run, names=self.names),
            "now": called.get(run.node, run.node),
            "failed": run.lane == Lane.FAILED,
            "came_by": came_by(run),
            "outcome": phrase.outcome(run.outcome, self.names),
            "listens": [key.partition("#")[0] for key in run.listens or []],
        }


def came_by(run: Enrollment) -> str:
    """Return how somebody came onto a journey, where that is known."""
    told = run.entry or {}
    words = {
        "hand": _("let in by hand"), "event": _("by an event"), "api": _("let in by a program"),
        "schedule": _("by the schedule"), "date": _("on their date"),
    }.get(str(told.get("by")), "")  # fmt: skip
    return f"{words} ({told['who']})" if words and told.get("who") else words


class EnrollPage(JourneyPage):
    """Finds a person and lets them in."""

    template_name = "journeys/journey/enroll.html"
    page_title = lazy("Let somebody in by hand")
    header_icon = "user"
    rights = ("journeys.view_journey", PEOPLE, PUBLISH)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return who was found."""
        words = self.request.GET.get("q", "").strip()[:200].replace("\x00", "")
        people = found(words) if words else []
        return {
            **super().get_context_data(**kwargs),
            "words": words,
            "people": [(person, name_of(person, self.sight)) for person in people],
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Let the person in, and show their way."""
        user: Any = request.user
        asked = request.POST.get("person", "")
        number = int(asked) if asked.isdecimal() and len(asked) < 19 else 0
        profile = get_object_or_404(Profile, pk=number, state=Profile.State.ACTIVE)
        try:
            run = enroll.by_hand(
                journey=self.journey, profile_id=profile.pk, at=clock.now(), by=user.get_username()
            )
        except enroll.Refused as refused:
            messages.error(request, str(refused))
            return redirect("journeys_journeys:enroll", self.journey.pk)
        log(instance=self.journey, action="wagtail.edit", user=user, data={"enrolled": profile.pk})
        hints.after_commit(ADVANCE)
        messages.success(request, _("%(name)s is on the journey.") % {
            "name": name_of(profile, self.sight)
        })  # fmt: skip
        return redirect(reverse("journeys_journeys:trace", args=[self.journey.pk, run.pk]))
