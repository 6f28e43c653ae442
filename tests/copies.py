"""The databases of one test process: copies of the migrated one, and of worlds that stand in it.

A world is what many tests begin with, such as a site with its pages. It is built once, committed
to a copy of its own; a test that asks for it stands on that copy and rolls back what it adds.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import psycopg

# What builds a world, by the name of the fixture that asks for it.
WORLDS: dict[str, Callable[[], object]] = {}


class Copies:
    """Copies of a migrated database; tests stand on one of them."""

    def __init__(self) -> None:
        self.plain = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}_{os.getpid()}"
        self.template = self.wanted = self.used = ""
        self.made: set[str] = set()

    def begin(self, template: str) -> None:
        """Copy this database from now on."""
        self.template = template
        self.stand_on(self.wanted)

    def stand_on(self, world: str) -> None:
        """Let Django use the copy of a world, or the plain one (""), from the beginning on."""
        self.wanted = world
        name = f"{self.plain}_{world}" if world else self.plain
        if not self.template or name == self.used:
            return
        if name not in self.made:
            self._copy(name)
        use(name)
        self.used = name
        if world and name not in self.made:
            WORLDS[world]()
        self.made.add(name)

    def anew(self) -> None:
        """Forget what a test committed."""
        if self.template:
            use(self.plain)
            self._copy(self.plain)

    def drop(self) -> None:
        """Leave nothing."""
        use(self.plain)
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
            for name in self.made:
                server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _copy(self, name: str) -> None:
        # By a connection of its own: a test that restarts PostgreSQL ends all that are open.
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            server.execute(
                f'CREATE DATABASE "{name}" TEMPLATE "{self.template}" STRATEGY FILE_COPY'
            )


def use(name: str) -> None:
    """Let Django use a database of the tests' server; it may hold the same numbers for others."""
    from django.conf import settings
    from django.db import connections

    from journeys import charts, compose

    connections.close_all()
    settings.DATABASES["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name
    charts.of.cache_clear()
    compose.targets.cache_clear()
