"""Have the taggers read what was written, and learn when enough was decided."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from content import learn, tag
from content.models import Facet, TagDue, Tagging, TagSuggestion

log = logging.getLogger(__name__)
# Who writes is left in peace until they pause.
PAUSE = timedelta(seconds=5)
LEASE = timedelta(minutes=2)


def wait(*, kind: ContentType, number: int, at: datetime) -> None:
    """Note that a thing's words changed; it is read once nobody has changed it for a moment."""
    TagDue.objects.bulk_create(
        [TagDue(content_type=kind, object_id=number, due_at=at + PAUSE)],
        update_conflicts=True,
        unique_fields=["content_type", "object_id"],
        update_fields=["due_at"],
    )


def gone(*, kind: ContentType, number: int) -> None:
    """Forget the tags of a thing that was deleted."""
    for model in (TagDue, TagSuggestion, Tagging):
        model._default_manager.filter(content_type=kind, object_id=number).delete()


def step(*, at: datetime) -> bool:
    """Read one thing that waits; return whether there was one.

    What cannot be read is left out and logged: it is read again when it is written again. Nothing
    is locked meanwhile, however long a tagger takes: whoever writes need not wait for it.
    """
    due = _claim(at)
    if due is None:
        return False
    thing = _thing(due)
    if thing is not None:
        try:
            tag.suggest(thing, at=at)
        except Exception:
            log.exception("The taggers could not read %s", due)
    # What was written meanwhile waits until a later moment, and stays.
    done, _kinds = TagDue.objects.filter(pk=due.pk, due_at=due.due_at).delete()
    if not done and _thing(due) is None:
        gone(kind=due.content_type, number=due.object_id)
    return True


def _claim(at: datetime) -> TagDue | None:
    """Take what has waited longest; if its worker dies, it is read after a while all the same."""
    with transaction.atomic():
        due = (
            TagDue.objects
            .select_for_update(skip_locked=True)
            .filter(due_at__lte=at)
            .order_by("due_at")
            .first()
        )
        if due is not None:
            due.due_at = at + LEASE
            due.save(update_fields=["due_at"])
    return due


def study(*, at: datetime) -> list[str]:
    """Let the taggers learn the facets about which people decided enough; return their names."""
    studied = []
    for facet in Facet.objects.order_by("pk"):
        if learn.is_due(facet):
            try:
                learn.learn(facet, at=at)
            except Exception:
                # One facet that fails must not keep the others from learning.
                log.exception("The taggers could not learn %s", facet)
            else:
                studied.append(facet.name)
    return studied


def _thing(due: TagDue) -> Any:
    kind = due.content_type.model_class()
    return kind._default_manager.filter(pk=due.object_id).first() if kind else None
