"""The last look before people are let onto a journey: whom it reaches, and what stands against."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.log_actions import log

from dxp.lib import clock, hints
from journeys import fill, graph, phrase, publish
from journeys.admin.checklist import Point, points
from journeys.admin.faults import faults_of
from journeys.admin.page import PUBLISH, JourneyPage
from journeys.admin.reach import Reach, reach
from journeys.admin.versions import changed
from journeys.models import Enrollment
from journeys.tasks import ADVANCE, FILL

LONGEST_NOTE = 500


@dataclass(slots=True)
class Summary:
    """What the page shows of the draft."""

    entry: str
    reach: Reach
    faults: list[str] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)

    @property
    def ready(self) -> bool:
        """Whether nothing keeps it from being published."""
        return not self.faults and not any(point.state == "stop" for point in self.points)


class LaunchPage(JourneyPage):
    """Shows what publishing the draft would do, and does it."""

    template_name = "journeys/journey/launch.html"
    page_title = lazy("Launch")
    header_icon = "upload"
    rights = ("journeys.view_journey", PUBLISH)

    @cached_property
    def plan(self) -> graph.Plan:
        """The draft."""
        return publish.plan(self.journey)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the checklist."""
        current, at = self.journey.current, clock.now()
        changes = changed(publish.plan_of(current), self.plan, self.names) if current else []
        summary = Summary(
            phrase.entry(self.plan.entry, self.names),
            reach(self.plan.entry, at=at),
            self._faults(),
        )
        if not summary.faults:
            summary.points = points(journey=self.journey, plan=self.plan, at=at)
        return {
            **super().get_context_data(**kwargs),
            "summary": summary,
            "changes": changes,
            "unchanged": current is not None and not changes,
            "by_segment": self.plan.entry.get("type") == "segment"
            and self.plan.entry.get("change") != "left",
            "goals": [phrase.listen(one, self.names) for one in self.plan.goals],
            "exits": [phrase.listen(one, self.names) for one in self.plan.exits],
            "elsewhere": self._elsewhere(),
        }

    def _faults(self) -> list[str]:
        called = phrase.called(self.plan.outline, self.names)
        return [
            ": ".join(part for part in (called.get(one["step"], ""), one["text"]) if part)
            for one in faults_of(self.plan)
        ]

    def _elsewhere(self) -> int:
        running = Enrollment.objects.running().filter(journey=self.journey)
        return running.count() if self.journey.current_id else 0

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Publish the draft, and enroll the members of now where that was asked for."""
        user: Any = request.user
        at, note = clock.now(), request.POST.get("note", "").replace("\x00", "")[:LONGEST_NOTE]
        before = self.journey.current_id
        try:
            version = publish.publish(journey=self.journey, at=at, by=user, note=note.strip())
        except graph.BadOutline:
            messages.error(request, _("The journey was not published: see what is missing below."))
            return redirect("journeys_journeys:launch", self.journey.pk)
        log(instance=self.journey, action="wagtail.publish", user=user)
        told = _("Version %(number)s of “%(journey)s” is published.") % {
            "number": version.number, "journey": self.journey,
        }  # fmt: skip
        if "enroll_now" in request.POST and self.plan.entry.get("type") == "segment":
            fill.begin(journey=self.journey, at=at)
            hints.after_commit(FILL)
            told += " " + _("Those who are in the segment now are being let in.")
        hints.after_commit(ADVANCE)
        messages.success(request, told)
        if before and before != version.pk and self._elsewhere():
            return redirect("journeys_journeys:transfer", self.journey.pk)
        return redirect(reverse("journeys_journeys:edit", args=[self.journey.pk]))
