"""Write and publish drafts where no editor is open: with its locks, its review, its terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from wagtail.actions.publish_revision import PublishRevisionAction
from wagtail.models import LockableMixin, Page

from content import render, tag
from content.models import Fragment

# What a fragment says where there are no blocks.
WORDS = ("description", "text", "sms", "push_title", "push_text", "spoken")


class Locked(Exception):
    """Somebody locked it, or it is under review by others."""


class NotReady(Exception):
    """The draft can't be published as it is; the words say why."""


def newest(fragment: Fragment) -> Fragment:
    """Return a fragment as its newest draft has it."""
    draft: Fragment = fragment.get_latest_revision_as_object()
    return draft


def write(*, fragment: Fragment, words: Mapping[str, str], by: Any) -> Fragment:
    """Keep a new draft that says other words; what is published stays. Return the draft.

    Raises:
        Locked: somebody locked it.
        ValidationError: a text is too long for its channel.
    """
    refuse_locked(fragment, by)
    draft = newest(fragment)
    for name in WORDS:
        if name in words:
            setattr(draft, name, words[name])
    draft.full_clean(exclude={"body"})
    draft.save_revision(user=by, log_action=True, clean=False)
    return draft


def publish(*, thing: Any, by: Any) -> None:
    """Publish the newest draft; what is live already and has no draft stays as it is.

    Raises:
        NotReady: its review is not over, it lacks a term that it needs, or a channel can't take it.
        Locked: somebody locked it.
    """
    thing = thing.specific if isinstance(thing, Page) else thing
    if missing := tag.missing(thing):
        names = ", ".join(facet.name for facet in missing)
        raise NotReady(_("It needs a term of %(facets)s first.") % {"facets": names})
    if getattr(thing, "workflow_in_progress", False):
        raise NotReady(_("Its review is not over."))
    refuse_locked(thing, by)
    if thing.live and not thing.has_unpublished_changes:
        return
    if isinstance(thing, Fragment):
        for remark in render.lint(newest(thing)):
            if remark.blocks:
                raise NotReady(remark.text)
    revision = thing.get_latest_revision() or thing.save_revision(user=by)
    PublishRevisionAction(revision, user=by).execute(skip_permission_checks=True)


def refuse_locked(thing: Any, by: Any) -> None:
    """Refuse what the editor would refuse as well.

    Raises:
        Locked: somebody locked it.
    """
    lock = thing.get_lock() if isinstance(thing, LockableMixin) else None
    if lock is not None and lock.for_user(by):
        raise Locked(_("It is locked."))
