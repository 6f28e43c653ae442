"""Real servers for a test run: PostgreSQL and Valkey are started, used and thrown away.

A pytest plugin and not a part of conftest, because Django's settings are read before that.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from dxp import embedded


def _start_servers() -> None:
    folder = Path(tempfile.mkdtemp(prefix="dxp-tests-"))
    os.environ["VAR_DIR"] = str(folder / "var")
    servers = []
    if not os.environ.get("DATABASE_URL"):
        servers.append(embedded.start_postgres(folder / "postgres", durable=False))
        os.environ["DATABASE_URL"] = servers[-1].url
    if not os.environ.get("REDIS_URL"):
        servers.append(embedded.start_redis(folder / "redis"))
        os.environ["REDIS_URL"] = servers[-1].url
    me = os.getpid()

    def stop() -> None:
        if os.getpid() == me:
            for server in reversed(servers):
                server.stop()
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)


# pytest-xdist's processes inherit the first one's servers.
if "PYTEST_XDIST_WORKER" not in os.environ and "DXP_TEST_SERVERS" not in os.environ:
    _start_servers()
    os.environ["DXP_TEST_SERVERS"] = "1"
