"""Ninety days of a shop in PostgreSQL and in the lake, a file a day, and a hot tail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from analytics import collect
from analytics.collect import Lake
from analytics.models import Chunk
from customers import partitions

END = datetime(2026, 4, 1, tzinfo=UTC)
DAYS = 90
TAIL = 10_000

# Some people do much and most do little. Of a hundred events 33 are views of 500 pages, 8 begin a
# visit from one of eight channels, 1.5 are orders.
EVENTS = """
INSERT INTO customers_event (id, received_at, at, position, message_id, type, name, alias_id,
  profile_id, properties, context)
SELECT nextval('customers_event_id'), moment, moment, 0, 'b' || n,
  CASE WHEN kind < 33 THEN 'page' ELSE 'track' END,
  CASE WHEN kind < 33 THEN 'Page Viewed' WHEN kind < 41 THEN 'Session Started'
    WHEN kind < 70 THEN 'Product Viewed' WHEN kind < 78 THEN 'Product Added'
    WHEN kind < 79.5 THEN 'Order Completed' WHEN kind < 85 THEN 'Searched' ELSE 'Scrolled' END,
  person, person,
  CASE WHEN kind < 33 THEN
      jsonb_build_object('path', '/p/' || (page * 500)::int, 'title', 'Page ' || (page * 500)::int)
    WHEN kind >= 78 AND kind < 79.5 THEN jsonb_build_object('revenue', round(worth::numeric, 2))
    WHEN kind >= 79.5 AND kind < 85 THEN jsonb_build_object('query', 'term ' || (page * 900)::int)
    ELSE jsonb_build_object('product', (page * 2000)::int) END,
  CASE WHEN kind < 41 THEN jsonb_build_object('campaign', jsonb_build_object('source', channel))
    ELSE '{}' END
FROM (SELECT n, %(start)s::timestamptz + random() * %(span)s::interval AS moment,
  random() * 100 AS kind, 1 + floor(power(random(), 2) * %(people)s)::bigint AS person,
  power(random(), 3) AS page, 5 + exp(random() * 5) AS worth,
  (ARRAY['email', 'ads', 'search', 'social', 'news', 'partner', 'push', 'shop'])[
    1 + (n %% 8)] AS channel
  FROM generate_series(1, %(n)s) n) made"""
# One person in five is Spanish; one in fifty was found out to be another.
PEOPLE = """
INSERT INTO customers_profile (id, public_id, bucket, state, is_known, traits, created_at,
  last_seen_at)
SELECT n, gen_random_uuid(), n %% 1024, 'ACTIVE', false, jsonb_build_object('country',
  (ARRAY['ES', 'RO', 'IT', 'FR', 'DE'])[1 + (n %% 5)]), now(), now()
FROM generate_series(1, %(people)s) n"""
OWNERS = """
WITH named AS (
  INSERT INTO customers_alias (id, kind, value, home_profile_id, profile_id, first_seen_at)
  SELECT n, 'user', 'b' || n, n, n - 1, now() FROM generate_series(50, %(people)s, 50) n
  RETURNING id, profile_id
)
INSERT INTO customers_aliasoverride (alias_id, profile_id, stamps, changed_at)
SELECT id, profile_id, ARRAY[id, profile_id], now() FROM named"""


def fill(lake: Lake, size: int) -> None:
    """Write so many events and the people they belong to, sealed but for a tail."""
    told: dict[str, Any] = {"people": size // 10, "n": size // DAYS, "span": "1 day"}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE customers_event, customers_profile, analytics_chunk CASCADE")
        partitions.ensure(moments=[END - timedelta(days=day) for day in range(0, DAYS + 31, 15)])
        cursor.execute(PEOPLE, told)
        cursor.execute(OWNERS, told)
        for table in ("customers_profile", "customers_alias"):
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, told["people"]]
            )
    for day in range(DAYS, 0, -1):
        start = END - timedelta(days=day)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(EVENTS, {**told, "start": start})
        # Days of the events' own, so that no file is merged with its neighbor.
        collect.seal(lake=lake, at=start)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_event, customers_profile, customers_aliasoverride")
        cursor.execute(
            EVENTS, {**told, "n": TAIL, "start": END - timedelta(hours=1), "span": "1 hour"}
        )


def files(lake: Lake) -> list[str]:
    """Return where the sealed events lie."""
    paths = Chunk.objects.filter(retired_at=None).values_list("path", flat=True)
    return [str(lake.local(path)) for path in paths]
