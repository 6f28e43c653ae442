"""Who stands at a step of a journey, passed it, failed or left there; and what can be done."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from wagtail.log_actions import log

from dxp.lib import clock, hints
from journeys import enroll, phrase
from journeys.admin.counts import SHOWN
from journeys.admin.page import PEOPLE, JourneyPage, name_of, searched
from journeys.models import Enrollment, Step
from journeys.models.enrollments import Lane
from journeys.tasks import ADVANCE

PER_PAGE = 50


class PeopleView(JourneyPage):
    """A list of people by step and by what became of them there."""

    template_name = "journeys/journey/people.html"
    page_title = lazy("People")
    header_icon = "group"
    rights = ("journeys.view_journey", PEOPLE)

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Read what is asked for."""
        super().setup(request, *args, **kwargs)
        asked = request.GET
        self.step, self.way = (asked.get(name, "")[:40] for name in ("step", "way"))
        self.show = asked.get("show", "")
        if self.show not in {*SHOWN, "passed"}:
            self.show = ""
        self.words = asked.get("q", "").strip()[:200].replace("\x00", "")

    def get_queryset(self) -> QuerySet[Enrollment]:
        """Return the runs that were asked for, newest first."""
        runs = Enrollment.objects.filter(journey=self.journey)
        if self.show in SHOWN:
            runs = runs.filter(SHOWN[self.show])
            if self.step:
                runs = runs.filter(node=self.step)
        elif self.step:
            steps = Step.objects.filter(enrollment=OuterRef("pk"), node=self.step)
            runs = runs.filter(Exists(steps.filter(outcome=self.way) if self.way else steps))
        if self.words:
            runs = runs.filter(profile__in=searched(self.words).values("pk"))
        return runs.select_related("profile", "version")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the page of people."""
        page: Page[Enrollment] = Paginator(self.get_queryset(), PER_PAGE).get_page(
            self.request.GET.get("p")
        )
        version = self.journey.current
        called = phrase.called(version.outline if version else self.journey.outline, self.names)
        on = {run.version_id: run.version for run in page}
        titles = {pk: phrase.called(one.outline, self.names) for pk, one in on.items()}
        return {
            **super().get_context_data(**kwargs),
            "step": self.step,
            "step_name": called.get(self.step, self.step) or _("All steps"),
            "show": self.show,
            "words": self.words,
            "choices": self._choices(),
            "rows": [self._row(run, titles[run.version_id]) for run in page],
            "page": page,
            "query": self._query(),
            "here": f"{self.request.path}?{self._query()}",
        }

    def _choices(self) -> list[tuple[str, str, bool]]:
        labels = {
            "": _("There now"), "failed": _("Failed"), "left": _("Left here"),
            "passed": _("Passed it") if self.step else _("All who ever began"),
        }  # fmt: skip
        return [(f"?{self._query(show=show)}", label, show == self.show)
                for show, label in labels.items()]  # fmt: skip

    def _query(self, show: str | None = None) -> str:
        told = self.request.GET.copy()
        told.pop("p", None)
        if show is not None:
            told["show"] = show
        return told.urlencode()

    def _row(self, run: Enrollment, called: dict[str, str]) -> dict[str, Any]:
        return {
            "run": run,
            "name": name_of(run.profile, self.sight),
            "url": reverse("journeys_journeys:trace", args=[self.journey.pk, run.pk]),
            "step": called.get(run.node, run.node),
            "outcome": phrase.outcome(run.outcome, self.names),
            "failed": run.ended_at is None and run.lane == Lane.FAILED,
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Take people out of the journey, or let failed ones try again."""
        user: Any = request.user
        chosen = [int(one) for one in request.POST.getlist("run") if one.isdecimal()][:PER_PAGE]
        at = clock.now()
        mine = Enrollment.objects.running().filter(journey=self.journey, pk__in=chosen)
        if request.POST.get("act") == "remove":
            ids = list(mine.values_list("pk", flat=True))
            done = enroll.leave(enrollment_ids=ids, at=at)
            words = ngettext("%(n)s person left.", "%(n)s people left.", done)
        else:
            every = request.POST.get("act") == "retry-all"
            done = enroll.retry(
                journey=self.journey, at=at, enrollment_ids=None if every else chosen,
                node=self.step,
            )  # fmt: skip
            words = ngettext("%(n)s person tries again.", "%(n)s people try again.", done)
        if done:
            log(instance=self.journey, action="wagtail.edit", user=user,
                data={"people": done, "act": request.POST.get("act", "")})  # fmt: skip
        hints.after_commit(ADVANCE)
        messages.success(request, words % {"n": done})
        return redirect(f"{request.path}?{self._query()}")
