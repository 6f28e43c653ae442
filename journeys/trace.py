"""One run in words: each step with its time, what it did, and why it took this way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from journeys import phrase
from journeys.graph import COMPLETED, FINISH, steps_of
from journeys.models import Delivery, Enrollment, Step, Version


@dataclass(frozen=True, slots=True)
class Line:
    """One step that was passed: what it is called, what it does, why the run left it so.

    `delivery` is the message that it left in the outbox.
    """

    node: str
    at: datetime
    title: str
    does: str
    reason: str = ""
    delivery: Delivery | None = None


def trace(*, enrollment: Enrollment, names: phrase.Names) -> list[Line]:
    """Return what a run went through, the first step on top."""
    steps = drawn(enrollment=enrollment)
    called = outline_names(enrollment=enrollment, names=names)
    sent = {
        one.seq: one
        for one in Delivery.objects.filter(enrollment=enrollment).select_related("message")
    }
    return [
        Line(
            node=passed.node,
            at=passed.at,
            title=called.get(passed.node, passed.node),
            does=phrase.step(steps.get(passed.node, {}), names),
            reason=phrase.reason(
                steps.get(passed.node, {}), passed.outcome, passed.why, names
            ),
            delivery=sent.get(passed.seq),
        )
        for passed in Step.objects.filter(enrollment=enrollment).order_by("seq")
    ]  # fmt: skip


def drawn(*, enrollment: Enrollment) -> dict[str, Mapping[str, Any]]:
    """Return the steps by id as they were drawn: on the run's version, else on the newest other.

    A run that was moved to another version went through steps that may not exist any more.
    """
    versions = Version.objects.filter(journey=enrollment.journey_id).order_by("number")
    outlines = [*versions.values_list("outline", flat=True), enrollment.version.outline]
    found = {str(step.get("id")): step for outline in outlines for step in steps_of(outline)}
    # Nobody draws it: it stands below the last step.
    return {FINISH: {"type": "end", "outcome": COMPLETED}, **found}


def outline_names(*, enrollment: Enrollment, names: phrase.Names) -> dict[str, str]:
    """Return what the steps of a run are called, by id."""
    old = {
        node: phrase.title(step, names) for node, step in drawn(enrollment=enrollment).items()
    }  # fmt: skip
    return old | phrase.called(enrollment.version.outline, names)
