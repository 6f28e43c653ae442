"""Pausing a journey, and letting it go on without a burst."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views import View
from django.views.decorators.http import require_POST
from wagtail.log_actions import log

from dxp.lib import clock, hints
from journeys import pause, phrase
from journeys.admin.page import PUBLISH, JourneyPage
from journeys.models import Journey
from journeys.tasks import ADVANCE

MOST_HOURS = 24 * 14
# So many people are dealt with while the browser waits; the rest goes on by itself.
BITES = 4


@method_decorator(require_POST, name="dispatch")
class PauseView(View):
    """Pauses a journey, or closes it: nobody enters any more."""

    def post(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        """Switch, and go back to the journey.

        Raises:
            PermissionDenied: this person may not.
        """
        user: Any = request.user
        if not user.has_perm(PUBLISH):
            raise PermissionDenied
        journey = get_object_or_404(Journey, pk=pk)
        if act == "pause" and pause.pause(journey=journey, at=clock.now()):
            log(instance=journey, action="wagtail.edit", user=user, data={"paused": True})
            messages.success(request, _("“%(journey)s” is paused.") % {"journey": journey})
        if act == "close" and pause.close(journey=journey):
            log(instance=journey, action="wagtail.edit", user=user, data={"closed": True})
            messages.success(
                request,
                _("“%(journey)s” lets nobody in any more; who is under way goes on.")
                % {"journey": journey},
            )
        return redirect("journeys_journeys:edit", journey.pk)


def policies() -> list[tuple[str, str, str]]:
    """Return what may become of those whose time came during the pause: name, label, help."""
    return [
        ("spread", _("Spread them over some hours"),
         _("Nothing comes at once: each goes on at a moment within these hours.")),
        ("now", _("All at once"),
         _("Everybody whose time has come goes on now, and gets what is due now.")),
        ("shift", _("Move everybody's clock by the pause"),
         _("As if time had stood still: a wait of 3 days that had 1 day left has 1 day left.")),
        ("drop", _("End the journey for them"),
         _("Those whose time came during the pause leave; everybody else goes on.")),
    ]  # fmt: skip


class ResumePage(JourneyPage):
    """Says who waits behind the pause, and asks what shall become of them."""

    template_name = "journeys/journey/resume.html"
    page_title = lazy("Resume")
    header_icon = "resubmit"
    rights = ("journeys.view_journey", PUBLISH)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return how many people are overdue at each step."""
        overdue = pause.overdue(journey=self.journey, at=clock.now())
        current = self.journey.current
        called = phrase.called(current.outline, self.names) if current else {}
        return {
            **super().get_context_data(**kwargs),
            "overdue": [
                (called.get(node, node), people) for node, people in sorted(overdue.items())
            ],
            "people": sum(overdue.values()),
            "policies": policies(),
            "paused": self.journey.state == Journey.State.PAUSED,
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Let the journey go on."""
        user: Any = request.user
        policy, told = request.POST.get("policy", "now"), request.POST.get("hours", "")
        hours = min(int(told), MOST_HOURS) if told.isdecimal() and len(told) < 6 else 0
        if policy not in {name for name, _label, _help in policies()}:
            policy = "now"
        if policy == "spread" and hours < 1:
            messages.error(request, _("Write over how many hours, 1 or more."))
            return redirect("journeys_journeys:resume", self.journey.pk)
        now = clock.now()
        if pause.resume(
            journey=self.journey, at=now, policy=policy, hours=hours, bites=BITES
        ):  # fmt: skip
            data = {"paused": False, "policy": policy, "hours": hours}
            log(instance=self.journey, action="wagtail.edit", user=user, data=data)
            hints.after_commit(ADVANCE)
            self.journey.refresh_from_db()
            words = _("“%(journey)s” goes on.")
            if self.journey.resuming:
                words = _("“%(journey)s” goes on as soon as all its people are told: in a minute.")
            messages.success(request, words % {"journey": self.journey})
        return redirect("journeys_journeys:edit", self.journey.pk)
