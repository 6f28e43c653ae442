"""What the clock asks of this floor."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from analytics import collect, health, query, repair, shelf
from analytics import compact as compaction
from analytics import rewrite as rewriting
from analytics.measures import pages
from content import recommend
from customers import retain
from dxp.lib import clock

# Readers say it as often as they meet one damaged file.
OFTEN = timedelta(minutes=10)
# Paths that are looked through for articles and products.
MOST_READ = 1000


def lake() -> shelf.Lake:
    """Return the lake, with little of the machine: nobody waits for this work."""
    return shelf.lake(
        settings.LAKE_DIR, settings.LAKE_URL, settings.LAKE_CACHE_GB, memory="128MB", threads=1
    )


@shared_task
def seal() -> None:
    """Seal what was committed; a handful waits for more, since each file costs the reader."""
    at = clock.now()
    lying = lake()
    repair.adopt(lake=lying, at=at)
    # On storage far away each look costs: it is looked at once an hour.
    repair.mend(lake=lying, at=at, look=lying.bucket is None)
    while collect.seal(lake=lying, at=at, least=1000, patience=timedelta(minutes=2)):
        health.did(work="seal", at=at)


@shared_task
def compact() -> None:
    """Mend, bring files into today's layout, merge small ones, remove what nobody reads."""
    at = clock.now()
    repair.mend(lake=lake(), at=at)
    repair.relay(lake=lake(), at=at)
    compaction.compact(lake=lake(), at=at)
    health.did(work="compact", at=at)


@shared_task
def verify() -> None:
    """Read every file and mend what is not what was written: once a day, or when a reader says."""
    at = clock.now()
    if health.was_done(work="verify", since=at - OFTEN):
        return
    repair.mend(lake=lake(), at=at, deep=True)
    health.did(work="verify", at=at)


@shared_task
def rewrite() -> None:
    """Write files anew without those who were erased and what is too old, once a day."""
    at = clock.now()
    terms = retain.terms(at=at, default_days=settings.EVENT_KEEP_DAYS)
    rewriting.rewrite(lake=lake(), terms=terms, at=at)
    health.did(work="rewrite", at=at)


@shared_task
def popular() -> None:
    """Publish which articles and products were read by most people within a week."""
    at = clock.now()
    top = query.ask(
        pages.top, lake=lake(), at=at, start=at - timedelta(days=7), end=at, limit=MOST_READ
    )
    numbers = recommend.numbers(paths=[row[0] for row in top.rows])
    ranked = [(numbers[path], float(people)) for path, _title, _views, people in top.rows
              if path in numbers]  # fmt: skip
    kept = set(recommend.readable(ids=[pk for pk, _score in ranked]))
    recommend.publish(
        list=recommend.POPULAR, pages=[one for one in ranked if one[0] in kept], at=at
    )
