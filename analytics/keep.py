"""What this floor keeps about people: events in files, which nobody can edit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from analytics import rewrite, shelf
from analytics.models import ErasedAlias
from customers.rights import KEEPERS, Keeper, Person, Row


def _export(person: Person) -> Iterator[Row]:
    lake = shelf.lake(
        settings.LAKE_DIR, settings.LAKE_URL, settings.LAKE_CACHE_GB, memory="128MB", threads=1
    )
    yield from rewrite.events_of(lake=lake, alias_ids=person.alias_ids)


def _erase(person: Person, at: datetime) -> int:
    return rewrite.condemn(alias_ids=person.alias_ids, at=at)


def register() -> None:
    """Take the keeper of this floor in."""
    KEEPERS.register(
        Keeper(
            "lake", (ErasedAlias,), _export, _erase, label=_("Older events"),
            about=_("What you did so long ago that only the archive still holds it."),
            stores=("lake:events/*.parquet", "redis:answer:*"),
            columns=("analytics.ErasedAlias.alias_id",),
        )
    )  # fmt: skip
