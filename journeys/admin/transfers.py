"""Where people of older versions go when there is a new one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.log_actions import log

from dxp.lib import clock, hints
from journeys import phrase, transfer
from journeys.admin.page import PUBLISH, JourneyPage
from journeys.graph import steps_of
from journeys.models import Version
from journeys.tasks import TRANSFER


@dataclass(frozen=True, slots=True)
class Place:
    """A step where people stand, and what may become of them."""

    node: str
    title: str
    people: int
    versions: str
    proposed: str


class TransferPage(JourneyPage):
    """The map: for each step where somebody stands on an older version, where they go."""

    template_name = "journeys/journey/transfer.html"
    page_title = lazy("Move people")
    header_icon = "redirect"
    rights = ("journeys.view_journey", PUBLISH)

    @cached_property
    def target(self) -> Version:
        """The version that people shall be on."""
        return get_object_or_404(Version, pk=self.journey.current_id)

    @cached_property
    def places(self) -> list[Place]:
        """The steps where people stand."""
        standing = transfer.standing(journey=self.journey, target=self.target)
        called: dict[str, str] = {}
        people: dict[str, int] = {}
        numbers: dict[str, set[int]] = {}
        for version in self.journey.versions.filter(pk__in={one.version for one in standing}):
            called |= {
                str(step.get("id")): phrase.title(step, self.names)
                for step in steps_of(version.outline)
            }
        for one in standing:
            people[one.node] = people.get(one.node, 0) + one.people
            numbers.setdefault(one.node, set()).add(one.number)
        proposal = transfer.proposal(target=self.target, nodes=list(people))
        return [
            Place(
                node,
                called.get(node, node),
                count,
                ", ".join(str(number) for number in sorted(numbers[node])),
                proposal[node],
            )
            for node, count in people.items()
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the places and where one can go from them."""
        steps = phrase.called(self.target.outline, self.names)
        walked = self.target.graph["nodes"]
        return {
            **super().get_context_data(**kwargs),
            "version": self.target,
            "places": self.places,
            "people": sum(place.people for place in self.places),
            "steps": [(node, title) for node, title in steps.items() if node in walked],
            "transfer": self.journey.transfers.select_related("by", "target").first(),
        }

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the map, or only how far a transfer is."""
        if "progress" in request.GET:
            found = self.journey.transfers.select_related("by", "target").first()
            return render(request, "journeys/journey/_progress.html", {"transfer": found})
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Begin to move people as the map says."""
        user: Any = request.user
        chosen = {
            place.node: request.POST.get(f"place-{place.node}", "")[:40] for place in self.places
        }
        try:
            begun = transfer.begin(
                journey=self.journey, target=self.target, places=chosen, at=clock.now(), by=user
            )
        except transfer.BadPlaces:
            messages.error(
                request, _("This step is not in the version any more. Please look again.")
            )
        except transfer.Busy:
            messages.error(request, _("People of this journey are being moved already."))
        else:
            told = {"version": begun.target.number, "people": begun.total}
            log(instance=self.journey, action="wagtail.edit", user=user, data={"moved": told})
            hints.after_commit(TRANSFER)
        return redirect("journeys_journeys:transfer", self.journey.pk)
