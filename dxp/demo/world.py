"""Builds the demo world through the verbs that real data takes; a second run changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from wagtail.models import Locale

from content.models import ArticlePage, ProductPage
from customers import consent, fold, ingest, segment
from customers.models import ConsentEntry, ContactPoint, Segment, Source
from dxp.demo import (
    asked,
    desk,
    forms,
    journey,
    letters,
    library,
    people,
    personas,
    pieces,
    site,
    terms,
)


def often(name: str, value: int, window: Any) -> dict[str, Any]:
    """Return the condition that a person did something so many times or more."""
    return {
        "op": "event",
        "name": name,
        "metric": "count",
        "window": window,
        "cmp": "gte",
        "value": value,
    }


MONTH = {"last": [30, "days"]}
SEGMENTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "new-subscribers": (
        "New subscribers",
        "Signed up within the last thirty days.",
        often("Signed Up", 1, MONTH),
    ),
    "engaged-readers": (
        "Engaged readers",
        "Read three articles or more within the last thirty days.",
        often("Article Viewed", 3, MONTH),
    ),
    "fund-curious": (
        "Curious about products",
        "Looked at products twice or more, and has not signed up.",
        {
            "op": "and",
            "of": [
                often("Product Viewed", 2, MONTH),
                {"op": "not", "of": often("Signed Up", 1, "all")},
            ],
        },
    ),
    "savers": ("Savers", "Opened a savings plan.", often("Savings Plan Opened", 1, "all")),
}


def build(*, at: datetime, say: Callable[[str], object]) -> None:
    """Load whatever of the demo world is missing."""
    # Whoever tries the demo with an automated browser wants to see it work.
    source, _ = Source.objects.get_or_create(
        name="Website", defaults={"kind": Source.Kind.BROWSER, "takes_bots": True}
    )
    for slug, (name, description, root) in SEGMENTS.items():
        if not Segment.objects.filter(slug=slug).exists():
            segment.create(
                name=name, slug=slug, description=description, rule={"v": 1, "root": root}, at=at
            )
    library.build()
    site.build_site(at)
    forms.build()
    personas.build()
    pieces.build()
    terms.build(at=at)
    desk.build(at=at)
    # The first run's midnight, so that a later run repeats the same events, which are then dropped.
    start = source.created_at.replace(hour=0, minute=0, second=0, microsecond=0)
    start -= timedelta(days=people.DAYS)
    if not _people_are_loaded():
        say("Loading the demo world: 500 people, 30 days …")
        _behave(source, start, journey.letter(at=at))
        _permit(at)
    forms.answered(source=source, at=at)
    journey.build(at=at)
    asked.build(first_day=start, at=at)


def _people_are_loaded() -> bool:
    # Consents are the last step: a run killed before it is repeated, and drops what it has.
    return ConsentEntry.objects.filter(method="demo").exists()


def _behave(source: Source, start: datetime, letter: int) -> None:
    places = [
        people.Place(kind, page.url, page.title, *page.tracked())
        for kind, model in (("article", ArticlePage), ("product", ProductPage))
        for page in model.objects.live().filter(locale=Locale.get_default()).order_by("pk")
    ]
    places.append(people.Place("home", "/", "Alder & Finch", "", {}))
    readers: list[str] = []
    for midnight, events in people.history(places, start):
        morning = midnight - timedelta(hours=15)
        if morning.weekday() == letters.THURSDAY:
            letters.send(message=letter, readers=readers, at=morning)
        for begin in range(0, len(events), 500):
            ingest.accept(source=source, events=events[begin : begin + 500], at=midnight)
        fold.drain(at=midnight)
        readers += [one["anonymousId"] for one in events if one["event"] == "Signed Up"]


def _permit(at: datetime) -> None:
    for point in ContactPoint.objects.filter(value__endswith="@example.com").order_by("pk"):
        consent.record(
            contact_point=point,
            purpose="marketing",
            channel="email",
            state="GRANTED" if point.pk % 8 else "WITHDRAWN",
            method="demo",
            at=at,
        )
