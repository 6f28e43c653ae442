"""Remind reviewers: before a review is due, and once more when its time is over."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from wagtail.models import TaskState
from wagtail.users.models import UserProfile

from content.models import ReviewState, ReviewTask
from content.review import Place, one_line, still_open

log = logging.getLogger(__name__)


def remind(*, place: Place, at: datetime) -> int:
    """Write to the reviewers of what is due soon, and again of what is overdue, once each.

    Returns:
        Of how many reviews.
    """
    waiting = ReviewState.objects.filter(
        Q(reminded_at=None) | Q(due_at__lte=at, reminded_at__lt=F("due_at")),
        status=TaskState.STATUS_IN_PROGRESS, due_at__isnull=False,
    )  # fmt: skip
    days = dict(ReviewTask.objects.values_list("pk", "remind_days"))
    due = [
        state
        for state in waiting.select_related("claimed_by", "task", "workflow_state").order_by("pk")
        if state.due_at and state.due_at - timedelta(days=days.get(state.task_id, 1)) <= at
    ]
    return sum(_one(state, place, at) for state in due)


def _one(state: ReviewState, place: Place, at: datetime) -> int:
    try:
        return _remind(state, place, at)
    except Exception:  # one that breaks down keeps nobody from being reminded of another
        log.exception("Nobody was reminded of review %s", state.pk)
        return 0


@transaction.atomic
def _remind(state: ReviewState, place: Place, at: datetime) -> int:
    # In one transaction with the mails, which are rows: nobody is reminded twice, or never.
    if not still_open(state).filter(reminded_at=state.reminded_at).update(reminded_at=at):
        return 0
    thing = state.revision.as_object()
    for user in _reminded(state):
        with override(UserProfile.get_for_user(user).get_preferred_language()):
            told = {
                "user": user, "thing": thing, "state": state, "late": state.is_overdue(at),
                "url": place.url + reverse("content_review", args=[state.pk]),
            }  # fmt: skip
            asks = (
                _("Overdue: please review “%(title)s”")
                if told["late"]
                else _("Please review “%(title)s”")
            )
            subject = asks % {"title": one_line(thing)}
            words = render_to_string("content/review/reminder.txt", told)
        send_mail(subject, words, None, [user.email])
    return 1


def _reminded(state: ReviewState) -> Sequence[Any]:
    """Return whoever has taken it on and is still there, else its reviewers who want such mail."""
    people = get_user_model().objects.filter(is_active=True, is_bot=False).exclude(email="")
    theirs = list(people.filter(pk=state.claimed_by_id)) if state.claimed_by_id else []
    if theirs:
        return theirs
    groups = ReviewTask.objects.get(pk=state.task_id).groups.all()
    found = people.filter(groups__in=groups).distinct().order_by("pk")
    return [user for user in found if UserProfile.get_for_user(user).submitted_notifications]
