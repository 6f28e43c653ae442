"""Questions that go on in threads of this process, and what they leave in Redis for their pages."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson
import redis
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _

from analytics.query import Busy, Table
from dxp.lib import hints

log = logging.getLogger(__name__)

# Questions that go on in one process; the machine's own limit is in `query`.
AT_MOST = 8
KEPT_SECONDS = 600
# Nobody has heard of it for so long: its process died.
ALIVE_SECONDS = 5
TELL_SECONDS = 0.5


@dataclass(eq=False)
class Run:
    """One question that goes on."""

    number: str
    stop_key: str
    done: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    outcome: Table | Exception | None = None
    progress: float | None = None
    is_awaited: bool = False
    told_at: float = 0.0

    def watch(self, progress: float | None) -> bool:
        """Take note of the progress, say that we are alive; return whether to go on."""
        self.progress = progress
        now = time.monotonic()
        if not self.is_awaited or now - self.told_at < TELL_SECONDS:
            return True
        self.told_at = now
        with contextlib.suppress(redis.RedisError):
            return self.tell()
        return True

    def tell(self) -> bool:
        """Say in Redis that we are alive; return whether to go on."""
        pipe = hints.client().pipeline(transaction=False)
        pipe.set(f"desk:alive:{self.number}", orjson.dumps(self.progress), ex=ALIVE_SECONDS)
        pipe.exists(self.stop_key)
        return not pipe.execute()[1]

    def end(self, outcome: Table | Exception) -> None:
        """Take the outcome, and leave it in Redis where a page comes back for it."""
        with self.lock:
            self.outcome = outcome
            with _lock:
                _runs.pop(self.number, None)
            if self.is_awaited:
                with contextlib.suppress(redis.RedisError):
                    leave(self.number, outcome)
            self.done.set()

    def await_later(self) -> bool:
        """Have the outcome left in Redis; return False if it is there already."""
        with self.lock:
            self.is_awaited = True
            return not self.done.is_set()


_runs: dict[str, Run] = {}
_lock = threading.Lock()


def running(number: str) -> Run | None:
    """Return the run of this process under that number."""
    with _lock:
        return _runs.get(number)


def count() -> int:
    """Return how many questions go on in this process."""
    with _lock:
        return len(_runs)


def start(run: Run, compute: Callable[[], Table]) -> None:
    """Let a question go on in a thread of its own, with a connection of its own.

    Raises:
        Busy: too many do already.
    """
    with _lock:
        if len(_runs) >= AT_MOST:
            raise Busy(_("Too many questions were asked at the same time."))
        _runs[run.number] = run
    language = translation.get_language()

    def go_on() -> None:
        try:
            with translation.override(language):
                run.end(compute())
        except Busy as error:
            run.end(error)
        except Exception as error:
            log.exception("A question failed.")
            run.end(error)
        finally:
            connection.close()

    threading.Thread(target=go_on, name="question", daemon=True).start()


def leave(number: str, outcome: Table | Exception) -> None:
    """Leave an outcome for a page that comes back for it."""
    if isinstance(outcome, Table):
        told = {
            "rows": outcome.rows, "as_of": outcome.as_of, "engine": outcome.engine,
            "tail": outcome.tail, "whole": outcome.whole,
        }  # fmt: skip
    else:
        words = outcome.words if isinstance(outcome, Busy) else ""
        told = {"failed": words or _("The question could not be answered.")}
    hints.client().set(f"desk:done:{number}", orjson.dumps(told), ex=KEPT_SECONDS)
