"""Review drafts: take one on, say until when, answer it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.utils.translation import gettext as _
from wagtail.log_actions import log
from wagtail.models import GroupApprovalTask, Page, Task, TaskState

from content.models import ReviewState, ReviewTask

CLAIMED, RELEASED, DUE = "content.review.claim", "content.review.release", "content.review.due"


class Refused(Exception):
    """This can't be done; the text says why, to whoever asked for it."""


@dataclass(frozen=True, slots=True)
class Place:
    """The house as links in mails name it."""

    url: str


def open_to(user: Any) -> QuerySet[TaskState]:
    """Return the reviews under way that somebody may answer.

    What others have taken on comes last; else what is due first is on top.
    """
    tasks = [
        task.pk
        for task in Task.objects.filter(active=True).specific()
        if task.get_task_states_user_can_moderate(user=user).exists()
    ]
    free = Q(reviewstate__claimed_by=None) | Q(reviewstate__claimed_by=user)
    mine = under_way().filter(task__in=tasks)
    found: QuerySet[TaskState] = mine.annotate(
        taken=Case(When(free, then=Value(0)), default=Value(1))
    ).order_by("taken", *mine.query.order_by)
    return found


def under_way() -> QuerySet[TaskState]:
    """Return all reviews by people that are under way, what is due first on top."""
    people = Q(task__in=ReviewTask.objects.values("pk")) | Q(
        task__in=GroupApprovalTask.objects.values("pk")
    )
    found: QuerySet[TaskState] = (
        TaskState.objects
        .filter(people, status=TaskState.STATUS_IN_PROGRESS)
        .annotate(due=F("reviewstate__due_at"))
        .select_related("reviewstate__claimed_by", "task", "workflow_state", "revision")
        .order_by(F("due").asc(nulls_last=True), "started_at", "pk")
    )
    return found


def may_answer(*, state: TaskState, user: Any) -> bool:
    """Say whether somebody is one of its reviewers, whoever has taken it on."""
    task = state.task.specific
    if isinstance(task, ReviewTask):
        return task.may_review(user)
    return bool(task.get_actions(state.workflow_state.content_object, user))


def may_see(*, state: TaskState, user: Any) -> bool:
    """Say whether somebody may see how a review stands: its reviewers, and who asked for it."""
    return state.workflow_state.requested_by_id == user.pk or may_answer(state=state, user=user)


def claim(*, state: ReviewState, by: Any, at: datetime) -> None:
    """Take a review on, also from a colleague who had it.

    Raises:
        Refused: not one of its reviewers, or it is over.
    """
    _check(state, by)
    before = state.claimed_by
    if not still_open(state).update(claimed_by=by, claimed_at=at):
        raise Refused(_("This review is over."))
    state.claimed_by, state.claimed_at = by, at
    write_down(state, CLAIMED, by, before=str(before) if before and before != by else "")


def release(*, state: ReviewState, by: Any) -> None:
    """Give a review back to all reviewers.

    Raises:
        Refused: it is not this person's.
    """
    if not still_open(state).filter(claimed_by=by).update(claimed_by=None, claimed_at=None):
        raise Refused(_("You have not taken this review on."))
    state.claimed_by, state.claimed_at = None, None
    write_down(state, RELEASED, by)


def decide(*, state: TaskState, approves: bool, comment: str, revision_id: int, by: Any) -> None:
    """Approve the draft that somebody looked at, or give it back.

    Raises:
        Refused: not this person's to answer, it was answered or changed meanwhile, or it can't be
            published as it stands.
    """
    act = "approve" if approves else "reject"
    with transaction.atomic():
        thing = state.workflow_state.content_object
        if hold(thing).latest_revision_id != revision_id:
            raise Refused(_("It was changed meanwhile. Please look at it again."))
        locked = TaskState.objects.select_for_update().get(pk=state.pk)
        if locked.status != TaskState.STATUS_IN_PROGRESS:
            raise Refused(_("This review is over."))
        task = state.task.specific
        if act not in {name for name, *_rest in task.get_actions(thing, by)}:
            raise Refused(_("Somebody else has taken this review on."))
        try:
            task.on_action(locked.specific, by, act, comment=comment)
        except ValidationError as error:
            raise Refused(why_not(error)) from error


def why_not(error: ValidationError) -> str:
    """Return in words why a draft can't be published."""
    return _("It can't be published as it is: %(reasons)s") % {"reasons": " ".join(error.messages)}


def set_due(*, state: ReviewState, due_at: datetime | None, by: Any, at: datetime) -> None:
    """Say until when a review should be done; people are reminded anew.

    Raises:
        Refused: not one of its reviewers, it is over, or that time is.
    """
    _check(state, by)
    if due_at is not None and due_at < at:
        raise Refused(_("This day is over."))
    if not still_open(state).update(due_at=due_at, reminded_at=None):
        raise Refused(_("This review is over."))
    state.due_at, state.reminded_at = due_at, None
    write_down(state, DUE, by, due=due_at.date().isoformat() if due_at else "")


def hold(thing: Any, *, patient: bool = True) -> Any:
    """Lock a page or another thing until the end of the transaction; return it as it stands.

    Nobody saves another draft of it meanwhile. Locked before the row of its review, as the editor
    does. Who is not `patient` gets None while somebody else holds it.
    """
    model = Page if isinstance(thing, Page) else type(thing)
    free = model._base_manager.select_for_update(of=("self",), skip_locked=not patient)
    return free.get(pk=thing.pk) if patient else free.filter(pk=thing.pk).first()


def still_open(state: ReviewState) -> QuerySet[ReviewState]:
    """Return this review, unless it is over.

    Fit to be updated: with a join, Django would look for the row first and then update what it
    found, also where somebody else had been faster.
    """
    under_way = TaskState.objects.filter(pk=OuterRef("pk"), status=TaskState.STATUS_IN_PROGRESS)
    mine: QuerySet[ReviewState] = ReviewState.objects.filter(Exists(under_way), pk=state.pk)
    return mine


def write_down(state: TaskState, action: str, by: Any, **data: Any) -> None:
    """Write an act into the history of what is under review."""
    log(
        instance=state.revision.as_object(), action=action, user=by, revision=state.revision,
        data={"task": state.task.name, **{name: value for name, value in data.items() if value}},
    )  # fmt: skip


def one_line(text: Any) -> str:
    """Return a title as the subject of a mail may hold it."""
    return " ".join(str(text).split())


def _check(state: TaskState, by: Any) -> None:
    if not may_answer(state=state, user=by):
        raise Refused(_("You are none of its reviewers."))
