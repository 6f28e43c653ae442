"""The versions of a journey: what changed, who is on each, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.log_actions import log

from dxp.lib import clock, hints
from journeys import diff, graph, phrase, publish
from journeys.admin.faults import faults_of
from journeys.admin.page import PUBLISH, JourneyPage
from journeys.models import Enrollment, Transfer, Version
from journeys.tasks import ADVANCE

MOST = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One version, what it changed, and how many people walk on it."""

    version: Version
    changes: list[str]
    people: int
    is_current: bool


def changed(old: graph.Plan | None, new: graph.Plan, names: phrase.Names) -> list[str]:
    """Return what is different, in words."""
    return phrase.changes(diff.diff(old, new), old, new, names)


class VersionsPage(JourneyPage):
    """All versions, the newest on top."""

    template_name = "journeys/journey/versions.html"
    page_title = lazy("Versions")
    header_icon = "history"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the versions, and what the draft would change."""
        versions = list(self.journey.versions.select_related("published_by")[: MOST + 1])
        running = Enrollment.objects.running().filter(journey=self.journey)
        people = dict(running.order_by().values_list("version").annotate(Count("pk")))
        older: list[Version | None] = [*versions[1:], None]
        rows = [
            Row(
                one,
                self._news(before, one),
                people.get(one.pk, 0),
                one.pk == self.journey.current_id,
            )
            for one, before in zip(versions, older, strict=True)
        ]
        current = self.journey.current
        draft = publish.plan(self.journey)
        return {
            **super().get_context_data(**kwargs),
            "rows": rows[:MOST],
            "draft": changed(publish.plan_of(current), draft, self.names) if current else [],
            "elsewhere": sum(row.people for row in rows if not row.is_current),
            "transfer": self.journey.transfers.filter(state=Transfer.State.RUNNING).first(),
        }

    def _news(self, before: Version | None, version: Version) -> list[str]:
        if before is None:
            return []
        return changed(publish.plan_of(before), publish.plan_of(version), self.names)


class RollbackPage(JourneyPage):
    """Asks before an older version is published anew, and does it."""

    template_name = "journeys/journey/rollback.html"
    page_title = lazy("Bring back a version")
    header_icon = "undo"
    rights = ("journeys.view_journey", PUBLISH)

    @cached_property
    def version(self) -> Version:
        """The version to bring back."""
        return get_object_or_404(self.journey.versions.all(), number=self.kwargs["number"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what will be different."""
        current = self.journey.current
        now = publish.plan_of(current) if current else publish.plan(self.journey)
        return {
            **super().get_context_data(**kwargs),
            "version": self.version,
            "changes": changed(now, publish.plan_of(self.version), self.names),
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Publish the older plan as a new version."""
        user: Any = request.user
        try:
            version = publish.rollback(
                journey=self.journey, version=self.version, at=clock.now(), by=user
            )
        except graph.BadOutline:
            found = faults_of(publish.plan_of(self.version))
            words = " ".join(one["text"] for one in found)
            messages.error(request, _("This version can't be brought back: %s") % words)
            return redirect("journeys_journeys:versions", self.journey.pk)
        log(instance=self.journey, action="wagtail.publish", user=user)
        hints.after_commit(ADVANCE)
        told = {"old": self.version.number, "new": version.number}
        messages.success(
            request, _("Version %(new)s is live: it is what version %(old)s was.") % told
        )
        return redirect("journeys_journeys:versions", self.journey.pk)
