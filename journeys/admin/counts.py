"""How many people stand at a step, and how many passed it."""

from __future__ import annotations

from django.db.models import Count, QuerySet
from django.urls import reverse

from journeys.models import Enrollment, Journey, Step
from journeys.models.enrollments import Lane


def waiting(journey: Journey) -> QuerySet[Enrollment]:
    """Return the runs of a journey that go on."""
    return Enrollment.objects.running().filter(journey=journey)


def by_step(journey: Journey) -> dict[str, dict[str, int | str]]:
    """Return for each step id how many wait there and how many passed, with where to see them."""
    now = dict(waiting(journey).values_list("node").annotate(Count("pk")))
    passed = dict(
        Step.objects.filter(enrollment__journey=journey).values_list("node").annotate(Count("pk"))
    )
    people = reverse("journeys_journeys:people", args=[journey.pk])
    return {
        node: {
            "waiting": now.get(node, 0),
            "passed": passed.get(node, 0),
            "url": f"{people}?step={node}",
        }
        for node in {*now, *passed}
    }


def totals(journey: Journey) -> dict[str, int]:
    """Return how many people are under way, finished, or set aside after errors."""
    runs = Enrollment.objects.filter(journey=journey)
    return {
        "running": runs.filter(ended_at__isnull=True).count(),
        "ended": runs.filter(ended_at__isnull=False).count(),
        "failed": runs.filter(ended_at__isnull=True, lane=Lane.FAILED).count(),
    }
