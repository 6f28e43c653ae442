"""A committed world: sealing looks at transactions, so that no test here runs inside one."""

from __future__ import annotations

import shutil
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


def clear(sources: list[Source]) -> None:
    """Leave nobody and no event; the sources that migrations made are what others rely on."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES} CASCADE")
    Source.objects.bulk_create(sources)


@pytest.fixture
def lake(django_db_setup, django_db_blocker):
    """Yield an empty lake over an empty event table, with a month to write to."""
    folder = Path(settings.LAKE_DIR)
    with django_db_blocker.unblock():
        hints.client().flushdb()
        world.make_room()
        sources = list(Source.objects.all())
        yield Lake(folder, threads=1)
        clear(sources)
        shutil.rmtree(folder, ignore_errors=True)
        connection.close()


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
