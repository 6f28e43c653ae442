"""Who may open a file, and what is told of it when somebody did."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from wagtail.models import BaseViewRestriction, Collection, CollectionViewRestriction

from content import policies
from content.models import Document, Image, SealedCollection, lies_sealed
from customers import consent, ingest
from customers.models import Alias, ConsentEntry, Source

DOWNLOADED = "Document Downloaded"


def is_public(thing: Document | Image) -> bool:
    """Return whether anybody may open a file: neither it nor its collection is kept from anyone."""
    return not (
        thing.collection.get_view_restrictions().exists() or lies_sealed(thing.collection_id)
    )


def may_open(user: Any, thing: Document | Image) -> bool:
    """Return whether a person may open a file as who they are, without a password or a link.

    An encrypted collection is open to nobody by itself: one has to have a right on the file, or
    stand among those whom the collection lets in.
    """
    if is_public(thing):
        return True
    if not user.is_authenticated or not user.is_active:
        return False
    # Who may choose files for pages need not be able to read those that are locked away.
    acts = ("change", "view") if lies_sealed(thing.collection_id) else ("change", "view", "choose")
    return any(policies.may(user, act, thing) for act in acts) or is_let_in(user, thing)


def is_let_in(user: Any, thing: Document | Image) -> bool:
    """Return whether the privacy of a file's collection lets a person in who signed in."""
    restrictions = list(thing.collection.get_view_restrictions())
    return bool(restrictions) and all(_fits(one, user) for one in restrictions)


def _fits(restriction: CollectionViewRestriction, user: Any) -> bool:
    if restriction.restriction_type == BaseViewRestriction.LOGIN:
        return bool(user.is_authenticated)
    if restriction.restriction_type == BaseViewRestriction.GROUPS:
        return bool(restriction.groups.filter(pk__in=user.groups.values("pk")).exists())
    return False


def public() -> QuerySet[Document]:
    """Return the documents that anybody may open: those that the site's search may show."""
    kept = [
        *CollectionViewRestriction.objects.values_list("collection__path", flat=True),
        *SealedCollection.objects.values_list("collection__path", flat=True),
    ]
    closed = Collection.objects.filter(under(kept, "path"))
    found: QuerySet[Document] = Document.objects.exclude(collection__in=closed.values("pk"))
    return found


def under(paths: Iterable[str], field: str) -> Q:
    """Return what lies below one of these collections."""
    found = Q(pk__in=[])
    for path in paths:
        found |= Q(**{f"{field}__startswith": path})
    return found


def tell(
    *, source: Source, document: Document, anonymous_id: str, message_id: str, path: str,
    at: datetime,
) -> bool:  # fmt: skip
    """Record that a visitor was sent a document, if that visitor lets us count.

    The browser tells the same under the same `message_id`, and only one of the two counts.
    """
    aliases = Alias.objects.filter(kind=Alias.Kind.ANONYMOUS, value=anonymous_id)
    numbers = list(aliases.values_list("pk", flat=True))
    if not consent.may(aliases=numbers, purpose=ConsentEntry.Purpose.TRACKING, at=at):
        return False
    event = {
        "type": "track", "event": DOWNLOADED, "anonymousId": anonymous_id,
        "messageId": message_id, "timestamp": at.isoformat(),
        "properties": {"path": path, "title": document.title},
    }  # fmt: skip
    ingest.accept(source=source, events=[event], at=at)
    return True
