"""Move people who are under way from older versions of a journey to another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count

from dxp.lib.rows import array, raw_cursor
from journeys import enroll
from journeys.models import Enrollment, Journey, Transfer, Version
from journeys.models.enrollments import Lane

if TYPE_CHECKING:
    from dxp.users.models import User

BITE = 1000
STAY, OVER = "", "!"
# What the run's history calls those whom a new version has no place for.
OUTCOME = "moved"

# In the order in which events lock them, so that nobody waits in a circle; a batch of the engine
# waits for nobody.
BITE_OF = """
SELECT e.id, e.node, e.resting, e.version_id FROM journeys_enrollment e
WHERE e.journey_id = %s AND e.ended_at IS NULL AND e.version_id <> %s AND e.id > %s
  AND e.node = ANY(%s::text[])
ORDER BY e.id LIMIT %s FOR UPDATE OF e"""
# Their clock runs on; they listen to what the new version listens to here.
KEEP = """
UPDATE journeys_enrollment e SET version_id = %s, listens = string_to_array(v.listens, chr(31))
FROM unnest(%s::bigint[], %s::text[]) v(id, listens) WHERE e.id = v.id"""
# They enter another step as if they came to it now.
PLACE = """
UPDATE journeys_enrollment e SET version_id = %s, node = v.node, resting = false, due_at = %s,
  until = NULL, listens = NULL, woke_by = '', errors = 0, error = '',
  lane = CASE WHEN e.lane = %s THEN e.lane ELSE %s END
FROM unnest(%s::bigint[], %s::text[]) v(id, node) WHERE e.id = v.id"""


class BadPlaces(ValueError):
    """Somebody shall go to a step that the version does not have; `node` is where they stand."""

    def __init__(self, node: str, place: str) -> None:
        super().__init__(f"{node}: there is no step {place!r}")
        self.node = node
        self.place = place


class Busy(Exception):
    """People of this journey are being moved already."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How many people stand at one step of one version."""

    version: int
    number: int
    node: str
    people: int


def standing(*, journey: Journey, target: Version) -> list[Standing]:
    """Return who stands where on other versions than the target."""
    rows = (
        Enrollment.objects
        .running()
        .filter(journey=journey)
        .exclude(version=target)
        .order_by("version__number", "node")
        .values_list("version", "version__number", "node")
        .annotate(people=Count("pk"))
    )
    return [Standing(*row) for row in rows]


def proposal(*, target: Version, nodes: Sequence[str]) -> dict[str, str]:
    """Return where people would stay: at the step of the same id, else on their old version."""
    known = target.graph["nodes"]
    return {node: node if node in known else STAY for node in nodes}


def begin(
    *, journey: Journey, target: Version, places: Mapping[str, str], at: datetime,
    by: User | None = None,
) -> Transfer:  # fmt: skip
    """Begin to move people; `step` does the work in bites.

    Args:
        journey: whose people.
        target: the version to move to.
        places: for each step where somebody stands: the id of a step of the target, "" to let them
            finish on their version, "!" to end their run.
        at: the moment.
        by: who decided it.

    Raises:
        BadPlaces: the target has no such step.
        Busy: people of this journey are being moved already.
    """
    for node, place in places.items():
        if place not in (STAY, OVER) and place not in target.graph["nodes"]:
            raise BadPlaces(node, place)
    moving = {node: place for node, place in places.items() if place != STAY}
    with transaction.atomic():
        Journey.objects.select_for_update().get(pk=journey.pk)
        if journey.transfers.filter(state=Transfer.State.RUNNING).exists():
            raise Busy(str(journey))
        Version.objects.filter(pk=target.pk).update(retired_at=None)
        people = (
            Enrollment.objects
            .running()
            .filter(journey=journey, node__in=moving)
            .exclude(version=target)
            .count()
        )
        return Transfer.objects.create(
            journey=journey, target=target, places=moving, total=people, started_at=at, by=by
        )


def step(*, at: datetime) -> int:
    """Move one bite of people of the oldest transfer; return how many were looked at.

    A killed worker repeats at most its last bite, which then finds nobody.
    """
    with transaction.atomic():
        found = (
            Transfer.objects
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("target")
            .filter(state=Transfer.State.RUNNING)
            .order_by("pk")
            .first()
        )
        if found is None:
            return 0
        rows = _bite(found)
        if not rows:
            found.state, found.finished_at = Transfer.State.DONE, at
        else:
            _move(found, rows, at)
            found.moved += len(rows)
            found.after_id = rows[-1][0]
        found.save(update_fields=["state", "finished_at", "moved", "after_id"])
    return len(rows)


def _bite(transfer: Transfer) -> list[tuple[int, str, bool, int]]:
    with raw_cursor() as cursor:
        found: list[tuple[int, str, bool, int]] = cursor.execute(
            BITE_OF,
            (
                transfer.journey_id, transfer.target_id, transfer.after_id,
                list(transfer.places), BITE,
            ),
        ).fetchall()  # fmt: skip
    return found


def _move(transfer: Transfer, rows: Sequence[tuple[int, str, bool, int]], at: datetime) -> None:
    graph = transfer.target.graph
    older = Version.objects.in_bulk({row[3] for row in rows})
    keep, place, over = [], [], []
    for pk, node, resting, version in rows:
        to = transfer.places[node]
        if to == OVER:
            over.append(pk)
        elif to == node and resting and _alike(older[version].graph, graph, node):
            keep.append((pk, "\x1f".join(listens_at(graph, node)) or None))
        else:
            place.append((pk, to))
    with raw_cursor() as cursor:
        if keep:
            columns = [array(column) for column in zip(*keep, strict=True)]
            cursor.execute(KEEP, [transfer.target_id, *columns])
        if place:
            columns = [array(column) for column in zip(*place, strict=True)]
            lanes = [int(Lane.PARKED), int(Lane.NORMAL)]
            cursor.execute(PLACE, [transfer.target_id, at, *lanes, *columns])
    if over:
        enroll.leave(enrollment_ids=over, at=at, outcome=OUTCOME)


def _alike(old: Mapping[str, Any], new: Mapping[str, Any], node: str) -> bool:
    """Return whether somebody who rests here may go on resting: the step is of the same kind."""
    before = old["nodes"].get(node, {})
    return bool(before.get("type") == new["nodes"][node]["type"])


def listens_at(graph: Mapping[str, Any], node: str) -> list[str]:
    """Return what somebody who rests at a node of a graph listens to."""
    own = graph["nodes"][node].get("listens", [])
    return sorted({*own, *graph["goals"], *graph["exits"]})
