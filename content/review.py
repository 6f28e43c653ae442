"""Review drafts: take one on, remind of it, let somebody without an account answer by a link."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from wagtail.log_actions import log
from wagtail.models import GroupApprovalTask, Page, Task, TaskState
from wagtail.users.models import UserProfile

from content.models import ReviewInvite, ReviewRemark, ReviewState, ReviewTask

CLAIMED, RELEASED, DUE = "content.review.claim", "content.review.release", "content.review.due"
INVITED, REVOKED = "content.review.invite", "content.review.revoke"
REMARKED, ANSWERED = "content.review.remark", "content.review.answer"
LONGEST = timedelta(days=60)
MOST_REMARKS = 100


class Refused(Exception):
    """This can't be done; the text says why, to whoever asked for it."""


class Closed(Exception):
    """The link opens nothing: it is not ours, too old, taken back, or its review is over."""


@dataclass(frozen=True, slots=True)
class Place:
    """The house as links in mails name it."""

    url: str


def open_to(user: Any) -> QuerySet[TaskState]:
    """Return the reviews under way that somebody may answer, what is due first on top."""
    tasks = [
        task.pk
        for task in Task.objects.filter(active=True).specific()
        if task.get_task_states_user_can_moderate(user=user).exists()
    ]
    return under_way().filter(task__in=tasks)


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
    if not _open(state).update(claimed_by=by, claimed_at=at):
        raise Refused(_("This review is over."))
    state.claimed_by, state.claimed_at = by, at
    _log(state, CLAIMED, by, before=str(before) if before and before != by else "")


def release(*, state: ReviewState, by: Any) -> None:
    """Give a review back to all reviewers.

    Raises:
        Refused: it is not this person's.
    """
    if not _open(state).filter(claimed_by=by).update(claimed_by=None, claimed_at=None):
        raise Refused(_("You have not taken this review on."))
    state.claimed_by, state.claimed_at = None, None
    _log(state, RELEASED, by)


def decide(*, state: TaskState, approves: bool, comment: str, by: Any) -> None:
    """Approve a draft, or give it back.

    Raises:
        Refused: not this person's to answer, or it was answered meanwhile.
    """
    act = "approve" if approves else "reject"
    with transaction.atomic():
        locked = TaskState.objects.select_for_update().get(pk=state.pk)
        if locked.status != TaskState.STATUS_IN_PROGRESS:
            raise Refused(_("This review is over."))
        task, thing = state.task.specific, state.workflow_state.content_object
        if act not in {name for name, *_rest in task.get_actions(thing, by)}:
            raise Refused(_("Somebody else has taken this review on."))
        task.on_action(locked.specific, by, act, comment=comment)


def set_due(*, state: ReviewState, due_at: datetime | None, by: Any) -> None:
    """Say until when a review should be done; people are reminded anew.

    Raises:
        Refused: not one of its reviewers, or it is over.
    """
    _check(state, by)
    if not _open(state).update(due_at=due_at, reminded_at=None):
        raise Refused(_("This review is over."))
    state.due_at, state.reminded_at = due_at, None
    _log(state, DUE, by, due=due_at.date().isoformat() if due_at else "")


def remind(*, place: Place, at: datetime) -> int:
    """Write to the reviewers of what is due soon, once; return to how many reviews."""
    waiting = ReviewState.objects.filter(
        status=TaskState.STATUS_IN_PROGRESS, due_at__isnull=False, reminded_at=None
    )
    days = dict(ReviewTask.objects.values_list("pk", "remind_days"))
    due = [
        state
        for state in waiting.select_related("claimed_by", "task", "workflow_state")
        if state.due_at and state.due_at - timedelta(days=days.get(state.task_id, 1)) <= at
    ]
    return sum(_remind(state, place, at) for state in due)


@transaction.atomic
def _remind(state: ReviewState, place: Place, at: datetime) -> int:
    # In one transaction with the mails, which are rows: nobody is reminded twice, or never.
    if not _open(state).filter(reminded_at=None).update(reminded_at=at):
        return 0
    thing = state.revision.as_object()
    for user in _reminded(state):
        language = UserProfile.get_for_user(user).get_preferred_language()
        with override(language):
            told = {
                "user": user, "thing": thing, "state": state, "late": state.is_overdue(at),
                "url": place.url + reverse("content_review", args=[state.pk]),
            }  # fmt: skip
            subject = _("Please review “%(title)s”") % {"title": str(thing)}
            words = render_to_string("content/review/reminder.txt", told)
        send_mail(subject, words, None, [user.email])
    return 1


def _reminded(state: ReviewState) -> Sequence[Any]:
    """Return whoever has taken it on, else all its reviewers who want such mail."""
    people = get_user_model().objects.filter(is_active=True, is_bot=False).exclude(email="")
    if state.claimed_by_id:
        return list(people.filter(pk=state.claimed_by_id))
    groups = ReviewTask.objects.get(pk=state.task_id).groups.all()
    found = people.filter(groups__in=groups).distinct().order_by("pk")
    return [user for user in found if UserProfile.get_for_user(user).submitted_notifications]


def invite(
    *,
    state: TaskState,
    name: str,
    email: str,
    may_approve: bool,
    expires_at: datetime,
    by: Any,
    at: datetime,
) -> tuple[ReviewInvite, str]:
    """Let somebody without an account see a draft and answer; return the link's token, once.

    Raises:
        Refused: this review can't be shared, by this person, or for so long.
    """
    task = state.task.specific
    if not may_answer(state=state, user=by):
        raise Refused(_("Only its reviewers can share a review."))
    if not isinstance(task, ReviewTask) or not task.guests:
        raise Refused(_("This step of the workflow can't be shared."))
    if not at < expires_at <= at + LONGEST:
        raise Refused(_("A link counts for sixty days at most."))
    if state.status != TaskState.STATUS_IN_PROGRESS:
        raise Refused(_("This review is over."))
    token = secrets.token_urlsafe(32)
    made = ReviewInvite.objects.create(
        task_state_id=state.pk, name=name, email=email, may_approve=may_approve,
        digest=ReviewInvite.hash(token), by=by, made_at=at, expires_at=expires_at,
    )  # fmt: skip
    _log(state, INVITED, by, guest=name, until=expires_at.date().isoformat())
    return made, token


def send(*, invite: ReviewInvite, url: str, by: Any) -> None:
    """Write the link to the guest's address."""
    told = {"invite": invite, "url": url, "by": by, "thing": draft(invite=invite)}
    subject = _("Please look at “%(title)s”") % {"title": str(told["thing"])}
    words = render_to_string("content/review/invitation.txt", told)
    send_mail(subject, words, None, [invite.email])


def revoke(*, invite: ReviewInvite, by: Any, at: datetime) -> None:
    """Take a link back: from now on it opens nothing.

    Raises:
        Refused: not one of its reviewers, and not who made it.
    """
    if invite.by_id != by.pk and not may_answer(state=invite.task_state, user=by):
        raise Refused(_("Only its reviewers can take a link back."))
    if ReviewInvite.objects.filter(pk=invite.pk, revoked_at=None).update(revoked_at=at):
        _log(invite.task_state, REVOKED, by, guest=invite.name)


def opened(*, token: str, at: datetime) -> ReviewInvite:
    """Return what a link opens.

    Raises:
        Closed: nothing.
    """
    found = (
        ReviewInvite.objects
        .select_related("task_state__revision", "task_state__workflow_state", "by")
        .filter(digest=ReviewInvite.hash(token[:200]), revoked_at=None, expires_at__gt=at)
        .filter(task_state__status=TaskState.STATUS_IN_PROGRESS)
        .first()
    )
    if found is None or not found.task_state.task.active:
        raise Closed
    if found.opened_at is None:
        ReviewInvite.objects.filter(pk=found.pk, opened_at=None).update(opened_at=at)
    return found


def hold(thing: Any) -> Any:
    """Lock a page or another thing until the end of the transaction; return it as it stands.

    Nobody saves another draft of it meanwhile.
    """
    model = Page if isinstance(thing, Page) else type(thing)
    return model._base_manager.select_for_update(of=("self",)).get(pk=thing.pk)


def draft(*, invite: ReviewInvite) -> Any:
    """Return the draft that a guest may see: of what is under review, the latest.

    Raises:
        Closed: it was deleted.
    """
    thing = invite.task_state.workflow_state.content_object
    if thing is None:
        raise Closed
    return thing.get_latest_revision_as_object()


@transaction.atomic
def remark(*, invite: ReviewInvite, text: str, place: Place, at: datetime) -> ReviewRemark:
    """Keep what a guest says, and tell whoever asked them.

    Raises:
        Refused: they said a lot already.
    """
    if invite.remarks.count() >= MOST_REMARKS:
        raise Refused(_("That were many remarks. Please write to who sent you the link."))
    made = ReviewRemark.objects.create(invite=invite, text=text, at=at)
    _log(invite.task_state, REMARKED, None, guest=invite.name, comment=text)
    _tell(invite, text, place)
    return made


def _tell(invite: ReviewInvite, text: str, place: Place) -> None:
    """Write to whoever made a link what the guest said; the mail is a row of this transaction."""
    asker = invite.by
    if asker is None or not asker.is_active or not asker.email:
        return
    with override(UserProfile.get_for_user(asker).get_preferred_language()):
        told = {
            "user": asker, "invite": invite, "text": text, "thing": draft(invite=invite),
            "url": place.url + reverse("content_review", args=[invite.task_state_id]),
        }  # fmt: skip
        about = {"name": invite.name, "title": str(told["thing"])}
        subject = _("%(name)s about “%(title)s”") % about
        words = render_to_string("content/review/told.txt", told)
    send_mail(subject, words, None, [asker.email])


@transaction.atomic
def answer(
    *,
    invite: ReviewInvite,
    approves: bool,
    text: str,
    revision_id: int,
    place: Place,
    at: datetime,
) -> None:
    """Take a guest's answer: it ends the review where they may, else a reviewer reads it.

    Raises:
        Closed: the review is over, or the link was taken back meanwhile.
        Refused: what they saw is not the draft any more.
    """
    # Locked: a reviewer may answer, or an editor save, at the same moment.
    state = TaskState.objects.select_for_update().get(pk=invite.task_state_id)
    live = ReviewInvite.objects.filter(pk=invite.pk, revoked_at=None, answer="")
    if state.status != TaskState.STATUS_IN_PROGRESS:
        raise Closed
    thing = state.workflow_state.content_object
    if thing is None:
        raise Closed
    if hold(thing).latest_revision_id != revision_id:
        raise Refused(_("It was changed meanwhile. Please look at it again."))
    said = ReviewInvite.Answer.APPROVED if approves else ReviewInvite.Answer.RETURNED
    if not live.update(answer=said, answered_at=at):
        raise Closed
    if text:
        ReviewRemark.objects.create(invite=invite, text=text, at=at)
    _log(state, ANSWERED, None, guest=invite.name, answer=str(said), comment=text)
    if not invite.may_approve:
        _tell(invite, f"{said.label}. {text}", place)
    else:
        comment = _("%(name)s, by link: %(words)s") % {
            "name": invite.name, "words": text or str(said.label),
        }  # fmt: skip
        mine = state.specific
        act = mine.approve if approves else mine.reject
        act(user=None, comment=comment)


def _check(state: TaskState, by: Any) -> None:
    if not may_answer(state=state, user=by):
        raise Refused(_("You are none of its reviewers."))


def _open(state: ReviewState) -> QuerySet[ReviewState]:
    mine: QuerySet[ReviewState] = ReviewState.objects.filter(pk=state.pk)
    return mine.filter(status=TaskState.STATUS_IN_PROGRESS)


def _log(state: TaskState, action: str, by: Any, **data: Any) -> None:
    log(
        instance=state.revision.as_object(), action=action, user=by, revision=state.revision,
        data={"task": state.task.name, **{name: value for name, value in data.items() if value}},
    )  # fmt: skip
