"""One database is migrated once and then copied for each parallel process."""

from __future__ import annotations

import gc
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import ALONE
from tests.copies import WORLDS, Copies, use
from tests.template import fill, fingerprint

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


COPIES = Copies()


def pytest_collection_modifyitems(items):
    """Mark what has to run alone by where it lies."""
    for item in items:
        if item.nodeid.startswith(ALONE):
            item.add_marker(pytest.mark.alone)


def pytest_collection_finish():
    """Search for garbage less often, and never in what was imported: a quarter million things."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker):
    """Migrate one template database, copy it for this process."""
    from django.conf import settings
    from django.test import TransactionTestCase

    # Who commits leaves a database that is copied anew: to empty 200 tables first takes seconds.
    TransactionTestCase._fixture_teardown = lambda case: None
    with django_db_blocker.unblock():
        COPIES.begin(_template())
        Path(settings.VAR_DIR).mkdir(parents=True, exist_ok=True)
        yield
        COPIES.drop()


def _template() -> str:
    """Return the name of the migrated database, with the months that most tests write to."""
    import psycopg
    from django.core.management import call_command
    from django.db import connections

    from customers import partitions

    url, name = os.environ["DATABASE_URL"], f"dxp_{fingerprint()}"
    with psycopg.connect(url, autocommit=True) as server:
        # The processes start at the same moment: the first makes the template, the others wait.
        server.execute("SELECT pg_advisory_lock(7321)")
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            server.execute("DROP DATABASE IF EXISTS dxp_making")
            server.execute("CREATE DATABASE dxp_making")
            use("dxp_making")
            fill(
                f"{url.rsplit('/', 1)[0]}/dxp_making",
                lambda: call_command("migrate", verbosity=0, interactive=False),
            )
            partitions.ensure(moments=[NOON, datetime.now(UTC)])
            connections.close_all()
            server.execute(f'ALTER DATABASE dxp_making RENAME TO "{name}"')
    return name


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Let a test stand on the world that it asks for; who commits builds a world of its own."""
    asked = set() if _commits(item) else WORLDS.keys() & set(item.fixturenames)
    COPIES.stand_on(next(iter(asked), ""))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """Copy the database anew after a test that committed."""
    done = yield
    if item.get_closest_marker("django_db"):
        from customers import rollup

        # A test that had callbacks of a commit run, and then was rolled back.
        rollup._IDS.clear()
    if _commits(item) and nextitem is not None:
        COPIES.anew()
    return done


def _commits(item) -> bool:
    marks = [mark.kwargs.get("transaction") for mark in item.iter_markers("django_db")]
    asked = {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return any(marks) or bool(asked)


@pytest.fixture(autouse=True)
def _fresh_redis(request):
    """Start each test that touches the database with an empty Redis of its own."""
    if "django_db" in [mark.name for mark in request.node.iter_markers()] or "db" in (
        request.fixturenames
    ):
        from dxp.lib import hints, near

        hints.client().flushdb()
        near.changed()


@pytest.fixture
def dataset():
    """Return the folder of real data sets; skip where it is missing, fail where CI is set."""

    def folder(name: str) -> Path:
        found = DATA / name
        if not found.exists():
            if os.environ.get("CI"):
                pytest.fail(f"The data set {name} is missing beside the checkout.")
            pytest.skip(f"The data set {name} is not beside the checkout.")
        return found

    return folder


@pytest.fixture
def journey(db):
    """Return a time machine for journeys: `journey.draw(…).enter("ana").after(days=2).sent(…)`."""
    from tests.journeys.time_machine import TimeMachine

    return TimeMachine()
