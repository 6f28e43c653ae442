"""A committed world: sealing looks at transactions, so that no test here runs inside one."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from analytics.collect import Lake
from customers.models import Source
from dxp.lib import hints
from tests.analytics import world

TABLES = (
    "customers_event, analytics_chunk, analytics_damage, analytics_erasedalias, customers_alias,"
    " customers_profile, customers_source, customers_inbox"
)


def empty() -> Lake:
    """Return a lake without a file."""
    folder = Path(settings.LAKE_DIR)
    shutil.rmtree(folder, ignore_errors=True)
    return Lake(folder, threads=1)


@contextmanager
def committed():
    """Leave nobody, no event and no month of events behind of what is committed meanwhile.

    The sources that migrations made stay: others rely on them.
    """
    hints.client().flushdb()
    sources, before = list(Source.objects.all()), months()
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES} CASCADE")
        for month in months() - before:
            cursor.execute(f"DROP TABLE {month}")
    Source.objects.bulk_create(sources)
    shutil.rmtree(Path(settings.LAKE_DIR), ignore_errors=True)
    connection.close()


def months() -> set[str]:
    """Return the parts of the event table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'customers_event'::regclass"
        )
        return {name for (name,) in cursor.fetchall()}


@pytest.fixture
def lake(django_db_setup, django_db_blocker):
    """Yield an empty lake over an empty event table, with a month to write to."""
    with django_db_blocker.unblock(), committed():
        world.make_room()
        yield Lake(Path(settings.LAKE_DIR), threads=1)


@pytest.fixture
def other():
    """Yield a connection beside Django's, in a transaction of its own."""
    kept = connection.settings_dict
    with psycopg.connect(
        host=kept["HOST"], port=kept["PORT"], user=kept["USER"], password=kept["PASSWORD"] or None,
        dbname=kept["NAME"],
    ) as beside:  # fmt: skip
        yield beside
        beside.rollback()
