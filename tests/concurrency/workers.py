"""Processes that do one thing until somebody kills them."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time

from django.db import connection, connections

ACTS = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'"""


class Workers:
    """Forked processes that repeat a job; `kill_some` kills and replaces them at random moments."""

    def __init__(self, *jobs):
        self.context = multiprocessing.get_context("fork")
        self.jobs = list(jobs)
        self.running = [self._start(job) for job in self.jobs]
        self.kills = 0

    def _start(self, job):
        # A forked child must not use its parent's connections.
        connections.close_all()
        process = self.context.Process(target=_repeat, args=(job,), daemon=True)
        process.start()
        return process

    def kill_some(self, times, *, least=0.05, most=0.3, seed=7):
        dice = random.Random(seed)
        for _ in range(times):
            time.sleep(dice.uniform(least, most))
            place = dice.randrange(len(self.running))
            os.kill(self.running[place].pid, signal.SIGKILL)
            self.running[place].join()
            self.running[place] = self._start(self.jobs[place])
            self.kills += 1

    def stop(self):
        for process in self.running:
            process.kill()
            process.join()
        _wait_for_their_servers()


def _repeat(job):
    from dxp.lib import hints

    hints.client.cache_clear()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while True:
        try:
            job()
        except Exception:  # noqa: BLE001 - a deadlock or a lost connection: the next round goes on
            connections.close_all()
        time.sleep(0.001)


def _wait_for_their_servers(patience=20):
    """PostgreSQL learns a moment later that somebody is dead, and keeps their locks till then."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(ACTS)
            if not cursor.fetchone()[0]:
                return
        time.sleep(0.02)
