"""Tell the worker that events wait, without letting the sender wait for Redis."""

from __future__ import annotations

import os
import threading
import time

from customers.tasks import FOLD
from dxp.lib import hints

# Hints within this time are one.
PAUSE = 0.02


class Nudge:
    """One thread of this process sends the hints; a request only raises a flag."""

    def __init__(self, task: str) -> None:
        self.task = task
        self.wanted = threading.Event()
        self.process = 0

    def __call__(self) -> None:
        if self.process != os.getpid():
            # Threads do not survive a fork: each web process starts its own.
            self.process = os.getpid()
            self.wanted = threading.Event()
            threading.Thread(target=self._run, name="nudge", daemon=True).start()
        self.wanted.set()

    def _run(self) -> None:
        while True:
            self.wanted.wait()
            self.wanted.clear()
            hints.now(self.task)
            time.sleep(PAUSE)


nudge = Nudge(FOLD)
