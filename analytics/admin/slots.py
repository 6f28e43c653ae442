"""Beside the editor of a page: who saw which variant of its slots, and what it changed."""

from __future__ import annotations

import math
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
from analytics.measures import slots as measure
from content.models import PublicPage
from dxp.lib import clock

DAYS = 28
PATIENCE = 0.5
SIGNED_UP = "Signed Up"
# Of the normal distribution: 19 of 20 such intervals hold the true value.
SURE = 1.959964


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
    def lift(self) -> tuple[float, float, float] | None:
        """The difference in points and the interval it lies in; None without a control group."""
        if not self.people or not self.control:
            return None
        return difference(self.converted, self.people, self.control_converted, self.control)


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot's numbers."""

    number: int
    people: int
    only_default: int
    arms: list[Arm]

    @property
    def share(self) -> float:
        """The share in percent that saw nothing but the default."""
        return 100 * self.only_default / self.people if self.people else 0.0


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
        told |= _told(request, page)
    response = render(request, "analytics/_slots.html", told)
    response["Cache-Control"] = "no-store"
    return response


def panel(page: PublicPage, user: Any) -> str:
    """Return where the numbers come to stand, for those who may see reports."""
    if not user.has_perm(VIEW_REPORTS):
        return ""
    url = reverse("analytics_slots", args=[page.pk])
    return render_to_string("analytics/slots.html", {"url": url})


def difference(a: int, n: int, b: int, m: int) -> tuple[float, float, float]:
    """Return a/n - b/m in points, and the interval of nineteen in twenty (Newcombe's)."""
    p, q = a / n, b / m
    (low, high), (low_b, high_b) = _wilson(a, n), _wilson(b, m)
    down = math.hypot(p - low, high_b - q)
    up = math.hypot(high - p, q - low_b)
    return 100 * (p - q), 100 * (p - q - down), 100 * (p - q + up)


def _wilson(a: int, n: int) -> tuple[float, float]:
    p, z = a / n, SURE**2
    middle, span = p + z / (2 * n), SURE * math.sqrt(p * (1 - p) / n + z / (4 * n * n))
    return (middle - span) / (1 + z / n), (middle + span) / (1 + z / n)


def _told(request: HttpRequest, page: PublicPage) -> dict[str, Any]:
    at = clock.now()
    desk = Desk(lake=lake(), page=f"{request.user.pk} slots {page.pk}", at=at, patience=PATIENCE)
    window: dict[str, Any] = {
        "start": desk.at - timedelta(days=DAYS), "end": desk.at, "page": str(page.pk),
    }  # fmt: skip
    goal = conversion(since=window["start"]) or SIGNED_UP
    try:
        arms = desk.ask(measure.arms, goal=goal, **window)
        coverage = desk.ask(measure.coverage, **window)
    except Pending:
        return {"is_pending": True}
    except query.Busy as error:
        return {"words": error.words}
    desk.close()
    return {"goal": goal, "slots": _slots(page, arms.rows, coverage.rows)}


def _slots(page: PublicPage, arms: Sequence[Any], coverage: Sequence[Any]) -> list[Slot]:
    counted: dict[tuple[str, str], dict[str, tuple[int, int]]] = defaultdict(dict)
    for slot, variant, arm, people, converted in arms:
        counted[slot, variant][arm] = (people, converted)
    covered = {slot: (people, only) for slot, people, only in coverage}
    found = []
    for number, (slot_id, slot) in enumerate(page.slots().items(), 1):
        people, only = covered.get(slot_id, (0, 0))
        own = [
            Arm(name, *said.get("variant", (0, 0)), *said.get("control", (0, 0)))
            for variant, name in _names(slot)
            if (said := counted.get((slot_id, variant)))
        ]
        found.append(Slot(number, people, only, own))
    return found


def _names(slot: Any) -> list[tuple[str, str]]:
    """Return what a slot's variants are called, those of lists too."""
    names = []
    for number, child in enumerate(slot.value["variants"].bound_blocks, 1):
        audience = child.value["audience"]
        name = str(audience) if audience else _("Variant %(number)s") % {"number": number}
        names.append((str(child.id), name))
    return [*names, (slot.value["strategy"], _("A list of pages"))]
