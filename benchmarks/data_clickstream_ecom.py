"""A shop's clickstream through collection, fold, lake and reports: its known counts."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from analytics import collect, query
from analytics.collect import Lake
from analytics.measures import funnels, names, traffic
from benchmarks import _ecom_returns
from customers import fold, ingest
from customers.management import history
from customers.models import Source
from dxp.lib import clock

STEPS = ["product_view", "add_to_cart", "cart", "shipping_details", "payment_details", "purchase"]
WINDOW: dict[str, Any] = {
    "start": datetime(1990, 1, 1, tzinfo=UTC),
    "end": datetime(2200, 1, 1, tzinfo=UTC),
}
BATCH = 500


def run(folder: Path) -> dict[str, Any]:
    """Load the set's files, seal half-way, and return what the reports say about it."""
    load(folder, name="clickstream_ecom", limit=9000)
    with tempfile.TemporaryDirectory() as lake:
        collect.seal(lake=Lake(Path(lake)), at=clock.now())
        # The rest stays in the tail, and the first part is sent once more.
        load(folder, name="clickstream_ecom")
        figures = told(Lake(Path(lake)))
    for name, value in figures.items():
        print(f"{name:<28} {value}")
    return figures


def load(folder: Path, *, name: str, limit: int | None = None) -> None:
    """Collect and fold the set's events, as a source of that name sent them."""
    source, _new = Source.objects.get_or_create(name=name)
    for file in sorted(folder.glob("*.csv.gz")):
        calls = islice(history.read(file), limit)
        while batch := [_event(call) for call in islice(calls, BATCH)]:
            ingest.accept(source=source, events=batch, at=clock.now())
    fold.drain(at=clock.now())


def told(lake: Lake) -> dict[str, Any]:
    """Return the figures that the data set's description knows, through the reports' door."""
    at = clock.now()

    def ask(measure: Any, **asked: Any) -> query.Table:
        return query.ask(measure, lake=lake, at=at, **WINDOW, **asked)

    def funnel(by: str) -> list[int]:
        return [row[1] for row in ask(funnels.funnel, steps=STEPS, by=by).rows]

    def converted(split: str) -> dict[str, list[int]]:
        # Of the sessions of each channel or platform, those with a purchase.
        asked = {"steps": ["", "purchase"], "by": "property:session_id", "split": split}
        found: dict[str, list[int]] = {}
        for row in ask(funnels.funnel, **asked).rows:
            found.setdefault(row[6], []).append(row[1])
        return dict(sorted(found.items()))

    users, visits, _views, _bounces = ask(traffic.totals, basis="events").rows[0]
    counted = {name: (events, people) for name, events, people in ask(names.seen).rows}
    return {
        "events": sum(events for events, _people in counted.values()),
        "users": users,
        "visits": visits,
        "purchases": counted.get("purchase", (0, 0))[0],
        "buyers": counted.get("purchase", (0, 0))[1],
        "funnel_users": funnel("people"),
        "funnel_sessions": funnel("property:session_id"),
        "funnel_visits": funnel("visits"),
        "conversion_by_channel": converted("property:acquisition_channel"),
        "conversion_by_platform": converted("property:platform"),
        **_ecom_returns.told(
            lambda measure, asked: query.ask(measure, lake=lake, at=at, **asked).rows
        ),
    }


def _event(call: history.Call) -> dict[str, Any]:
    said = call.arguments
    moment = call.at.isoformat() if call.at else None
    return {
        "type": call.method,
        "event": said.get("event"),
        "userId": said.get("user_id"),
        "properties": said["properties"],
        "timestamp": moment,
        "messageId": said["message_id"],
    }
