"""Encrypt the files of collections that are to be, decrypt those that no longer are, change keys.

What lies wrong is seen by its name: so it does not matter how a file came into a collection, and a
killed worker's successor goes on.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django_tasks import default_task_backend, task

from content.models import Document, Image, Rendition, SealedCollection
from content.protect import under
from content.vault import PREFIX, Broken, NoKey, Vault, has_keys
from dxp.lib import rows

log = logging.getLogger(__name__)
KINDS: tuple[type[Document] | type[Image], ...] = (Document, Image)
# No copy takes longer; one that did would only be waited for.
MOVING = timedelta(minutes=10)


class Busy(RuntimeError):
    """This file is being moved: its turn comes later."""


def misplaced(model: type[Document] | type[Image]) -> QuerySet[Any]:
    """Return the files that should be encrypted and are not, or the other way round."""
    paths = SealedCollection.objects.values_list("collection__path", flat=True)
    should, does = under(paths, "collection__path"), Q(file__startswith=PREFIX)
    found: QuerySet[Any] = model.objects.filter((should & ~does) | (does & ~should))
    return found.order_by("pk")


def settle(*, at: datetime) -> bool:
    """Put one misplaced file where it belongs; return whether there was one that could be."""
    if not has_keys():
        return False
    for model in KINDS:
        for pk, before in misplaced(model).values_list("pk", "file").iterator(chunk_size=50):
            try:
                with Vault().open(before, "rb") as file:
                    after = _elsewhere(model, before)
                    _discard_later(model, pk, after, at)
                    if _moved(model, pk, file, before, after):
                        return True
            except (NoKey, Broken, FileNotFoundError) as error:
                # Stays where it is; the others need not wait for it.
                log.error("%s %s can't be moved: %s", model.__name__, pk, error)
    return False


def _elsewhere(model: type[Any], before: str) -> str:
    """Return where a file goes: a place that nothing else ever has, under the name that it has."""
    folder, _slash, base = before.removeprefix(PREFIX).rpartition("/")
    folder = f"{folder.partition('/')[0]}/{secrets.token_hex(6)}"
    name = f"{folder}/{base}" if before.startswith(PREFIX) else f"{PREFIX}{folder}/{base}"
    most = model._meta.get_field("file").max_length
    return str(Vault().get_available_name(name, max_length=most))


def _discard_later(model: type[Any], pk: int, name: str, at: datetime) -> None:
    # Written down before there is a copy: a killed worker leaves none behind.
    if default_task_backend.supports_defer:
        later = discard.using(run_after=at + MOVING)
        later.enqueue(model._meta.model_name, pk, name)


@transaction.atomic
def _moved(model: type[Any], pk: int, file: Any, before: str, after: str) -> bool:
    """Move a file; return whether somebody has put it where it belongs."""
    if not rows.advisory_lock(_lock(model, pk)):
        return False
    storage = Vault()
    storage.save(after, file)
    thing = misplaced(model).select_for_update(of=("self",)).filter(pk=pk, file=before).first()
    if thing is None:
        # Replaced or taken elsewhere while we copied.
        storage.delete(after)
        return True
    gone = [before]
    if isinstance(thing, Image):
        # Its sizes are made again, where they are needed, of the kind that they have to be.
        for rendition in thing.renditions.all():
            gone.append(rendition.file.name)
            rendition.delete()
    thing.file.name = after
    # The caches hear of it as of any other change.
    thing.save(update_fields=["file"])
    for name in gone:
        # With the move: what lies open must not outlive a killed worker.
        discard.enqueue(model._meta.model_name, pk, name)
    return True


@task()
def discard(kind: str, number: int, name: str) -> None:
    """Delete a file that nothing has any more.

    Raises:
        Busy: it is just being moved.
    """
    model = next(one for one in KINDS if one._meta.model_name == kind)
    if not rows.advisory_lock(_lock(model, number)):
        raise Busy(name)
    sizes = Rendition.objects.filter(image=number if model is Image else None, file=name)
    if not model.objects.filter(pk=number, file=name).exists() and not sizes.exists():
        Vault().delete(name)


def _lock(model: type[Any], pk: int) -> str:
    return f"content.seal:{model.__name__}:{pk}"


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
