"""How many people stand at a step, passed it, failed at it or left there; each way out counted."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from journeys import tally
from journeys.models import Enrollment, Journey
from journeys.models.enrollments import Lane

GONE = Q(ended_at__isnull=False)
FAILED = Q(ended_at__isnull=True, lane=Lane.FAILED)
WAITING = Q(ended_at__isnull=True) & ~Q(lane=Lane.FAILED)
# How a run ends somewhere on its way: not because the way is over.
BREAKS = ("goal", "exit", "removed", "dropped", "version", "merged")
LEFT = GONE & Q(outcome__in=BREAKS)
# What people at a step may be asked for, as the address says it.
SHOWN = {"": WAITING, "failed": FAILED, "left": LEFT}


@dataclass(slots=True)
class _Counted:
    """What is known of one step or one way out of it."""

    url: str
    numbers: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, number: int) -> None:
        if number:
            self.numbers[name] = self.numbers.get(name, 0) + number


def waiting(journey: Journey) -> QuerySet[Enrollment]:
    """Return the runs of a journey that go on."""
    return Enrollment.objects.running().filter(journey=journey)


def by_step(journey: Journey) -> dict[str, dict[str, int | str]]:
    """Return the numbers of each step and each way out, by its id, with where to see the people.

    Ways that are no arms are called `<step>:timeout` and `<step>:else`.
    """
    people = reverse("journeys_journeys:people", args=[journey.pk])
    found: dict[str, _Counted] = {}

    def of(name: str, asked: str) -> _Counted:
        return found.setdefault(name, _Counted(f"{people}?{asked}"))

    runs = waiting(journey).order_by().values_list("node")
    for node, now, failed in runs.annotate(
        now=Count("pk", filter=WAITING), failed=Count("pk", filter=FAILED)
    ):
        of(node, f"step={node}").add("waiting", now)
        of(node, f"step={node}").add("failed", failed)
    versions = dict(journey.versions.values_list("pk", "graph"))
    for (version, node, outcome), times in tally.passed(versions=list(versions)).items():
        kind = versions[version]["nodes"].get(node, {}).get("type")
        if kind != "end" and outcome in BREAKS:
            of(node, f"step={node}").add("left", times)
            continue
        of(node, f"step={node}").add("passed", times)
        if kind in ("wait", "branch", "split"):
            name = f"{node}:{outcome}" if outcome in ("timeout", "else") else outcome
            of(name, f"step={node}&way={outcome}").add("passed", times)
    return {name: {**_all(one), "url": one.url} for name, one in found.items()}


def _all(one: _Counted) -> dict[str, int]:
    return {name: one.numbers.get(name, 0) for name in ("waiting", "passed", "failed", "left")}


def totals(journey: Journey) -> dict[str, int]:
    """Return how many people are under way, finished, or set aside after errors."""
    found: dict[str, int] = Enrollment.objects.filter(journey=journey).aggregate(
        running=Count("pk", filter=~GONE),
        ended=Count("pk", filter=GONE),
        failed=Count("pk", filter=FAILED),
    )
    return found
