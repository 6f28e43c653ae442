"""Encrypt the files of collections that are to be, decrypt those that no longer are, change keys.

What lies wrong is seen by its name: so it does not matter how a file came into a collection, and a
killed worker's successor goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from wagtail.search import index

from content.models import Document, Image, Rendition, SealedCollection
from content.protect import under
from content.vault import PREFIX, NoKey, Vault, has_keys
from dxp.lib import rows

log = logging.getLogger(__name__)
KINDS: tuple[type[Document] | type[Image], ...] = (Document, Image)


def misplaced(model: type[Document] | type[Image]) -> QuerySet[Any]:
    """Return the files that should be encrypted and are not, or the other way round."""
    paths = SealedCollection.objects.values_list("collection__path", flat=True)
    should, does = under(paths, "collection__path"), Q(file__startswith=PREFIX)
    found: QuerySet[Any] = model.objects.filter((should & ~does) | (does & ~should))
    return found.order_by("pk")


def settle() -> bool:
    """Put one misplaced file where it belongs; return whether there was one that could be."""
    if not has_keys():
        return False
    for model in KINDS:
        for thing in misplaced(model)[:50]:
            with transaction.atomic():
                if rows.advisory_lock(f"content.seal:{model.__name__}:{thing.pk}"):
                    try:
                        if _moved(model, thing.pk):
                            return True
                    except (NoKey, FileNotFoundError) as error:
                        # Stays where it is; the others need not wait for it.
                        log.error("%s %s can't be moved: %s", model.__name__, thing.pk, error)
    return False


def _moved(model: type[Document] | type[Image], pk: int) -> bool:
    thing = misplaced(model).filter(pk=pk).first()
    if thing is None:
        return False
    before = thing.file.name
    storage = thing.file.storage
    name = before.removeprefix(PREFIX) if before.startswith(PREFIX) else f"{PREFIX}{before}"
    with storage.open(before, "rb") as file:
        after = storage.save(name, file)
    if not model.objects.filter(pk=pk, file=before).update(file=after):
        # Replaced while we copied: the copy is of yesterday.
        storage.delete(after)
        return True
    transaction.on_commit(lambda: storage.delete(before))
    if model is Image:
        # Its sizes are made again, where they are needed, of the kind that they have to be.
        for rendition in thing.renditions.all():
            rendition.delete()
    index.insert_or_update_object(model.objects.get(pk=pk))
    return True


def left() -> int:
    """Return how many files still have to be encrypted or decrypted."""
    return sum(misplaced(model).count() for model in KINDS)


def encrypted(model: type[Document] | type[Image]) -> list[int]:
    """Return the numbers of the encrypted files of a kind."""
    found = model.objects.filter(file__startswith=PREFIX)
    return list(found.values_list("pk", flat=True))


def under_keys() -> tuple[int, int, int]:
    """Return how many files are under the newest key alone, under older ones, and under none."""
    counts = [0, 0, 0]
    for _model, _pk, name in sealed():
        counts[Vault().lock_of(name)] += 1
    return counts[0], counts[1], counts[2]


def sealed() -> Iterator[tuple[type[Any], int, str]]:
    """Yield all encrypted files: of what, its number, under which name."""
    for model in (*KINDS, Rendition):
        found = model._default_manager.filter(file__startswith=PREFIX).order_by("pk")
        for pk, name in found.values_list("pk", "file").iterator(chunk_size=500):
            yield model, pk, name


def rewrap(thing: Any) -> bool:
    """Lock a file, and of a picture its sizes, under the newest key; return whether they were not.

    Raises:
        content.vault.NoKey: none of our keys opens it.
    """
    names = [thing.file.name]
    if isinstance(thing, Image):
        names += thing.renditions.values_list("file", flat=True)
    # All of them, whatever became of the first.
    done = [Vault().rewrap(name) for name in names if name.startswith(PREFIX)]
    return any(done)
