"""Beside the editor of a page: who saw which variant of its slots, and what it changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from wagtail.admin.auth import permission_required
from wagtail.models import Page

from analytics import query
from analytics.admin.conversion import conversion
from analytics.admin.report import VIEW_REPORTS, lake
from analytics.desk import Desk, Pending
from analytics.estimators import lift
from analytics.measures import names
from analytics.measures import slots as measure
from analytics.measures.base import OWN_EVENTS
from content.models import PublicPage
from dxp.lib import clock

DAYS = 28
PATIENCE = 0.5
SIGNED_UP = "Signed Up"
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Arm:
    """What became of the people of one variant, beside those of its control group."""

    name: str
    people: int
    converted: int
    control: int = 0
    control_converted: int = 0

    @property
    def rate(self) -> float:
        """The share in percent that did the goal."""
        return 100 * self.converted / self.people if self.people else 0.0

    @property
    def control_rate(self) -> float:
        """The same of the control group."""
        return 100 * self.control_converted / self.control if self.control else 0.0

    @property
    def lift(self) -> lift.Difference | None:
        """The difference that the variant makes; None without a control group."""
        return lift.difference(self.converted, self.people, self.control_converted, self.control)


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot's numbers.

    `asked` is the share of its control group in percent, `mixed` how many were in both groups.
    """

    number: int
    people: int
    only_default: int
    arms: list[Arm]
    asked: int = 0
    mixed: int = 0

    @property
    def share(self) -> float:
        """The share in percent that saw nothing but the default."""
        return 100 * self.only_default / self.people if self.people else 0.0

    @property
    def held(self) -> int | None:
        """The control group's true share in percent, where it is not what was asked for."""
        control = sum(one.control for one in self.arms)
        whole = control + sum(one.people for one in self.arms)
        if not control or not lift.is_uneven(control, whole, self.asked / 100):
            return None
        return round(100 * control / whole)


@require_safe
@permission_required(VIEW_REPORTS)
def slots(request: HttpRequest, page_id: int) -> HttpResponse:
    """Answer with the numbers of a page's slots, or say that they are being computed.

    Raises:
        PermissionDenied: the page is not theirs to edit.
    """
    page: Any = get_object_or_404(Page, pk=page_id).specific
    if not page.permissions_for_user(request.user).can_edit():
        raise PermissionDenied
    told: dict[str, Any] = {"days": DAYS}
    if isinstance(page, PublicPage):
        # The panel stands beside the draft, and counts its slots.
        told |= _told(request, page.get_latest_revision_as_object())
    response = render(request, "analytics/_slots.html", told)
    response["Cache-Control"] = "no-store"
    return response


def panel(page: PublicPage, user: Any) -> str:
    """Return where the numbers come to stand, for those who may see reports."""
    if not user.has_perm(VIEW_REPORTS):
        return ""
    url = reverse("analytics_slots", args=[page.pk])
    return render_to_string("analytics/slots.html", {"url": url})


def _told(request: HttpRequest, page: PublicPage) -> dict[str, Any]:
    wanted = request.GET.get("goal", "").replace("\x00", "")[:LONGEST]
    name = f"{request.user.pk} slots {page.pk} {wanted}"
    desk = Desk(lake=lake(), page=name, at=clock.now(), patience=PATIENCE)
    window: dict[str, Any] = {"start": desk.at - timedelta(days=DAYS), "end": desk.at}
    goal = wanted or conversion(since=window["start"]) or SIGNED_UP
    try:
        arms = desk.ask(measure.arms, goal=goal, page=str(page.pk), **window)
        coverage = desk.ask(measure.coverage, page=str(page.pk), **window)
        known = {row[0] for row in desk.ask(names.seen, **window).rows} - set(OWN_EVENTS)
    except Pending:
        return {"is_pending": True}
    except query.Busy as error:
        return {"words": error.words}
    desk.close()
    goals = sorted({goal, *known} - {""}, key=str.casefold)
    return {"goal": goal, "goals": goals, "slots": _slots(page, arms.rows, coverage.rows)}


def _slots(page: PublicPage, arms: Sequence[Any], coverage: Sequence[Any]) -> list[Slot]:
    counted: dict[tuple[str, str], dict[str, tuple[int, int]]] = defaultdict(dict)
    both: dict[str, int] = defaultdict(int)
    for slot, variant, arm, people, converted, mixed in arms:
        counted[slot, variant][arm] = (people, converted)
        both[slot] += mixed
    covered = {slot: (people, only) for slot, people, only in coverage}
    found = []
    for number, (slot_id, slot) in enumerate(page.slots().items(), 1):
        people, only = covered.get(slot_id, (0, 0))
        own = [
            Arm(name, *said.get("variant", (0, 0)), *said.get("control", (0, 0)))
            for variant, name in _names(slot)
            if (said := counted.get((slot_id, variant)))
        ]
        asked = slot.value["control"] or 0
        found.append(Slot(number, people, only, own, asked=asked, mixed=both[slot_id]))
    return found


def _names(slot: Any) -> list[tuple[str, str]]:
    """Return what a slot's variants are called, those of lists too."""
    names = []
    for number, child in enumerate(slot.value["variants"].bound_blocks, 1):
        audience = child.value["audience"]
        name = str(audience) if audience else _("Variant %(number)s") % {"number": number}
        names.append((str(child.id), name))
    return [*names, (slot.value["strategy"], _("A list of pages"))]
