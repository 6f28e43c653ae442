"""Put versions aside that nobody walks any more: events need not be held up against them."""

from __future__ import annotations

from datetime import datetime, timedelta

from dxp.lib.rows import raw_cursor

# Longer than any transaction may last that let somebody in while the version was current.
SETTLED = timedelta(hours=1)
RETIRE = """
UPDATE journeys_version v SET retired_at = %(at)s FROM journeys_journey j
WHERE j.id = v.journey_id AND v.retired_at IS NULL AND j.current_id <> v.id
  AND j.changed_at < %(settled)s AND NOT EXISTS (
    SELECT 1 FROM journeys_enrollment e
    WHERE e.journey_id = v.journey_id AND e.version_id = v.id AND e.ended_at IS NULL)"""


def retire(*, at: datetime) -> int:
    """Retire versions that are not current and have nobody on them; return how many."""
    with raw_cursor() as cursor:
        cursor.execute(RETIRE, {"at": at, "settled": at - SETTLED})
        return int(cursor.rowcount)
