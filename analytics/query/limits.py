"""How much of the machine a question may take: a turn of few, so long, until it is stopped."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from analytics.collect import Lake
from dxp.lib import turns

AT_ONCE = 2
WAIT_SECONDS = 20.0
LONGEST_SECONDS = 60.0
LOOK_SECONDS = 0.2
SETTINGS = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;"
    " SET LOCAL jit = off; SET LOCAL work_mem = '64MB'; SET LOCAL statement_timeout = {}"
)

Watch = Callable[[float | None], bool]
"""Told every moment how far a question is (0 to 1, None where nobody knows); False stops it."""


class Busy(Exception):
    """No answer just now; `words` say why, translated."""

    @property
    def words(self) -> str:
        """Return why, for the person who asked."""
        return str(self.args[0])


class TooLong(Busy):
    """The question took longer than one may."""


class Stopped(Busy):
    """Somebody stopped the question."""


@dataclass(slots=True)
class Ended:
    """Why a question was ended from outside: nothing, `long`, or `stopped`."""

    why: str = ""

    def error(self) -> Busy:
        """Return what to tell the person who asked."""
        if self.why == "stopped":
            return Stopped(_("The question was stopped."))
        return TooLong(_("The question took too long."))


def take_turn(lake: Lake, *, patience: float, watch: Watch | None = None) -> turns.Turn:
    """Return one of the few places that this machine has for questions.

    Raises:
        Busy: all were taken for that many seconds.
        Stopped: somebody stopped the question while it waited.
    """
    ended = Ended()

    def still() -> bool:
        if watch is not None and not watch(None):
            ended.why = "stopped"
        return not ended.why

    turn = turns.take(lake.folder / "turns", places=AT_ONCE, patience=patience, still=still)
    if turn is None:
        raise (
            ended.error()
            if ended.why
            else Busy(_("Too many questions were asked at the same time."))
        )
    return turn


@contextlib.contextmanager
def watched(
    stop: Callable[[], object],
    progress: Callable[[], float | None],
    watch: Watch | None,
    seconds: float,
) -> Iterator[Ended]:
    """Call `stop` when the time is over or the watch says no; the yielded one then says why."""
    done, ended, began = threading.Event(), Ended(), time.monotonic()

    def look() -> None:
        while not done.wait(min(LOOK_SECONDS, seconds)):
            if not ended.why and time.monotonic() - began >= seconds:
                ended.why = "long"
            elif not ended.why and watch is not None and not watch(progress()):
                ended.why = "stopped"
            if ended.why:
                # Again and again: between two statements there is nothing to stop.
                stop()

    thread = threading.Thread(target=look, name="question-watch", daemon=True)
    thread.start()
    try:
        yield ended
    finally:
        done.set()
        thread.join()


@contextlib.contextmanager
def snapshot(seconds: float, watch: Watch | None) -> Iterator[None]:
    """Read PostgreSQL as it is at one moment, for so many seconds at most.

    Raises:
        TooLong: a statement took longer.
        Stopped: the watch said no.
        OperationalError: PostgreSQL failed otherwise.
    """
    # Inside somebody's transaction the isolation can't be chosen any more. The answer is still
    # right: what follows the last `hi` that was read is the tail, whenever it is read.
    nested = connection.in_atomic_block
    ended = Ended()
    try:
        with transaction.atomic(), contextlib.ExitStack() as stack:
            if not nested:
                with connection.cursor() as cursor:
                    cursor.execute(SETTINGS.format(int(seconds * 1000)))
            if watch is not None:
                cancel = connection.connection.cancel_safe
                ended = stack.enter_context(
                    watched(cancel, lambda: None, watch, 2 * LONGEST_SECONDS)
                )
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
            raise ended.error() from error
        raise
