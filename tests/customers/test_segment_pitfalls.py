"""What other platforms got wrong with segments: one promise each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from customers import match, rules
from customers.models import EventDay, Profile
from customers.rollup import plain_ids

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
PEOPLE = 30_000


def lapsed():
    """Active 30 to 90 days ago, and not since."""
    came = {"op": "event", "matcher": {"event": "Page Viewed"}, "metric": "count", "cmp": "gte",
            "value": 1}  # fmt: skip
    return rules.parse({"v": 1, "root": {"op": "and", "of": [
        {**came, "window": {"between": [30, 90, "days"]}},
        {"op": "not", "of": {**came, "window": {"last": [30, "days"]}}},
    ]}})  # fmt: skip


class TestPitfall14:
    def test_pitfall_14_little_memory_still_finishes(self, db, monkeypatch):
        """A NOT IN over groups ran for more than a minute once its hash no longer fitted."""
        day = match.today(AT)
        number = plain_ids(names=["Page Viewed"])["Page Viewed"]
        Profile.objects.bulk_create(
            (Profile(bucket=i % 1024, created_at=AT, last_seen_at=AT) for i in range(PEOPLE)),
            batch_size=5000,
        )
        with connection.cursor() as cursor:
            # Everybody came twice in the last four months; how long ago differs.
            cursor.execute(
                "INSERT INTO customers_eventday "
                "(profile_id, matcher_id, day, n, amount, first_at, last_at) "
                "SELECT id, %s, %s::date - ago, 1, 0, %s, %s FROM customers_profile, "
                "LATERAL (VALUES ((id %% 60)::int), (60 + (id %% 59)::int)) AS t(ago)",
                [number, day, AT, AT],
            )
            cursor.execute("ANALYZE customers_eventday, customers_profile")
        monkeypatch.setattr(match, "SETTINGS", "SET LOCAL work_mem = '1MB'")

        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '10s'")
            found = match.everybody(lapsed(), at=AT)

        first, last = day - timedelta(days=89), day - timedelta(days=30)
        came = EventDay.objects.values_list("profile_id", flat=True)
        truth = set(came.filter(day__range=(first, last))) - set(came.filter(day__gt=last))
        assert {one.profile_id for one in found if one.inside} == truth
        assert 0.2 < len(truth) / PEOPLE < 0.8
