"""A folder in memory for what a test run throws away.

There a database is copied in a thirtieth of the time that it takes on a disk, and hundreds are.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

SHARED = Path("/dev/shm")
NAME = "dxp-tests-"
# A whole run keeps half a gigabyte there; the rest is for the programs that it starts.
NEEDED = 4 * 1024**3


def use() -> None:
    """Have temporary files written there, if it is there, has room, and nobody chose a place."""
    if "TMPDIR" in os.environ or not _has_room():
        return
    for left in SHARED.glob(f"{NAME}*"):
        # Of a run that was killed.
        if not Path("/proc", left.name.removeprefix(NAME)).exists():
            shutil.rmtree(left, ignore_errors=True)
    me = os.getpid()
    folder = SHARED / f"{NAME}{me}"
    folder.mkdir(mode=0o711)
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None

    def remove() -> None:
        if os.getpid() == me:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)


def _has_room() -> bool:
    try:
        free = shutil.disk_usage(SHARED).free
        known = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        available = int(known["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return False
    return min(free, available, _allowed()) >= NEEDED and os.access(SHARED, os.W_OK)


def _allowed() -> int:
    """Return how much memory a container's group may have."""
    try:
        told = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return NEEDED
    return NEEDED if told == "max" else int(told)
