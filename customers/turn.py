"""One at a time: whoever changes whose a name is takes the fold's turn first."""

from __future__ import annotations

from dxp.lib import rows

TURN = "customers.fold"


def take() -> None:
    """Wait for the turn, and keep it until the end of the transaction."""
    with rows.raw_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [TURN])
