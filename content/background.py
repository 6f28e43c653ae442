"""Tasks of Wagtail and Django as rows: a request leaves one, a worker does it.

The row is what counts; a message to Celery only hints that there is one. A task runs inside a
transaction that holds its row and ends with it: whoever is killed leaves nothing half done, and
nobody does what another is still at.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.module_loading import import_string
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskContext, TaskError, TaskResult, TaskResultStatus
from django_tasks.exceptions import TaskResultDoesNotExist
from django_tasks.signals import task_enqueued, task_finished, task_started
from django_tasks.utils import get_exception_traceback, get_module_path, normalize_json

from dxp.lib import clock, hints

if TYPE_CHECKING:
    from content.models import BackgroundTask

# A task is declared while Wagtail's models load: ours are imported when they are needed.
HINT = "content.tasks.background"
MOST_ATTEMPTS = 6
FIRST_PAUSE = timedelta(seconds=5)
# How long a row is left alone whose worker may have died; one that lives holds its row besides.
LEASE = timedelta(seconds=30)
# Nobody was left to write down why.
DIED = "builtins.RuntimeError\nIts worker died each time."
KEEP_DONE, KEEP_FAILED = timedelta(days=1), timedelta(days=30)
_STATES = {
    "READY": TaskResultStatus.READY,
    "RUNNING": TaskResultStatus.RUNNING,
    "DONE": TaskResultStatus.SUCCESSFUL,
    "FAILED": TaskResultStatus.FAILED,
}


class UnknownTask(LookupError):
    """No task goes by that name: it was renamed, or a newer worker knows it."""


class RowBackend(BaseTaskBackend):
    """Leaves a row for each task, in the transaction of whoever asks; named in `TASKS`."""

    supports_defer = True
    supports_async_task = True
    supports_get_result = True
    supports_priority = True

    def enqueue(self, task: Task[Any, Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        """Write the task down, and hint at it once that is committed."""
        from content.models import BackgroundTask

        self.validate_task(task)
        now = clock.now()
        row = BackgroundTask.objects.create(
            task=task.module_path, args=normalize_json(list(args)), kwargs=normalize_json(kwargs),
            queue=task.queue_name, priority=task.priority, backend=self.alias, enqueued_at=now,
            due_at=task.run_after or now,
        )  # fmt: skip
        hints.after_commit(HINT)
        result = _result(row, task)
        task_enqueued.send(type(self), task_result=result)
        return result

    def get_result(self, result_id: str) -> TaskResult[Any]:
        """Return how a task stands.

        Raises:
            TaskResultDoesNotExist: there is no such task, or it was done long ago.
        """
        from content.models import BackgroundTask

        try:
            row = BackgroundTask.objects.get(pk=result_id, backend=self.alias)
        except (BackgroundTask.DoesNotExist, ValidationError) as error:
            raise TaskResultDoesNotExist(result_id) from error
        return _result(row, _task(row.task))


def step(*, at: datetime) -> bool:
    """Do the task that is due first; return whether there was one."""
    row = _claim(at)
    if row is None:
        return False
    began = time.monotonic()
    try:
        with transaction.atomic():
            if not _hold(row):
                return True
            value, note = _run(row)
            _end(row, "DONE", at + _since(began), result=value, error=note)
    except Exception as error:  # noqa: BLE001 - whatever a task raises is written down with it
        _failed(row, error, at + _since(began))
    return True


def again(*, tasks: list[Any], at: datetime) -> int:
    """Let tasks that failed be tried anew, as if they had just been asked for; return how many."""
    from content.models import BackgroundTask

    failed = BackgroundTask.objects.filter(pk__in=tasks, state="FAILED")
    count = failed.update(state="READY", attempts=0, due_at=at, finished_at=None)
    if count:
        hints.after_commit(HINT)
    return count


def prune(*, at: datetime) -> int:
    """Forget what was done yesterday, and what failed a month ago; return how many."""
    from content.models import BackgroundTask

    old = Q(state="DONE", finished_at__lt=at - KEEP_DONE)
    old |= Q(state="FAILED", finished_at__lt=at - KEEP_FAILED)
    return BackgroundTask.objects.filter(old).delete()[0]


@transaction.atomic
def _claim(at: datetime) -> BackgroundTask | None:
    """Take the next task, so that a worker which dies of it has been counted."""
    from content.models import BackgroundTask

    free = Q(state="READY", due_at__lte=at) | Q(state="RUNNING", lease_until__lt=at)
    rows = BackgroundTask.objects.select_for_update(skip_locked=True).filter(free)
    while row := rows.order_by("-priority", "due_at").first():
        if row.attempts < MOST_ATTEMPTS:
            row.state, row.attempts = "RUNNING", row.attempts + 1
            row.started_at, row.lease_until = at, at + LEASE
            row.save(update_fields=["state", "attempts", "started_at", "lease_until"])
            return row
        _end(row, "FAILED", at, error=row.error or DIED)
    return None


def _hold(row: BackgroundTask) -> bool:
    """Lock the row for as long as the task runs; return False if somebody took it over."""
    mine = type(row).objects.select_for_update(skip_locked=True)
    return mine.filter(pk=row.pk, state="RUNNING", attempts=row.attempts).first() is not None


def _run(row: BackgroundTask) -> tuple[Any, str]:
    """Return what the task returned, and a note about it."""
    task = _task(row.task)
    result = _result(row, task)
    task_started.send(RowBackend, task_result=result)
    context = [TaskContext(task_result=result)] if task.takes_context else []
    try:
        with transaction.atomic():
            return normalize_json(task.call(*context, *row.args, **row.kwargs)), ""
    except ObjectDoesNotExist as error:
        # It was deleted meanwhile: there is nothing left to index, to measure or to crop.
        return None, f"{get_module_path(type(error))}\n{error}"


def _failed(row: BackgroundTask, error: Exception, at: datetime) -> None:
    told = f"{get_module_path(type(error))}\n{get_exception_traceback(error)}".replace("\0", "")
    if row.attempts >= MOST_ATTEMPTS:
        _end(row, "FAILED", at, error=told)
        return
    pause = FIRST_PAUSE * 6 ** (row.attempts - 1)
    _end(row, "READY", None, error=told, due_at=at + pause)


def _end(row: BackgroundTask, state: str, finished_at: datetime | None, **changes: Any) -> None:
    changes |= {"state": state, "finished_at": finished_at, "lease_until": None}
    for name, value in changes.items():
        setattr(row, name, value)
    mine = type(row).objects.filter(pk=row.pk, attempts=row.attempts)
    if mine.update(**changes) and finished_at is not None:
        try:
            task = _task(row.task)
        except UnknownTask:
            return
        task_finished.send(RowBackend, task_result=_result(row, task))


def _since(began: float) -> timedelta:
    return timedelta(seconds=time.monotonic() - began)


def _task(path: str) -> Task[Any, Any]:
    """Return a task by the path of its function.

    Raises:
        UnknownTask: there is none.
    """
    try:
        found = import_string(path)
    except ImportError as error:
        raise UnknownTask(path) from error
    if not isinstance(found, Task):
        raise UnknownTask(path)
    return found


def _result(row: BackgroundTask, task: Task[Any, Any]) -> TaskResult[Any]:
    error, _line, told = row.error.partition("\n")
    failed = row.state != "DONE" and bool(error)
    result: TaskResult[Any] = TaskResult(
        task=task.using(priority=row.priority, queue_name=row.queue),
        id=str(row.pk),
        status=_STATES[row.state],
        enqueued_at=row.enqueued_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        last_attempted_at=row.started_at,
        args=row.args,
        kwargs=row.kwargs,
        backend=row.backend,
        errors=[TaskError(exception_class_path=error, traceback=told)] if failed else [],
        worker_ids=[f"{row.pk}:{number + 1}" for number in range(row.attempts)],
    )
    object.__setattr__(result, "_return_value", row.result)
    return result
