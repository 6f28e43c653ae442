"""A page's questions: what takes long goes on by itself, and the page comes back for its answer.

A page that is being waited for is asked as of one moment, and what it has been told already is
kept for it; else a busy site would be computed anew at every look. Answers travel through Redis, so
that any process may show the page. A process that dies says nothing any more: the next look asks
again.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from datetime import datetime
from typing import Any

import orjson
import redis
from django.db import connection
from django.utils.translation import gettext as _

from analytics import query
from analytics.collect import Lake
from analytics.desk import runs
from analytics.desk.runs import KEPT_SECONDS, Run, leave
from analytics.measures.base import Measure
from analytics.query import Busy, Table
from customers import rules
from dxp.lib import hints

# How long a page makes somebody wait before it says so.
PATIENCE = 2.0
STOPPED = b"stopped"


class Pending(Exception):
    """The page has to wait: `page` names it, `progress` is 0 to 1, or None where nobody knows."""

    def __init__(self, page: str, at: datetime, progress: float | None) -> None:
        super().__init__(page)
        self.page = page
        self.at = at
        self.progress = progress


class Desk:
    """One person's view of one page: its questions, as of one moment."""

    def __init__(
        self, *, lake: Lake, page: str, at: datetime, patience: float | None = None
    ) -> None:
        """Open a page, or come back to it.

        Args:
            lake: where the files lie.
            page: names the person and the page with everything that was asked of it.
            at: the moment; a page that was being waited for keeps that of its first look.
            patience: how many seconds all its questions together may take before it waits.
        """
        self.lake = lake
        self.page = hashlib.sha256(page.encode()).hexdigest()
        self.was_stopped = False
        self.is_back = False
        self.at = at
        self._until = time.monotonic() + (PATIENCE if patience is None else patience)
        self._answers: dict[str, Table] = {}
        with contextlib.suppress(redis.RedisError):
            kept = hints.client().get(f"desk:page:{self.page}")
            if kept == STOPPED:
                hints.client().delete(f"desk:page:{self.page}")
                self.was_stopped = True
            elif isinstance(kept, bytes):
                self.is_back, self.at = True, datetime.fromisoformat(orjson.loads(kept)["at"])

    def ask(self, measure: Measure, *, who: rules.Node | None = None, **parameters: Any) -> Table:
        """Return a measure's answer.

        Raises:
            Pending: it takes longer; look again in a moment.
            Busy: there is none just now.
        """
        asked = {"at": self.at, "who": who, **parameters}
        # Only the caller's own transaction sees what was written in it.
        if connection.in_atomic_block:
            return query.ask(measure, lake=self.lake, **asked)
        number = self._number(measure, asked)
        table = self._find(number, measure) or self._compute(number, measure, asked)
        self._answers[number] = table
        return table

    def close(self) -> None:
        """Say that the page was shown: the next look is a new one."""
        if self.is_back:
            with contextlib.suppress(redis.RedisError):
                hints.client().delete(f"desk:page:{self.page}")

    def _number(self, measure: Measure, asked: dict[str, Any]) -> str:
        told = [self.page, measure.name, repr(sorted(asked.items(), key=lambda one: one[0]))]
        return hashlib.sha256(orjson.dumps(told)).hexdigest()

    def _find(self, number: str, measure: Measure) -> Table | None:
        """Return what was left for this page, waiting a little where somebody is at it."""
        if not self.is_back:
            return None
        while runs.running(number) is None:
            try:
                kept, alive = hints.client().mget(f"desk:done:{number}", f"desk:alive:{number}")
            except redis.RedisError:
                return None
            if kept is not None:
                return self._taken(orjson.loads(kept), measure)
            if alive is None:
                return None
            if time.monotonic() >= self._until:
                raise self._pending(number, orjson.loads(alive))
            time.sleep(0.1)
        return None

    def _taken(self, kept: dict[str, Any], measure: Measure) -> Table:
        if "failed" in kept:
            self.close()
            raise Busy(kept["failed"])
        rows = [tuple(row) for row in kept["rows"]]
        as_of = datetime.fromisoformat(kept["as_of"])
        return Table(measure, rows, as_of, kept["engine"], kept["tail"], kept["whole"])

    def _compute(self, number: str, measure: Measure, asked: dict[str, Any]) -> Table:
        run = runs.running(number)
        if run is None:
            begun = self._begin(number, measure, asked)
            if isinstance(begun, Table):
                return begun
            run = begun
        if not run.done.wait(max(0.0, self._until - time.monotonic())):
            self._put_off(run)
        if isinstance(run.outcome, Table):
            return run.outcome
        self.close()
        raise run.outcome or Busy(_("The question could not be answered."))

    def _begin(self, number: str, measure: Measure, asked: dict[str, Any]) -> Table | Run:
        left = self._until - time.monotonic()
        turn = None
        with contextlib.suppress(Busy):
            turn = query.take_turn(self.lake, patience=max(0.0, left))
        job = None
        if turn is not None:
            try:
                # What is slow in PostgreSQL goes on by itself as well, from its beginning.
                with contextlib.suppress(query.TooLong):
                    job = query.ready(measure, seconds=max(0.1, left), **asked)
            finally:
                if not isinstance(job, query.Job):
                    turn.release()
            if isinstance(job, Table):
                return job
        return self._start(number, measure, asked, (turn, job) if turn and job else None)

    def _start(
        self, number: str, measure: Measure, asked: dict[str, Any], prepared: tuple[Any, Any] | None
    ) -> Run:
        run = Run(number, f"desk:stop:{self.page}:{self.at.isoformat()}")

        def compute() -> Table:
            if prepared is not None:
                turn, job = prepared
                with turn, contextlib.suppress(FileNotFoundError):
                    return query.work(job, lake=self.lake, watch=run.watch)
            return query.ask(measure, lake=self.lake, watch=run.watch, **asked)

        try:
            runs.start(run, compute)
        except Busy:
            if prepared is not None:
                prepared[0].release()
            raise
        return run

    def _put_off(self, run: Run) -> None:
        """Have the page come back, unless Redis is away or the answer has come meanwhile.

        Raises:
            Pending: it has to.
        """
        try:
            for number, table in self._answers.items():
                leave(number, table)
            waits = run.await_later()
            run.tell()
        except redis.RedisError:
            run.done.wait()
            return
        if waits:
            raise self._pending(run.number, run.progress)

    def _pending(self, number: str, progress: float | None) -> Pending:
        told = orjson.dumps({"at": self.at.isoformat(), "number": number})
        with contextlib.suppress(redis.RedisError):
            hints.client().set(f"desk:page:{self.page}", told, ex=KEPT_SECONDS)
        return Pending(self.page, self.at, progress)


def stop(*, page: str) -> None:
    """Stop what a page waits for; its next look says so."""
    with contextlib.suppress(redis.RedisError):
        kept = hints.client().get(f"desk:page:{page}")
        if isinstance(kept, bytes) and kept != STOPPED:
            at = orjson.loads(kept)["at"]
            hints.client().set(f"desk:stop:{page}:{at}", 1, ex=KEPT_SECONDS)
            hints.client().set(f"desk:page:{page}", STOPPED, ex=KEPT_SECONDS)


def waits(*, page: str) -> tuple[bool, float | None]:
    """Return whether a page still has to wait, and how far its question is."""
    try:
        kept = hints.client().get(f"desk:page:{page}")
        if not isinstance(kept, bytes) or kept == STOPPED:
            return False, None
        number = orjson.loads(kept)["number"]
        done, alive = hints.client().mget(f"desk:done:{number}", f"desk:alive:{number}")
    except redis.RedisError:
        return False, None
    if done is not None or alive is None:
        return False, None
    return True, orjson.loads(alive)
