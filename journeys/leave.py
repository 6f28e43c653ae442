"""Take people out of their journeys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from dxp.lib.rows import array, raw_cursor

HOLD = """
SELECT id FROM journeys_enrollment WHERE id = ANY(%s::bigint[]) AND ended_at IS NULL
ORDER BY id FOR UPDATE"""
LEAVE = """
WITH gone AS (
  UPDATE journeys_enrollment e SET ended_at = %(at)s, outcome = %(outcome)s, due_at = NULL,
    listens = NULL, woke_by = '', until = NULL, resting = false, seq = e.seq + 1
  WHERE e.id = ANY(%(runs)s::bigint[])
  RETURNING e.id, e.profile_id, e.journey_id, e.version_id, e.seq, e.node
), walked AS (
  INSERT INTO journeys_step (enrollment_id, seq, node, outcome, why, at)
  SELECT id, seq, node, %(outcome)s, '', %(at)s FROM gone
), counted AS (
  INSERT INTO journeys_tally (version_id, node, outcome, passed)
  SELECT version_id, node, %(outcome)s, count(*) FROM gone GROUP BY version_id, node
)
INSERT INTO journeys_notice (profile_id, name, properties, message_id, at)
SELECT g.profile_id, 'Journey Exited', jsonb_build_object('journey', j.name, 'journey_id', j.id,
  'outcome', %(outcome)s::text), 'journey-exited:' || g.id, %(at)s
FROM gone g JOIN journeys_journey j ON j.id = g.journey_id ORDER BY g.id"""


def leave(*, enrollment_ids: Sequence[int], at: datetime, outcome: str = "removed") -> int:
    """Take people out of their journeys where they stand; return how many."""
    with transaction.atomic(), raw_cursor() as cursor:
        wanted = array(enrollment_ids)
        held = cursor.execute(HOLD, [wanted]).fetchall()
        cursor.execute(
            LEAVE,
            {"at": at, "outcome": outcome, "runs": array(row[0] for row in held)},
        )
    return len(held)
