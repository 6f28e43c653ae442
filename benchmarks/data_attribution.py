"""Real customer paths: what first, last and linear touch are credited with, to the last digit."""

from __future__ import annotations

import csv
import gzip
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from analytics import collect, query
from analytics.collect import Lake
from analytics.measures import attribution
from analytics.measures.touches import Touches
from analytics.measures.where import Act
from benchmarks import _rows

START = datetime(2024, 1, 1, tzinfo=UTC)
END = START + timedelta(days=31)
LIMIT = 30
# Values have more digits than amounts, so that they are told in ten-thousandths.
UNIT = 10_000
CENT = Decimal("0.0001")
ASKED: dict[str, Any] = {
    "conversion": Act("Converted"),
    "by": Touches("property:channel", Act("Touched")),
    "within_days": LIMIT,
}


def run(folder: Path) -> dict[str, Any]:
    """Write each path as often as it was gone, seal it, and return what each channel gets."""
    written = _rows.write(events(folder), received_at=END)
    with tempfile.TemporaryDirectory() as place:
        lake = Lake(Path(place))
        collect.seal(lake=lake, at=END)
        figures = {"events": written, **told(lake)}
    for name, value in figures.items():
        print(f"{name:<28} {value}")
    return figures


def told(lake: Lake) -> dict[str, Any]:
    """Return conversions and values by channel, rounded as the set's description is."""
    rows = query.ask(attribution.credit, lake=lake, at=END, start=START, end=END, **ASKED).records()
    return {
        "conversions": round(sum(row["last"] for row in rows)),
        "value": round(sum(row["last_worth"] for row in rows) / UNIT, 4),
        **{
            row["touch"]: [round(row["first"]), round(row["last"]), round(row["linear"], 4)]
            for row in rows
        },
        "linear_values": {row["touch"]: round(row["linear_worth"] / UNIT, 4) for row in rows},
    }


def events(folder: Path) -> Iterator[_rows.Told]:
    """Yield each path's touches, an hour apart, and the conversion after them, person by person."""
    person = 0
    for file in sorted(folder.glob("*.csv.gz")):
        with gzip.open(file, "rt", newline="") as lines:
            for row in csv.DictReader(lines, delimiter=";"):
                path = row["path"].split(" > ")
                won, lost = int(row["total_conversions"]), int(row["total_null"])
                worth = _shares(Decimal(row["total_conversion_value"]) * UNIT, won)
                for amount in [*worth, *[None] * lost]:
                    person += 1
                    yield from _journey(person, path, amount)


def _journey(person: int, path: list[str], amount: Decimal | None) -> Iterator[_rows.Told]:
    # The longest paths are some hundred touches: all within the days that count.
    step = min(timedelta(hours=1), timedelta(days=LIMIT - 1) / len(path))
    for i, channel in enumerate(path):
        yield person, START + step * i, "Touched", {"channel": channel}
    if amount is not None:
        yield person, START + step * len(path), "Converted", {"revenue": float(amount)}


def _shares(value: Decimal, parts: int) -> list[Decimal]:
    """Return a value in so many parts that add up to it."""
    if not parts:
        return []
    each = (value / parts).quantize(CENT)
    return [value.quantize(CENT) - each * (parts - 1), *[each] * (parts - 1)]
