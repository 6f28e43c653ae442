"""Run one benchmark, or one real data set, on servers and a database of its own."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

HERE = Path(__file__).resolve().parent
DATA = HERE.parent.parent / "shared" / "data"


def main() -> int:
    """Read the command, run it, and print its table and one JSON line."""
    words = sys.argv[1:]
    of_data = words[:1] == ["data"]
    found = names("data_") if of_data else [one for one in names() if not one.startswith("data_")]
    parser = argparse.ArgumentParser(prog="python -m benchmarks" + (" data" if of_data else ""))
    parser.add_argument("name", choices=found, help="what to measure")
    if of_data:
        parser.add_argument("--data", type=Path, help="the set's folder, or another of its schema")
    else:
        parser.add_argument("--quick", action="store_true", help="smaller, for a first look")
    chosen = parser.parse_args(words[1:] if of_data else words)
    with house():
        if of_data:
            folder = chosen.data or DATA / chosen.name
            if not folder.is_dir():
                parser.error(f"there is no folder {folder}; name one by --data")
            figures = module(f"data_{chosen.name}").run(folder)
            figures = figures.line() if hasattr(figures, "line") else figures
        else:
            result = module(chosen.name).run(chosen.quick)
            for name, told in getattr(result, "table", []):
                print(f"{name:<58} {told:>14}")
            figures = result.line() if hasattr(result, "line") else result
    print(json.dumps(figures, default=str))
    return 0


def names(prefix: str = "") -> list[str]:
    """Return the benchmarks that lie in this folder."""
    found = sorted(file.stem for file in HERE.glob(f"{prefix}*.py") if file.stem[0] != "_")
    return [one.removeprefix(prefix) for one in found]


def module(name: str) -> Any:
    """Return a benchmark's module."""
    # Names come from this folder's own files.
    return importlib.import_module(f"benchmarks.{name}")  # noqa: TID251


@contextmanager
def house() -> Iterator[None]:
    """Provide servers where the environment names none, an empty database, and Django."""
    from dxp import embedded

    folder = Path(tempfile.mkdtemp(prefix="dxp-benchmark-"))
    with ExitStack() as after:
        after.callback(shutil.rmtree, folder, ignore_errors=True)
        os.environ.setdefault("VAR_DIR", str(folder / "var"))
        if not os.environ.get("DATABASE_URL"):
            # Durable, as in production: the disk's share belongs to the figure.
            server = embedded.start_postgres(folder / "postgres")
            after.callback(server.stop)
            os.environ["DATABASE_URL"] = server.url
        if not os.environ.get("REDIS_URL"):
            server = embedded.start_redis(folder / "redis")
            after.callback(server.stop)
            os.environ["REDIS_URL"] = server.url
        after.enter_context(database())
        yield


@contextmanager
def database() -> Iterator[None]:
    """Make a database for this run, migrate it, and drop it at the end."""
    import psycopg

    url = os.environ["DATABASE_URL"]
    name = f"dxp_benchmark_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    os.environ["DATABASE_URL"] = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "dxp.settings.test"
    try:
        import django
        from django.core.management import call_command
        from django.db import connections

        django.setup()
        call_command("migrate", verbosity=0, interactive=False)
        yield
        connections.close_all()
    finally:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


if __name__ == "__main__":
    sys.exit(main())
