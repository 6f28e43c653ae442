"""Publish and withdraw what editors set a time for: each by itself, whole or not at all.

Wagtail's command does all in one go without a transaction: a worker that is killed in it leaves a
page neither published nor due, and one page that can't be published keeps all others waiting.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.log_actions import log as write_down
from wagtail.models import DraftStateMixin, Page, Revision
from wagtail.users.models import UserProfile

from content import tag
from content.review import Place, hold, one_line

log = logging.getLogger(__name__)
FAILED = "content.schedule.fail"


def keep(*, place: Place, at: datetime) -> int:
    """Withdraw what has had its time, publish what is due; return how much of both.

    What can't be published stays a draft, and whoever set the time is told why.
    """
    expired = [(_withdraw, (model, pk, at)) for model, pk in _expired(at)]
    due = Revision.objects.filter(approved_go_live_at__lte=at)
    numbers = due.order_by("approved_go_live_at", "pk").values_list("pk", flat=True)
    acts: list[tuple[Callable[..., bool], tuple[Any, ...]]] = [
        *expired, *((_publish, (pk, place, at)) for pk in numbers),
    ]  # fmt: skip
    return sum(_alone(act, told) for act, told in acts)


def _expired(at: datetime) -> Iterator[tuple[Any, Any]]:
    models = [model for model in apps.get_models() if issubclass(model, DraftStateMixin)]
    for model in [Page, *(one for one in models if not issubclass(one, Page))]:
        late = model._default_manager.filter(live=True, expire_at__lt=at).order_by("expire_at")
        for pk in late.values_list("pk", flat=True):
            yield model, pk


def _alone(act: Callable[..., bool], told: tuple[Any, ...]) -> bool:
    try:
        with transaction.atomic():
            return act(*told)
    except Exception:  # the next tick tries again; others do not wait for it
        log.exception("%s of %s broke down", act.__name__, told[:2])
        return False


def _withdraw(model: Any, pk: Any, at: datetime) -> bool:
    thing = hold(model(pk=pk), patient=False)
    if thing is None or not thing.live or not thing.expire_at or thing.expire_at >= at:
        return False
    thing.unpublish(set_expired=True, log_action="wagtail.unpublish.scheduled")
    return True


def _publish(pk: int, place: Place, at: datetime) -> bool:
    revision = Revision.objects.select_related("user").get(pk=pk)
    # Whoever saves it now, or unschedules it, comes first.
    if revision.content_object is None or hold(revision.content_object, patient=False) is None:
        return False
    revision.refresh_from_db(fields=["approved_go_live_at"])
    if revision.approved_go_live_at is None or revision.approved_go_live_at > at:
        return False
    if missing := tag.missing(revision.as_object()):
        names = ", ".join(facet.name for facet in missing)
        _keep_back(revision, _("It needs a term of %(facets)s first.") % {"facets": names}, place)
        return False
    try:
        with transaction.atomic():
            revision.publish(log_action="wagtail.publish.scheduled")
    except ValidationError as error:
        _keep_back(revision, " ".join(error.messages), place)
        return False
    return True


def _keep_back(revision: Revision, why: str, place: Place) -> None:
    Revision.objects.filter(pk=revision.pk).update(approved_go_live_at=None)
    thing, user = revision.as_object(), revision.user
    write_down(instance=thing, action=FAILED, revision=revision, data={"why": why})
    if user is None or not user.is_active or not user.email:
        return
    with override(UserProfile.get_for_user(user).get_preferred_language()):
        path = AdminURLFinder(user).get_edit_url(thing) or ""
        told = {"user": user, "thing": thing, "why": why, "url": place.url + path}
        words = render_to_string("content/review/not_published.txt", told)
        subject = _("Not published: “%(title)s”") % {"title": one_line(thing)}
    send_mail(subject, words, None, [user.email])
