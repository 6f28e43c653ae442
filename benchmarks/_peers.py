"""wagtail-personalisation's page of the same content, in an environment made on demand."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from benchmarks._web import ROOT, Web

PLACE = ROOT / "var" / "peers"
LOCK = ROOT / "requirements-peers.lock"
_failure: list[str] = []


def why_not() -> str:
    """Return why there is nobody beside us; empty where there is."""
    return _failure[-1] if _failure else ""


@contextmanager
def site() -> Iterator[Web | None]:
    """Serve the page; None where its environment cannot be made, as on a machine without a net."""
    place = Path(os.environ.get("PEERS_VENV") or PLACE)
    name = f"dxp_peer_{os.getpid()}"
    url = urlsplit(os.environ["DATABASE_URL"])
    told = {"PEER_DATABASE_URL": urlunsplit(url._replace(path=f"/{name}"))}
    told["DJANGO_SETTINGS_MODULE"] = "benchmarks.peers.settings"
    with psycopg.connect(urlunsplit(url), autocommit=True) as server:
        try:
            _make(place)
            server.execute(f'CREATE DATABASE "{name}"')
            _run([str(place / "bin" / "python"), "-m", "benchmarks.peers.build"], told)
        except (OSError, subprocess.CalledProcessError) as error:
            _failure.append(f"not measured: {str(getattr(error, 'stderr', '') or error)[-300:]}")
            yield None
            return
        try:
            with Web(
                "benchmarks.peers.wsgi:application", environment=told,
                program=str(place / "bin" / "granian"),
            ) as web:  # fmt: skip
                yield web
        finally:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _make(place: Path) -> None:
    if (place / "bin" / "granian").exists():
        return
    uv = str(Path(sys.executable).parent / "uv")
    _run([uv, "venv", "--quiet", str(place)], {})
    python = str(place / "bin" / "python")
    _run(
        [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", str(LOCK)],
        {},
    )


def _run(command: list[str], environment: dict[str, str]) -> None:
    subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, check=True, capture_output=True,
        text=True,
    )  # fmt: skip
