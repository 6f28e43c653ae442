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

    What cannot be read is left out and logged: it is read again when it is written again.
    """
    with transaction.atomic():
        due = (
            TagDue.objects
            .select_for_update(skip_locked=True)
            .filter(due_at__lte=at)
            .order_by("due_at")
            .first()
        )
        if due is None:
            return False
        thing = _thing(due)
        if thing is not None:
            try:
                with transaction.atomic():
                    tag.suggest(thing, at=at)
            except Exception:
                log.exception("The taggers could not read %s", due)
        due.delete()
    return True


def study(*, at: datetime) -> list[str]:
    """Let the taggers learn the facets about which people decided enough; return their names."""
    studied = []
    for facet in Facet.objects.order_by("pk"):
        if learn.is_due(facet):
            learn.learn(facet, at=at)
            studied.append(facet.name)
    return studied


def _thing(due: TagDue) -> Any:
    kind = due.content_type.model_class()
    return kind._default_manager.filter(pk=due.object_id).first() if kind else None
