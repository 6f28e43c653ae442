"""Do one act to many things: a worker does them one by one, and goes on where another died.

An act is a kind: a class that extends `Act`, registered with `acts`.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import DatabaseError, models, transaction
from django.utils.translation import gettext as _

from content.models import BulkRun
from dxp.lib.kinds import Registry, UnknownKind

LEASE = timedelta(minutes=2)
KEPT_FAULTS = 100
KEPT_FOR = timedelta(days=90)
log = logging.getLogger(__name__)


class CannotDo(Exception):
    """The act is not possible with this thing; the words say why, for whoever asked."""


class Act(ABC):
    """One thing that can be done to many: publish, delete, tag.

    Each thing is done in a transaction of its own, together with the note that it was done: what
    reaches beyond the database (mail, files) must bear being repeated.
    """

    name: ClassVar[str]
    label: ClassVar[Any]
    # Shown before one says yes, where the act cannot be taken back.
    warning: ClassVar[Any] = ""

    def things(self, model: type[models.Model]) -> models.QuerySet[Any]:
        """Return everything that the act can be done to, where nobody chose."""
        return model._default_manager.all()

    @abstractmethod
    def may(self, user: Any, thing: Any) -> bool:
        """Return whether a person may have this done to a thing; asked again right before."""

    @abstractmethod
    def do(self, thing: Any, run: BulkRun, at: datetime) -> None:
        """Do it to one thing. `run.asked` holds what the act was asked besides.

        Raises:
            CannotDo: it is not possible with this one; the run goes on with the next.
        """


acts: Registry[Act] = Registry(Act)  # type: ignore[type-abstract]


def start(
    *,
    act: str,
    model: type[models.Model],
    by: Any,
    at: datetime,
    ids: Iterable[int] | None = None,
    **asked: Any,
) -> BulkRun:
    """Have an act done to things, or to all that it can be done to.

    They are written down now: what comes to match a list later is left alone. `asked` is what the
    act wants to know besides, as JSON can hold it.

    Raises:
        UnknownKind: nobody registered such an act.
    """
    doing = acts.get(act)()
    if ids is None:
        ids = doing.things(model).order_by().values_list("pk", flat=True)
    chosen = sorted(set(ids))
    return BulkRun.objects.create(
        act=act, content_type=ContentType.objects.get_for_model(model), by=by, asked_at=at,
        total=len(chosen), asked={**asked, "ids": chosen},
    )  # fmt: skip


def stop(*, run: BulkRun, at: datetime) -> bool:
    """End a run after the thing that is being done; return whether it was still going on."""
    return any(
        BulkRun.objects.move(run.pk, state, BulkRun.State.STOPPED, finished_at=at, lease_until=None)
        for state in (BulkRun.State.WAITING, BulkRun.State.RUNNING)
    )


def step(*, at: datetime, most: int = 20) -> bool:
    """Do up to so many things of one run that nobody works on; return whether there was one."""
    run = _claim(at)
    if run is None:
        return False
    try:
        doing = acts.get(run.act)()
    except UnknownKind as error:
        _end(run, BulkRun.State.FAILED, at, [{"why": str(error)}])
        return True
    model = run.content_type.model_class()
    left = [pk for pk in run.asked["ids"] if pk > run.cursor]
    for pk in left[:most]:
        if model is None or not _one(run, doing, model, pk, at):
            return True
    if len(left) <= most:
        _end(run, BulkRun.State.DONE, at, [])
    else:
        BulkRun.objects.filter(pk=run.pk, state=BulkRun.State.RUNNING).update(lease_until=None)
    return True


def _claim(at: datetime) -> BulkRun | None:
    """Take the oldest run that waits, or whose worker died."""
    free = models.Q(state=BulkRun.State.WAITING) | models.Q(state=BulkRun.State.RUNNING) & (
        models.Q(lease_until=None) | models.Q(lease_until__lte=at)
    )
    with transaction.atomic():
        run = (
            BulkRun.objects
            .select_for_update(of=("self",), skip_locked=True)
            .select_related("by", "content_type")
            .filter(free)
            .order_by("asked_at", "pk")
            .first()
        )
        if run is not None:
            run.state, run.lease_until = BulkRun.State.RUNNING, at + LEASE
            run.save(update_fields=["state", "lease_until"])
    return run


def _one(run: BulkRun, doing: Act, model: type[models.Model], pk: int, at: datetime) -> bool:
    """Do it to one thing and note so, or neither; return whether the run is still ours."""
    with transaction.atomic():
        # Locked until it is done: who lost its lease to another worker sees the cursor moved.
        # Without what it was asked: the numbers of a long list would be read again for each thing.
        held = BulkRun.objects.select_for_update().defer("asked").get(pk=run.pk)
        if held.state != BulkRun.State.RUNNING or held.cursor != run.cursor:
            return False
        fault = _do(run, doing, model, pk, at)
        held.cursor = run.cursor = pk
        held.lease_until = at + LEASE
        if fault is None:
            held.done += 1
        else:
            held.refused += 1
            held.faults = [*held.faults, fault][:KEPT_FAULTS]
        held.save(update_fields=["cursor", "lease_until", "done", "refused", "faults"])
    return True


def _do(
    run: BulkRun, doing: Act, model: type[models.Model], pk: int, at: datetime
) -> dict[str, Any] | None:
    """Return what kept it from being done, or None."""
    thing = model._default_manager.filter(pk=pk).first()
    if thing is None:
        return {"id": pk, "why": _("It is gone.")}
    try:
        with transaction.atomic():
            if not run.by.is_active or not doing.may(run.by, thing):
                # Its name is not for whoever may not see it.
                return {"id": pk, "why": _("You have no right to do this.")}
            doing.do(thing, run, at)
    except (CannotDo, PermissionDenied, ObjectDoesNotExist, ValueError, DatabaseError) as error:
        return {"id": pk, "name": str(thing)[:200], "why": str(error)[:300] or type(error).__name__}
    except Exception:
        # One thing that breaks must not hold up the others, nor be tried for ever.
        log.exception("%s failed on %s %s.", run.act, model._meta.label, pk)
        return {"id": pk, "name": str(thing)[:200], "why": _("It failed; the log says why.")}
    return None


def prune(*, at: datetime) -> int:
    """Forget what was done months ago; return how many runs."""
    return BulkRun.objects.filter(finished_at__lt=at - KEPT_FOR).delete()[0]


def _end(run: BulkRun, state: str, at: datetime, faults: list[Mapping[str, Any]]) -> None:
    changes: dict[str, Any] = {"faults": [*run.faults, *faults]} if faults else {}
    BulkRun.objects.move(
        run.pk, BulkRun.State.RUNNING, state, finished_at=at, lease_until=None, **changes
    )
