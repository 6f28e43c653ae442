"""Let somebody without an account see one draft, remark on it and answer, by a link that ends."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from wagtail.models import TaskState
from wagtail.users.models import UserProfile

from content.models import ReviewInvite, ReviewRemark, ReviewState, ReviewTask
from content.review import Place, Refused, hold, may_answer, one_line, why_not, write_down

INVITED, REVOKED = "content.review.invite", "content.review.revoke"
REMARKED, ANSWERED = "content.review.remark", "content.review.answer"
LONGEST = timedelta(days=60)
MOST_REMARKS = 100


class Closed(Exception):
    """The link opens nothing: it is not ours, too old, taken back, or its review is over."""


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
    if may_approve and isinstance(state, ReviewState) and state.claimed_by not in {None, by}:
        # Whoever may not answer now lets nobody answer instead.
        raise Refused(_("Somebody else has taken this review on: you can ask for advice only."))
    if not at < expires_at <= at + LONGEST:
        raise Refused(_("A link counts for sixty days at most."))
    if state.status != TaskState.STATUS_IN_PROGRESS:
        raise Refused(_("This review is over."))
    token = secrets.token_urlsafe(32)
    made = ReviewInvite.objects.create(
        task_state_id=state.pk, name=name, email=email, may_approve=may_approve,
        digest=ReviewInvite.hash(token), by=by, made_at=at, expires_at=expires_at,
    )  # fmt: skip
    write_down(state, INVITED, by, guest=name, until=expires_at.date().isoformat())
    return made, token


def send(*, invite: ReviewInvite, url: str, by: Any) -> None:
    """Write the link to the guest's address."""
    told = {"invite": invite, "url": url, "by": by, "thing": draft(invite=invite)}
    subject = _("Please look at “%(title)s”") % {"title": one_line(told["thing"])}
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
        write_down(invite.task_state, REVOKED, by, guest=invite.name)


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
    # It was this colleague's right to ask; it ends with it.
    if found.by is None or not may_answer(state=found.task_state.specific, user=found.by):
        raise Closed
    if found.opened_at is None:
        ReviewInvite.objects.filter(pk=found.pk, opened_at=None).update(opened_at=at)
    return found


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
    write_down(invite.task_state, REMARKED, None, guest=invite.name, comment=text)
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
        about = {"name": one_line(invite.name), "title": one_line(told["thing"])}
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
        Refused: what they saw is not the draft any more, or it can't be published as it stands.
    """
    # Locked: a reviewer may answer, or an editor save, at the same moment.
    thing = invite.task_state.workflow_state.content_object
    if thing is None:
        raise Closed
    newest = hold(thing).latest_revision_id
    state = TaskState.objects.select_for_update().get(pk=invite.task_state_id)
    if state.status != TaskState.STATUS_IN_PROGRESS:
        raise Closed
    if newest != revision_id:
        raise Refused(_("It was changed meanwhile. Please look at it again."))
    said = ReviewInvite.Answer.APPROVED if approves else ReviewInvite.Answer.RETURNED
    live = ReviewInvite.objects.filter(pk=invite.pk, revoked_at=None, answer="")
    if not live.update(answer=said, answered_at=at):
        raise Closed
    if text:
        ReviewRemark.objects.create(invite=invite, text=text, at=at)
    write_down(state, ANSWERED, None, guest=invite.name, answer=str(said), comment=text)
    if invite.may_approve:
        _decide(state.specific, invite, approves, text or str(said.label))
    else:
        _tell(invite, f"{said.label}. {text}", place)


def _decide(state: TaskState, invite: ReviewInvite, approves: bool, words: str) -> None:
    comment = _("%(name)s, by link: %(words)s") % {"name": invite.name, "words": words}
    act = state.approve if approves else state.reject
    try:
        act(user=None, comment=comment)
    except ValidationError as error:
        raise Refused(why_not(error)) from error
