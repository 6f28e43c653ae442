"""The test run: walk a journey with somebody in no time, and see what would happen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from customers.models import Profile
from dxp.lib import clock
from journeys import graph, publish, rehearse
from journeys.admin.faults import faults_of
from journeys.admin.page import PEOPLE, JourneyPage, found, name_of
from journeys.admin.script import ACTS, TestRunForm
from journeys.tasks import house


class RehearsalPage(JourneyPage):
    """Asks who walks, when and what they do; shows each step with its reason and its message."""

    template_name = "journeys/journey/rehearse.html"
    page_title = lazy("Test run")
    header_icon = "view"
    rights = ("journeys.view_journey", PEOPLE)
    post_right = "journeys.view_journey"
    form: TestRunForm | None = None
    done: rehearse.Rehearsed | None = None
    refused = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the form, who was found, and what came to pass."""
        words = self.request.GET.get("q", "").strip()[:200].replace("\x00", "")
        person = self._person()
        form = self.form or TestRunForm(initial={"at": clock.now()})
        return {
            **super().get_context_data(**kwargs),
            "form": form,
            "acts": [form.act(number) for number in range(ACTS)],
            "words": words,
            "people": [(one, name_of(one, self.sight)) for one in found(words)] if words else [],
            "person": person,
            "person_name": name_of(person, self.sight) if person else "",
            "asks_event": self._plan().entry.get("type") == "event",
            "done": self.done,
            "days": _by_day(self.done.lines) if self.done else [],
            "refused": self.refused,
            "sees_draft": self.journey.current is not None,
            "here": reverse("journeys_journeys:rehearse", args=[self.journey.pk]),
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Make the test run and show it; nothing of it is kept."""
        self.form = TestRunForm(request.POST)
        if self.form.is_valid():
            self._run(self.form)
        return self.render_to_response(self.get_context_data(**kwargs))

    def _run(self, form: TestRunForm) -> None:
        person, plan = self._person(), self._plan()
        try:
            self.done = rehearse.rehearse(
                journey=self.journey,
                plan=plan,
                who=person.pk if person else form.somebody(),
                script=form.script(),
                entry=form.cleaned_data["entry"],
                at=form.cleaned_data["at"],
                house=house(),
                names=self.names,
            )
        except graph.BadOutline:
            faults = [one["text"] for one in faults_of(plan)]
            self.refused = " ".join([_("Some steps are not complete yet."), *faults])
        except rehearse.NotLetIn:
            self.refused = _("This event lets nobody in: it is filtered out, or lacks the key.")
        except rehearse.Restless:
            self.refused = _("So much would happen that the test run was given up.")
        except OperationalError:
            self.refused = _("Others are working with this person right now. Please try again.")

    def _plan(self) -> graph.Plan:
        asked = self.request.POST.get("what")
        current = self.journey.current
        return (
            publish.plan_of(current) if asked == "live" and current else publish.plan(self.journey)
        )

    def _person(self) -> Profile | None:
        told = self.request.POST.get("person") or self.request.GET.get("person") or ""
        number = int(told) if told.isdecimal() and len(told) < 19 else 0
        return Profile.objects.filter(pk=number, state=Profile.State.ACTIVE).first()


def _by_day(lines: list[rehearse.Line]) -> list[tuple[datetime, list[rehearse.Line]]]:
    """Return what came to pass by its moments."""
    found: list[tuple[datetime, list[rehearse.Line]]] = []
    for line in lines:
        if not found or found[-1][0] != line.at:
            found.append((line.at, []))
        found[-1][1].append(line)
    return found
