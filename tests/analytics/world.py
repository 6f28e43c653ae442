"""Worlds of events, written as rows: what the fold would have left behind."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import psycopg
from django.db import connection, transaction

from customers import partitions

DAY = datetime(2024, 3, 1, tzinfo=UTC)
END = DAY + timedelta(days=1)
CONTEXT = ("campaign_source", "campaign_medium", "campaign_name")
INSERT = """
INSERT INTO customers_event
  (id, received_at, at, position, message_id, type, name, alias_id, profile_id, properties, context)
VALUES (nextval('customers_event_id'), %s, %s, 0, 'm', %s, %s, %s, %s, %s, %s)"""


def make_room(*moments: datetime) -> None:
    """Make the partitions that hold these moments."""
    with transaction.atomic():
        partitions.ensure(moments=moments or (DAY,))


def happen(
    profile: int,
    at: datetime,
    name: str = "Page Viewed",
    type: str = "page",
    alias: int | None = None,
    on: psycopg.Connection | None = None,
    received_at: datetime = DAY,
    **told,
) -> None:
    """Write one event; further arguments are its properties, or its campaign."""
    campaign = {key.removeprefix("campaign_"): told.pop(key) for key in CONTEXT if key in told}
    values = [
        received_at, at, type, name, alias or profile, profile, json.dumps(told),
        json.dumps({"campaign": campaign} if campaign else {}),
    ]  # fmt: skip
    if on is not None:
        on.execute(INSERT, values)
        return
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)


def tell(events) -> None:
    """Write the events of a measure's example."""
    for person, minute, kind, name, told in events:
        happen(person, DAY + timedelta(minutes=minute), name, kind, **told)
