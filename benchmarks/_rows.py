"""Events written as rows, as many at once as a file holds: what the fold would have left behind."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction

from customers import partitions

COLUMNS = "received_at, at, position, message_id, type, name, alias_id, profile_id, properties"
# Person, moment, name, properties.
Told = tuple[int, datetime, str, dict[str, Any]]


def write(events: Iterable[Told], *, received_at: datetime) -> int:
    """Write events in one transaction, and return how many there were."""
    n = 0
    with transaction.atomic(), connection.cursor() as cursor:
        partitions.ensure(moments=[received_at])
        with cursor.copy(f"COPY customers_event (id, {COLUMNS}, context) FROM STDIN") as copy:
            for n, (person, at, name, told) in enumerate(events, 1):
                copy.write_row((
                    n, received_at, at, 0, str(n), "track", name, person, person,
                    orjson.dumps(told).decode(), "{}",
                ))  # fmt: skip
    return n
