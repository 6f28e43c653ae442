"""One database is migrated once and then copied for each parallel process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.template import fill, fingerprint

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


# Tests that kill processes or take the time: nobody may run beside them.
ALONE = ("tests/concurrency/", "tests/dxp/test_serve.py", "tests/house/test_doors.py")
COPY: dict[str, str] = {}


def pytest_collection_modifyitems(items):
    """Mark what has to run alone by where it lies."""
    for item in items:
        if item.nodeid.startswith(ALONE):
            item.add_marker(pytest.mark.alone)


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker):
    """Migrate one template database, copy it for this process."""
    import psycopg
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection, connections

    url = os.environ["DATABASE_URL"]
    mine = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}_{os.getpid()}"
    with django_db_blocker.unblock(), psycopg.connect(url, autocommit=True) as server:
        # The processes start at the same moment: the first makes the template, the others wait.
        server.execute("SELECT pg_advisory_lock(7321)")
        template = f"dxp_{fingerprint()}"
        if not server.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [template]
        ).fetchone():
            server.execute("DROP DATABASE IF EXISTS dxp_making")
            server.execute("CREATE DATABASE dxp_making")
            _use("dxp_making")
            fill(
                f"{url.rsplit('/', 1)[0]}/dxp_making",
                lambda: call_command("migrate", verbosity=0, interactive=False),
            )
            connections.close_all()
            server.execute(f'ALTER DATABASE dxp_making RENAME TO "{template}"')
        COPY.update(mine=mine, template=template)
        server.execute(f'CREATE DATABASE "{mine}" TEMPLATE "{template}"')
        server.execute("SELECT pg_advisory_unlock(7321)")
        _use(mine)
        Path(settings.VAR_DIR).mkdir(parents=True, exist_ok=True)
        yield
        connection.close()
        connections.close_all()
    # Anew: a test that restarts PostgreSQL ends every connection that was open.
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{mine}" WITH (FORCE)')


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """Copy the database anew after a test that committed.

    Its flush takes what migrations put there, such as the root page and the first sender.
    """
    marks = [mark.kwargs.get("transaction") for mark in item.iter_markers("django_db")]
    committed = any(marks) or {"transactional_db", "live_server"} & set(item.fixturenames)
    done = yield
    if marks:
        from customers import rollup

        # A test that had callbacks of a commit run, and then was rolled back.
        rollup._IDS.clear()
    if committed and COPY and nextitem is not None:
        import psycopg
        from django.db import connections

        from journeys import charts, compose

        # The copy gives the same numbers again to other versions and editions.
        charts.of.cache_clear()
        compose.targets.cache_clear()
        connections.close_all()
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{COPY["mine"]}" WITH (FORCE)')
            server.execute(f'CREATE DATABASE "{COPY["mine"]}" TEMPLATE "{COPY["template"]}"')
    return done


def _use(name: str) -> None:
    from django.conf import settings
    from django.db import connections

    connections.close_all()
    settings.DATABASES["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name


@pytest.fixture(autouse=True)
def _fresh_redis(request):
    """Start each test that touches the database with an empty Redis of its own."""
    if "django_db" in [mark.name for mark in request.node.iter_markers()] or "db" in (
        request.fixturenames
    ):
        from dxp.lib import hints

        hints.client().flushdb()


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
