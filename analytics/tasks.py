"""What the clock asks of this floor."""

from datetime import timedelta
from pathlib import Path

from celery import shared_task
from django.conf import settings

from analytics import collect
from analytics import compact as compaction
from analytics import rewrite as rewriting
from customers import retain
from dxp.lib import clock


def lake() -> collect.Lake:
    """Return the lake, with little of the machine: nobody waits for this work."""
    return collect.Lake(Path(settings.LAKE_DIR), memory="128MB", threads=1)


@shared_task
def seal() -> None:
    """Seal what was committed; a handful waits for more, since each file costs the reader."""
    collect.seal(
        lake=lake(),
        at=clock.now(),
        least=1000,
        patience=timedelta(minutes=2),
    )


@shared_task
def compact() -> None:
    """Merge small files and remove what nobody reads any more."""
    compaction.compact(lake=lake(), at=clock.now())


@shared_task
def rewrite() -> None:
    """Write files anew without those who were erased and what is too old, once a day."""
    at = clock.now()
    terms = retain.terms(at=at, default_days=settings.EVENT_KEEP_DAYS)
    rewriting.rewrite(lake=lake(), terms=terms, at=at)
