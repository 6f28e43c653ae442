"""Real servers for a test run: PostgreSQL and Valkey are started, used and thrown away.

A pytest plugin and not a part of conftest, because Django's settings are read before that.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

from dxp import embedded
from tests import memory


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


def _is_parallel() -> bool:
    return any(word == "-n" or word.startswith("--numprocesses") for word in sys.argv)


memory.use()
# Each of pytest-xdist's processes has servers of its own: the lake's tests watch the oldest
# transaction of the whole cluster, which anybody beside them would hold back.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.pop("DATABASE_URL", None)
    os.environ.pop("REDIS_URL", None)
    _start_servers()
elif not _is_parallel():
    _start_servers()
