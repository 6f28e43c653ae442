"""How many runs passed each step: what batches add, and summing it up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Sum

from dxp.lib.rows import advisory_lock, array, raw_cursor
from journeys.models import Tally

COUNT = """
INSERT INTO journeys_tally (version_id, node, outcome, passed)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[])"""
# Only sums that consist of several rows are written anew.
SUM_UP = """
WITH many AS (
  SELECT version_id, node, outcome FROM journeys_tally GROUP BY 1, 2, 3 HAVING count(*) > 1
), gone AS (
  DELETE FROM journeys_tally t USING many m
  WHERE t.version_id = m.version_id AND t.node = m.node AND t.outcome = m.outcome
  RETURNING t.version_id, t.node, t.outcome, t.passed
)
INSERT INTO journeys_tally (version_id, node, outcome, passed)
SELECT version_id, node, outcome, sum(passed) FROM gone GROUP BY 1, 2, 3"""


def count(cursor: Any, passed: Mapping[tuple[int, str, str], int]) -> None:
    """Add how many runs passed a version's nodes, by outcome."""
    rows = [(*key, times) for key, times in passed.items()]
    if rows:
        cursor.execute(COUNT, [array(column) for column in zip(*rows, strict=True)])


def passed(*, versions: list[int]) -> dict[tuple[int, str, str], int]:
    """Return how many runs passed each node of these versions, by outcome."""
    found = Tally.objects.filter(version__in=versions).values_list("version", "node", "outcome")
    return {(version, node, outcome): n for version, node, outcome, n in found.annotate(
        n=Sum("passed")
    )}  # fmt: skip


@transaction.atomic
def sum_up() -> None:
    """Put together what batches added."""
    # Two at once would each keep what the other has put together.
    if advisory_lock("journeys.tally"):
        with raw_cursor() as cursor:
            cursor.execute(SUM_UP)
