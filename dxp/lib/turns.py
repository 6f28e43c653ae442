"""A few may work at once on this machine: places that are files, locked while they are taken.

The kernel lets go of a lock when its process dies, so that nobody's death costs a place.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

LOOK_SECONDS = 0.02


class Turn:
    """One place, ours until it is released."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def release(self) -> None:
        """Let the next one in; a second time does nothing."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def __enter__(self) -> Turn:
        return self

    def __exit__(self, *_error: object) -> None:
        self.release()


def take(
    folder: Path, *, places: int, patience: float, still: Callable[[], bool] = lambda: True
) -> Turn | None:
    """Return a place as soon as one is free, or None where none was for so many seconds.

    Args:
        folder: where the places lie; whoever names the same folder shares them.
        places: how many there are.
        patience: how many seconds to wait.
        still: asked meanwhile; waiting ends when it says no.
    """
    folder.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + patience
    while True:
        for number in range(places):
            handle = os.open(folder / f"{number}.turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(handle)
            else:
                return Turn(handle)
        if time.monotonic() >= until or not still():
            return None
        time.sleep(LOOK_SECONDS)
