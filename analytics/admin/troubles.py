"""What went wrong and waits for a person, each with the page on which it is mended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import CharField, Count, QuerySet, Value
from django.urls import reverse
from django.utils.translation import ngettext

from analytics import health
from analytics.shelf import Lake
from content.models import BackgroundTask, BlockFault
from customers.models import ComputedTrait, Quarantine, Segment
from journeys.models import Delivery, Enrollment, Journey, Lane, Sender

# What is older was seen by somebody, or nobody will.
LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that waits for a person: in words, and where it is mended."""

    words: str
    url: str


def troubles(*, user: Any, lake: Lake, at: datetime) -> list[Trouble]:
    """Return what waits for this person: nothing that they may not mend or see."""
    counted = _counted(at)
    found = [
        Trouble(words % {"n": counted[what]}, url)
        for what, right, words, url in _kinds(counted)
        if counted.get(what) and user.has_perm(right)
    ]
    if user.has_perm("journeys.view_journey"):
        found += _stuck()
    return found + [
        Trouble(one.words, reverse(one.url_name)) for one in health.worries(lake=lake, at=at)
    ]


def _counted(at: datetime) -> dict[str, int]:
    """Return how many of each there are: one question for all."""
    since = at - LATELY
    parts: dict[str, QuerySet[Any, Any]] = {
        "messages": Delivery.objects.filter(state=Delivery.State.FAILED, queued_at__gte=since),
        "senders": Sender.objects.filter(paused_until__gt=at),
        "segments": Segment.objects.filter(state=Segment.State.FAILED),
        "traits": ComputedTrait.objects.filter(state=ComputedTrait.State.FAILED),
        "rejected": Quarantine.objects.filter(received_at__gte=since),
        "tasks": BackgroundTask.objects.filter(state=BackgroundTask.State.FAILED),
        "blocks": BlockFault.objects.filter(last_at__gte=since),
    }
    first, *others = [_as_row(what, part) for what, part in parts.items()]
    return dict(first.union(*others, all=True))


def _as_row(what: str, found: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    named: QuerySet[Any, Any] = found.order_by().annotate(what=Value(what, CharField()))
    counted: QuerySet[Any, Any] = named.values("what").annotate(n=Count("pk"))
    return counted.values_list("what", "n")


def _kinds(n: dict[str, int]) -> Iterator[tuple[str, str, str, str]]:
    """Yield what is counted, the right to mend it, its words, and where."""
    failed = urlencode({"state": "FAILED"})
    yield (
        "messages", "journeys.view_delivery",
        ngettext("%(n)s message of the last seven days could not be sent",
                 "%(n)s messages of the last seven days could not be sent", n.get("messages", 0)),
        f"{reverse('journeys_deliveries:index')}?{failed}",
    )  # fmt: skip
    yield (
        "senders",
        "journeys.view_sender",
        ngettext("%(n)s sender is at rest", "%(n)s senders are at rest", n.get("senders", 0)),
        reverse("journeys_senders:index"),
    )
    yield (
        "segments", "customers.view_segment",
        ngettext("%(n)s segment is no longer kept up to date",
                 "%(n)s segments are no longer kept up to date", n.get("segments", 0)),
        f"{reverse('customers_segments:index')}?{failed}",
    )  # fmt: skip
    yield (
        "traits",
        "customers.view_computedtrait",
        ngettext("%(n)s computed trait failed", "%(n)s computed traits failed", n.get("traits", 0)),
        reverse("customers_computed:index"),
    )
    yield (
        "rejected", "customers.view_quarantine",
        ngettext("%(n)s event of the last seven days was rejected",
                 "%(n)s events of the last seven days were rejected", n.get("rejected", 0)),
        reverse("customers_rejected:index"),
    )  # fmt: skip
    yield (
        "tasks",
        "content.view_backgroundtask",
        ngettext("%(n)s background task failed", "%(n)s background tasks failed",
                 n.get("tasks", 0)),
        reverse("content_background:index"),
    )  # fmt: skip
    yield (
        "blocks", "content.view_blockfault",
        ngettext("%(n)s block of a page could not be shown",
                 "%(n)s blocks of pages could not be shown", n.get("blocks", 0)),
        reverse("content_faults"),
    )  # fmt: skip


def _stuck() -> list[Trouble]:
    """Return the journeys on which people stand who can't go on."""
    failed = Enrollment.objects.filter(ended_at=None, lane=Lane.FAILED).order_by()
    counts: dict[int, int] = dict(failed.values_list("journey").annotate(Count("pk")))
    if not counts:
        return []
    return [
        Trouble(
            ngettext(
                "%(n)s person is stuck on the journey “%(journey)s”",
                "%(n)s people are stuck on the journey “%(journey)s”",
                counts[journey.pk],
            )
            % {"n": counts[journey.pk], "journey": journey.name},
            f"{reverse('journeys_journeys:people', args=[journey.pk])}?show=failed",
        )
        for journey in Journey.objects.filter(pk__in=list(counts))
    ]
